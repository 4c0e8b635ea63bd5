"""A run's measure over its logged epochs, and the numbers that stand for its end."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from binenc_core.metrics.names import column
from replication.runs.store import Run

# The end value is the mean over the logged epochs from here on, as a part of the last epoch.
WINDOW = 0.8


class Series(NamedTuple):
    """A run's measure over its logged epochs: both (E,), the values of a log measure as logs."""

    epochs: NDArray
    values: NDArray

    @property
    def window(self) -> NDArray:
        """The values from WINDOW on."""
        return self.values[self.epochs >= WINDOW * self.epochs[-1]]


def measured(run: Run, measure: str, split: str, log: bool = False) -> Series | None:
    """A measure of a run, by its protocol's definition; None where it was not recorded.

    Raises ValueError where the logarithm of a value ≤ 0 is asked.
    """
    name = column(measure, run.config.metrics)
    rows = run.history[run.history["split"] == split]
    if name not in rows or rows[name].isna().any() or rows.empty:
        return None
    values = rows[name].to_numpy(float)
    if log and not (values > 0).all():
        raise ValueError(f"{name} of run {run.id} has no logarithm; allowed: values > 0")
    return Series(rows["epoch"].to_numpy(), np.log(values) if log else values)


def end(own: Series, log: bool = False) -> float:
    """The mean over the window; of logs the log of the mean."""
    return float(np.log(np.exp(own.window).mean()) if log else own.window.mean())


def end_value(run: Run, measure: str, split: str = "train") -> float:
    """A measure's end value; nan where it was not recorded or the run diverged."""
    own = measured(run, measure, split)
    diverged = run.info["diverged_epoch"] is not None
    return np.nan if own is None or diverged else end(own)


def change(own: Series, log: bool = False) -> float:
    """The end value less the first logged one."""
    return end(own, log) - float(own.values[0])


def drift(own: Series) -> float:
    """The last value of the window less its first."""
    return float(own.window[-1] - own.window[0])


def before_switch(run: Run, own: Series) -> float:
    """The last value that was logged before the optimizer's switch."""
    return float(own.values[own.epochs < run.config.switch_epoch][-1])
