import comm
import plotly.graph_objects as go
import pytest

from replication.base.progress import Progress
from replication.data.recipes import recipe
from replication.runs.trainer import get_or_train
from replication.widgets import gamma_panel
from replication.widgets.gamma import GammaEntry
from replication.widgets.live_figure import LiveFigure
from replication.widgets.shown import asked

pytestmark = pytest.mark.usefixtures("own_root")
SMALL = {"width": 16, "latent_dim": 2, "epochs": 2}


def test_a_run_on_disk_is_drawn_at_once_and_kept_to_compare():
    for gamma in (1, 10):
        get_or_train(asked("digits", "binary", "described", **SMALL, gamma=gamma), "cpu", str)
    panel = gamma_panel(**SMALL)
    assert "application/vnd.jupyter.widget-view+json" in panel._repr_mimebundle_()
    assert "Trained before: digits binary seed 0" in panel.message.value
    assert len([trace for trace in panel.figure.data[:5] if trace.visible]) == 1
    panel.compare.click()
    panel.gamma.slider.value = 1.0
    drawn = [trace for trace in panel.figure.data[:5] if trace.visible]
    assert [trace.name for trace in drawn] == [
        "digits binary seed 0, gamma 10.0",
        "digits binary seed 0, gamma 1.0",
    ]
    assert len({(t.line.color, t.line.dash) for t in drawn}) == 2
    assert "γ = 1 (mean_exp)" in panel.caption.value


def test_a_protocol_begins_with_its_own_gamma():
    assert gamma_panel(protocol="later").gamma.value == recipe("digits", "later").gamma == 0.01
    panel = gamma_panel()
    panel.entries["protocol"].value = "later"
    assert panel.gamma.value == 0.01
    panel.entries["protocol"].value = "released"
    assert panel.gamma.value == 10


def test_the_optimizer_of_the_last_layer_is_an_entry_and_adam_changes_no_run():
    panel = gamma_panel(**SMALL)
    adam = panel._asked()
    assert adam == asked("digits", "binary", "described", **SMALL)
    panel.entries["classifier_optimizer"].value = "sgd"
    sgd = panel._asked()
    assert (sgd.classifier_optimizer, sgd.classifier_rate) == ("sgd", 10.0)
    assert adam.change(classifier_optimizer="sgd", classifier_rate=10.0) == sgd
    get_or_train(sgd, "cpu", str)
    panel.train.click()
    assert "classifier optimizer sgd instead of adam" in panel.caption.value
    assert gamma_panel(classifier_optimizer="lion")._asked().classifier_optimizer == "lion"
    with pytest.raises(ValueError, match="classifier_optimizer is 'foo'; allowed: adam, "):
        gamma_panel(classifier_optimizer="foo")


def test_the_bar_shows_how_much_of_a_run_is_trained():
    panel = gamma_panel(**SMALL)
    assert panel.progress.value == 0
    get_or_train(panel._asked(), "cpu", str)
    panel.train.click()
    assert (panel.progress.value, panel.progress.max) == (2, 2)
    panel.controller.progress = Progress(1, 40, 9.0)
    panel._refresh()
    assert (panel.progress.value, panel.progress.max) == (1, 40)


def test_a_bad_entry_is_told_and_nothing_is_started_or_uploaded():
    panel = gamma_panel(**SMALL)
    panel.gamma.exact.value = -1
    panel.train.click()
    assert "gamma is -1.0; allowed: a number ≥ 0" in panel.message.value
    assert panel.controller.training is None
    assert panel.figure._config["showSendToCloud"] is False


def test_while_the_browser_draws_only_what_is_last_waits_for_it():
    for seed in range(4):
        get_or_train(asked("digits", "binary", "described", **SMALL, seed=seed), "cpu", str)
    panel = gamma_panel(**SMALL)

    def shown() -> str:
        return panel.figure.data[0].name

    names = []
    for seed in (1, 2, 3):
        panel.entries["seed"].value = seed
        names.append(shown())
    browser_has_drawn(panel.figure)
    assert [*names, shown()] == [f"digits binary seed {seed}" for seed in (1, 1, 1, 3)]


def browser_has_drawn(figure) -> None:
    """The answer of a browser to what it was sent last."""
    figure._js2py_traceDeltas = {
        "trace_deltas": [{"uid": trace.uid, "x": [0, 1]} for trace in figure.data],
        "trace_edit_id": figure._last_trace_edit_id,
    }


# ---- The entry of γ -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entered", "shown"),
    [(0, 0), (10, 10), (7.5, 10), (7, 5), (0.012, 0.01), (5e4, 1000), (1e-9, 0), (-1, 0)],
)
def test_the_slider_goes_to_the_nearest_value_and_the_entry_keeps_its_own(entered, shown):
    gamma = GammaEntry(2.0)
    gamma.exact.value = entered
    assert (gamma.value, gamma.slider.value) == (entered, shown)


def test_the_entry_takes_the_value_of_the_slider_once():
    gamma, told = GammaEntry(7.5), []
    gamma.exact.observe(lambda change: told.append(change.new), "value")
    gamma.slider.value = 30
    assert (gamma.value, gamma.slider.value, told) == (30, 30, [30])


# ---- The figure ---------------------------------------------------------------------------------


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
