"""What a panel does, without widgets: look up, train, stop, compare."""

from importlib.util import find_spec

from binenc_core.config import RunConfig
from replication.base.progress import Progress, duration
from replication.runs import trainer
from replication.widgets.shown import Shown, finished, same_training, unfinished
from replication.widgets.worker import WORKER, Worker

MOST_KEPT = 4
NO_TORCH = (
    "PyTorch is not installed, so that the panel shows only runs on disk; "
    "to train: pip install -r requirements.txt"
)


class Controller:
    """The state of a panel.

    `now`: the run in view. `kept`: those it is compared with. `message`: what to tell the reader,
    in one line. `progress`: how far what is in training is, None where nothing is.
    """

    def __init__(self, worker: Worker = WORKER):
        self.worker = worker
        self.now: Shown | None = None
        self.kept: list[Shown] = []
        self.message = ""
        self.progress: Progress | None = None
        self._followed: RunConfig | None = None
        self._before: Progress | None = None
        self._begun: Progress | None = None
        self._version: tuple[int, int] | None = None

    @property
    def training(self) -> RunConfig | None:
        """What is in training in this kernel."""
        return self.worker.config

    @property
    def runs(self) -> list[Shown]:
        """The runs to draw: those kept, and the one in view in its place among or behind them."""
        now = self.now
        if now is None:
            return self.kept
        runs = [now if same_training(run.config, now.config) else run for run in self.kept]
        return runs if any(run is now for run in runs) else [*runs, now]

    def look_up(self, config: RunConfig) -> bool:
        """Bring a run into view if it is on disk, and tell where; whether it is whole."""
        try:
            found = finished(config)
        except RuntimeError as error:  # damaged files
            self.message = str(error)
            return False
        if found:
            self.now, self.message = found, f"Trained before: {_place(found)}"
            return True
        if found := unfinished(config):
            self.now = found
            next_step = f"Train goes on from epoch {found.epochs}."
            self.message = (
                f"{config.label} ({config.id}) is trained for {found.epochs} of {config.epochs} "
                f"epochs. {next_step if _can_train() else NO_TORCH}"
            )
            return False
        next_step = "Train begins it." if _can_train() else NO_TORCH
        self.message = f"{config.label} ({config.id}) has no logged epoch yet. {next_step}"
        return False

    def train(self, config: RunConfig, device: str = "auto") -> None:
        """Begin to train a run, from its last checkpoint on; one that is on disk comes into view.

        Raises ValueError for what is no name of a device.
        """
        trainer.check_device(device)
        if self.training:
            self.message = f"{self.training.label} is in training; stop it first."
        elif not self.look_up(config) and _can_train():
            # What a killed process left is no news of this training.
            self._before, self._begun = trainer.progress_of(config), None
            self.worker.start(config, device)
            self.message = f"{config.label} ({config.id}): the process that trains it starts …"

    def poll(self) -> bool:
        """Bring what is in training into view as far as it is; whether it goes on."""
        config, before = self.training, self._followed
        self._followed = config
        if before and before is not config:  # another panel has seen its end
            self.look_up(before)
        if config is None:
            return False
        if self.worker.ended():
            self._end(config, self.worker.collect())
            return False
        self._look_at_checkpoint(config)
        progress = trainer.progress_of(config)
        if progress and progress != self._before:
            self._begun, self.progress = self._begun or progress, progress
            self.message = _advance(config, self._begun, progress)
        return True

    def _end(self, config: RunConfig, failure: str | None) -> None:
        self._followed = self.progress = None
        if self.look_up(config):
            self.message = f"Trained: {_place(self.now)}"
        else:
            busy = f"another process is training {config.label}; Train again when it has ended"
            self.message = f"{failure or busy}."

    def _look_at_checkpoint(self, config: RunConfig) -> None:
        """Read the checkpoint where it is another than the last one read."""
        try:
            stat = trainer.checkpoint_of(config).stat()
        except OSError:  # none yet, or none that can be read
            return
        version = (stat.st_mtime_ns, stat.st_ino)
        if version != self._version and (found := unfinished(config)):
            self.now, self._version = found, version

    def stop(self) -> None:
        """End the training at once; it stays as far as its last checkpoint."""
        config, self._followed, self.progress = self.training, None, None
        if config is None:
            return
        self.worker.stop()
        if not self.look_up(config):  # else it had just ended
            self.message = f"Stopped. {self.message}"

    def compare(self) -> None:
        """Keep the run in view, to be drawn beside those that follow; the oldest gives way."""
        self.kept = self.runs[-MOST_KEPT:]

    def clear(self) -> None:
        """Keep no run any more."""
        self.kept = []


def _can_train() -> bool:
    # PyTorch is only looked for: an import would hold up the kernel, which has no other use for it.
    return find_spec("torch") is not None


def _place(found: Shown) -> str:
    """Where a whole run is, and whether it diverged."""
    text = f"{found.config.label} ({found.run.id}) is in {found.run.place}."
    epoch = found.run.info["diverged_epoch"]
    return text if epoch is None else f"{text} Its loss was not finite in epoch {epoch}."


def _advance(config: RunConfig, begun: Progress, progress: Progress) -> str:
    """How far a training is, and where it began."""
    start = f" goes on from epoch {begun.done}" if begun.done else ""
    return (
        f"{config.label} ({config.id}){start}: {progress.done} of {progress.epochs} epochs done, "
        f"about {duration(progress.seconds_left)} left."
    )
