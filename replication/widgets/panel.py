"""The panel that a reader sees: entries, buttons, a line of text and the figure."""

import asyncio
import html
from collections.abc import Callable
from typing import Any

from ipywidgets import (
    HTML,
    Box,
    Button,
    Dropdown,
    IntProgress,
    IntSlider,
    IntText,
    Layout,
    VBox,
    Widget,
)

from binenc_core.config import DEVICES, HEADS
from replication.data.datasets import DATASETS
from replication.data.recipes import PROTOCOLS
from replication.figures.common import captions
from replication.figures.common.style import HEAD_STYLES, PROTOCOL_NAMES
from replication.widgets import drawing
from replication.widgets.controller import Controller
from replication.widgets.gamma import GammaEntry
from replication.widgets.live_figure import LiveFigure
from replication.widgets.shown import asked

POLL_SECONDS = 0.2
# The entries beside γ that are fields of RunConfig, and those of which each dataset has its own.
NUMBERS = {"latent_dim": "P", "seed": "seed", "epochs": "epochs"}
OF_DATASET = ("latent_dim", "epochs")
# Of the last layer, as the trainer in the book's pages offers them.
CLASSIFIER_OPTIMIZERS = {"adam": "Adam", "sgd": "SGD", "signsgd": "signSGD"}
NARROW, WIDE = Layout(width="190px"), Layout(width="auto")
ROW = Layout(display="flex", flex_flow="row wrap", align_items="center")
# Without the button that uploads the figure.
TOOLBAR = {"showSendToCloud": False, "responsive": True}
# JupyterLab's own colors, of its light and of its dark theme. On a narrow
# screen entries shrink, and the figure scrolls.
STYLE = """<style>
.binenc-panel .js-plotly-plot text { fill: var(--jp-ui-font-color1, #767676) !important; }
.binenc-panel .widget-inline-hbox { max-width: calc(100% - 4px); }
.binenc-panel .js-plotly-plot { min-width: 600px; }
.binenc-panel .binenc-note { color: var(--jp-ui-font-color1, inherit); line-height: 1.4; }
</style>"""


def gamma_panel(
    dataset: str = "digits",
    head: str = "binary",
    protocol: str = "described",
    device: str = "auto",
    **changes: Any,
) -> "GammaPanel":
    """A panel to turn γ in a live Jupyter, and to watch the code emerge while a network trains.

    The arguments are what it begins with. `changes` are fields of RunConfig: those with an entry,
    as `classifier_optimizer="sgd"`, begin with these values, the others keep them. Where nothing
    else is asked, a training is as in the campaign frozen under the dataset's name, or in the
    dataset's recipe. Raises ValueError for an unknown name and a value out of range.
    """
    return GammaPanel(dataset, head, protocol, device, changes)


