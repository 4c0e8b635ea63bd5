"""A Plotly figure of a live kernel that is whole from the first moment on, and tells when drawn."""

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
from traitlets import observe


class LiveFigure(go.FigureWidget):
    """A copy of a figure; further changes of it are shown where it is on display.

    A FigureWidget opens its connection before it has its traces and layout, which follow as
    changes. A front end that is asked to display it by the same cell draws it before they come, and
    then has no traces for later changes. This one opens when it has them.
    """

    def __init__(self, figure: go.Figure, config: dict[str, Any] | None = None):
        self._whole = False
        self._waiting: Callable[[], None] | None = None
        super().__init__(figure)
        # Plotly has no public name for the options of its toolbar here.
        self._config = {**self._config, **(config or {})}
        self._whole = True
        self.open()

    def open(self) -> None:
        """Connect to the front end, once there is something to show."""
        if self._whole:
            super().open()

    def when_drawn(self, act: Callable[[], None]) -> None:
        """Act once the front end has drawn what it was sent; only the last one asked for acts."""
        self._waiting = act
        self._act()

    def _act(self) -> None:
        if self._waiting and not self._trace_edit_in_process:
            act, self._waiting = self._waiting, None
            act()

    @observe("_js2py_traceDeltas")
    def _handler_js2py_traceDeltas(self, change: Any) -> None:
        """Take the front end's answer to a change, in the place of Plotly's method.

        That one compares what the front end has filled in, and fails where it finds arrays. And
        its `on_edits_completed` also waits for an answer about the layout, which the front end
        gives under a name that is not listened to.
        """
        answer = change.new
        if answer and answer["trace_edit_id"] == self._last_trace_edit_id:
            self._trace_edit_in_process = False
            self._act()
