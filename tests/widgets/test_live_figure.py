import comm
import plotly.graph_objects as go
import pytest

from replication.widgets.live_figure import LiveFigure


@pytest.fixture
def opened(monkeypatch):
    """The states with which figures have opened their connections."""
    states, create = [], comm.create_comm

    def noted(**how):
        if "_widget_data" in how["data"]["state"]:
            states.append(how["data"]["state"])
        return create(**how)

    monkeypatch.setattr(comm, "create_comm", noted)
    return states


def test_it_opens_once_with_its_traces_its_layout_and_its_toolbar(opened):
    figure = LiveFigure(
        go.Figure(go.Scatter(y=[3, 1, 2], name="some"), {"height": 300}),
        {"showSendToCloud": False},
    )
    (state,) = opened
    assert [trace["name"] for trace in state["_widget_data"]] == ["some"]
    assert state["_widget_layout"]["height"] == 300
    assert state["_config"]["showSendToCloud"] is False
    assert figure.comm is not None


def test_it_is_a_copy_that_changes_on_its_own():
    drawn = go.Figure(go.Scatter(name="some"))
    LiveFigure(drawn).data[0].name = "other"
    assert drawn.data[0].name == "some"