class GammaPanel(VBox):
    """The widgets, of which `entries` has those that choose the run, by name; see `gamma_panel`."""

    def __init__(
        self, dataset: str, head: str, protocol: str, device: str, changes: dict[str, Any]
    ):
        config = asked(dataset, head, protocol, **changes)
        self.controller = Controller()
        self._task: asyncio.Task | None = None
        self._drawn: tuple = ()
        self._fixed = {
            name: value
            for name, value in changes.items()
            if name not in {"gamma", "classifier_optimizer", *NUMBERS}
        }
        self.gamma = GammaEntry(asked(dataset, "binary", protocol, **changes).gamma)
        self.entries: dict[str, Widget] = {
            "dataset": _choice(
                "dataset", DATASETS, {d: info.title for d, info in DATASETS.items()}, dataset
            ),
            "head": _choice("head", HEADS, {h: look.name for h, look in HEAD_STYLES.items()}, head),
            "protocol": _choice("protocol", PROTOCOLS, PROTOCOL_NAMES, protocol),
            **{
                name: IntText(getattr(config, name), description=text, layout=NARROW)
                for name, text in NUMBERS.items()
            },
            "classifier_optimizer": _choice(
                "classifier by",
                dict.fromkeys([*CLASSIFIER_OPTIMIZERS, config.classifier_optimizer]),
                CLASSIFIER_OPTIMIZERS,
                config.classifier_optimizer,
            ),
            "device": _choice("device", DEVICES, {}, device),
        }
        self._make_controls()
        # What is shown first is part of the figure from the start, no change of it.
        self.figure = drawing.empty()
        self._find()
        self._draw()
        self.figure = LiveFigure(self.figure, TOOLBAR)
        super().__init__(self._rows())
        self.add_class("binenc-panel")
        self._refresh()
        self._listen()
        self._follow()

    def _make_controls(self) -> None:
        self.train = Button(description="Train", button_style="primary", icon="play")
        self.stop = Button(description="Stop", icon="stop")
        self.compare = Button(
            description="Compare", icon="plus", tooltip="keep these curves beside the next ones"
        )
        self.clear = Button(description="Clear", icon="trash", tooltip="keep no curves any more")
        self.dimension = IntSlider(
            max=0, description="dimension", tooltip="latent dimension of the histogram"
        )
        self.progress = IntProgress(description="epochs", layout=Layout(width="330px"))
        self.message, self.caption = HTML(layout=WIDE), HTML(layout=WIDE)

    def _rows(self) -> list[Widget]:
        """The panel from top to bottom."""
        buttons = [self.train, self.stop, self.compare, self.clear, self.dimension]
        return [
            HTML(STYLE, layout=Layout(display="none")),
            Box([*self.entries.values()], layout=ROW),
            Box([self.gamma.slider, self.gamma.exact], layout=ROW),
            Box(buttons, layout=ROW),
            self.progress,
            self.message,
            VBox([self.figure]),
            self.caption,
        ]

    def _listen(self) -> None:
        self.entries["dataset"].observe(self._dataset_chosen, "value")
        self.entries["protocol"].observe(self._protocol_chosen, "value")
        for entry in [*self.entries.values(), self.gamma.exact]:
            if entry is not self.entries["device"]:
                entry.observe(self._look_up, "value")
        self.dimension.observe(self._refresh, "value")
        self.train.on_click(self._train_clicked)
        self.stop.on_click(lambda button: self._do(self.controller.stop))
        self.compare.on_click(lambda button: self._do(self.controller.compare))
        self.clear.on_click(lambda button: self._do(self.controller.clear))

    def _dataset_chosen(self, change: Any) -> None:
        """Give the entries of which each dataset has its own their usual values."""
        usual = asked(change.new, "binary", self.entries["protocol"].value, **self._fixed)
        for name in OF_DATASET:
            self.entries[name].value = getattr(usual, name)

    def _protocol_chosen(self, change: Any) -> None:
        """Give γ the value that it begins with under the protocol."""
        usual = asked(self.entries["dataset"].value, "binary", change.new, **self._fixed)
        self.gamma.exact.value = usual.gamma

    def _asked(self):
        """The configuration that is entered, or None, with the reason as the message."""
        chosen = {name: entry.value for name, entry in self.entries.items() if name != "device"}
        try:
            return asked(**chosen, gamma=self.gamma.value, **self._fixed)
        except ValueError as error:
            self.controller.message = str(error)
            return None

    def _find(self) -> None:
        if not self.controller.training and (config := self._asked()):
            self.controller.look_up(config)

    def _look_up(self, change: Any = None) -> None:
        self._find()
        self._refresh()

    def _train_clicked(self, button: Button) -> None:
        if config := self._asked():
            self.controller.train(config, self.entries["device"].value)
        self._refresh()
        self._follow()

    def _do(self, act: Callable[[], None]) -> None:
        act()
        self._refresh()

    def _follow(self) -> None:
        """Look at the training from time to time; between two looks the kernel is free."""
        if self.controller.training and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._poll())

    async def _poll(self) -> None:
        while self.controller.poll():
            self._refresh()
            await asyncio.sleep(POLL_SECONDS)
        self._refresh()

    def _refresh(self, change: Any = None) -> None:
        """Show the controller's state."""
        busy = self.controller.training is not None
        for entry in [*self.entries.values(), self.gamma.slider, self.gamma.exact]:
            entry.disabled = busy
        if self.entries["head"].value != "binary":  # which alone has the penalty
            self.gamma.slider.disabled = self.gamma.exact.disabled = True
        self.train.disabled, self.stop.disabled = busy, not busy
        self.compare.disabled = busy or self.controller.now is None
        self.clear.disabled = not self.controller.kept
        self._show_progress()
        self.message.value = _note(self.controller.message, role="status")
        # It may take longer to draw than an epoch to train: the page would fall behind and hang.
        self.figure.when_drawn(self._draw)

    def _show_progress(self) -> None:
        """How many epochs are done of what is in training, or else of the run in view."""
        now, running = self.controller.now, self.controller.progress
        done, epochs = (running.done, running.epochs) if running else (0, 1)
        if now and not running:
            done, epochs = now.epochs, now.config.epochs
        self.progress.max, self.progress.value = epochs, done
        self.progress.bar_style = "success" if done == epochs else ""

    def _draw(self) -> None:
        runs, now = self.controller.runs, self.controller.now
        drawn = (*map(id, runs), id(now), self.dimension.value)
        if drawn == self._drawn[1:]:
            return
        self._drawn = (runs, *drawn)  # which are kept, so that no other run gets their id
        if now:
            self.dimension.max = now.config.latent_dim - 1
        drawing.draw(self.figure, runs, now, self.dimension.value)
        lines = zip(drawing.run_names(runs), runs, strict=True)
        self.caption.value = "".join(
            _note(f"{name}: {captions.setting([run.run])}") for name, run in lines
        )


def _choice(name: str, values, names: dict[str, str], value: str) -> Dropdown:
    options = [(names.get(value, value), value) for value in values]
    return Dropdown(options=options, value=value, description=name, layout=Layout(width="330px"))


def _note(text: str, role: str = "note") -> str:
    return f'<div class="binenc-note" role="{role}">{html.escape(text)}</div>'
