"""Runs that differ in γ alone -> what the γ explorer shows of every γ and logged epoch."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from binenc_core.config import RunConfig
from replication.figures.common import captions
from replication.figures.common.curves import SPLITS
from replication.figures.common.tables import select
from replication.runs.store import Run

METRICS = (
    "accuracy",
    "whole_code_agreement",
    "distinct_codes",
    "hamming_mean",
    "hamming_min",
    "gmm_score",
    "gmm_std",
    "peak_separation",
)
# The size of x: root mean square over the training points and the latent dimensions.
SIZE = "x_rms"


class Sweep(NamedTuple):
    """G values of γ, E logged epochs, P latent dimensions, C classes.

    `gammas`, `epochs`, `seeds`: in rising order; `shown_seed` is the one of the arrays, which have
    nan where its run was no longer finite. `table`: a line for each γ, seed, epoch and split, with
    the METRICS and, of the train split, SIZE. `stops`: a line for each diverged run with gamma,
    seed and diverged_epoch. `histograms` (G, E, P, bins): fractions of the training points in bins
    of equal width over HISTOGRAM_RANGE, of standardized values; `mean` and `std` (G, E, P) are what
    standardizing removed. `positive_fractions` (G, E, C, P): fraction of a class's training points
    with x > 0. `usual_gamma`: the γ at which the explorer opens.
    """

    gammas: list[float]
    epochs: list[int]
    seeds: list[int]
    shown_seed: int
    usual_gamma: float
    table: pd.DataFrame
    stops: pd.DataFrame
    histograms: NDArray
    mean: NDArray
    std: NDArray
    positive_fractions: NDArray
    setting: str

    @property
    def classes(self) -> int:
        """C."""
        return self.positive_fractions.shape[2]


def data(runs: Sequence[Run]) -> Sweep:
    """What the explorer shows of binary-encoding runs on one dataset with every γ and seed.

    Raises ValueError where there is no run, where one γ and seed has two, where the runs differ in
    more than γ and seed, and where none of the shown seed has been evaluated.
    """
    by_place = _by_place(runs)
    gammas = sorted({gamma for gamma, _ in by_place})
    seeds = sorted({seed for _, seed in by_place})
    epochs = sorted({int(e) for run in runs for e in run.history["epoch"]})
    seed = seeds[0]
    arrays = {
        (gamma, e): {name: values[place] for name, values in stored.items()}
        for gamma in gammas
        if (run := by_place.get((gamma, seed))) is not None
        for stored in [_evaluated(run.arrays())]
        for place, e in enumerate(stored.get("epochs", ()))
    }
    if not arrays:
        raise ValueError(f"no run of seed {seed} has been evaluated; the explorer needs one")

    def stacked(name: str) -> NDArray:
        first = next(iter(arrays.values()))[name]
        none = np.full(first.shape, np.nan)
        return np.array([[arrays.get((g, e), {}).get(name, none) for e in epochs] for g in gammas])

    counts = stacked("latent_histogram")
    stops = [
        (gamma, own, run.info["diverged_epoch"])
        for (gamma, own), run in sorted(by_place.items())
        if run.info["diverged_epoch"] is not None
    ]
    return Sweep(
        gammas=gammas,
        epochs=epochs,
        seeds=seeds,
        shown_seed=seed,
        usual_gamma=min(gammas, key=lambda gamma: abs(gamma - RunConfig.gamma)),
        table=pd.concat([_table(run) for _, run in sorted(by_place.items())], ignore_index=True),
        stops=pd.DataFrame(stops, columns=["gamma", "seed", "diverged_epoch"]),
        histograms=counts / counts.sum(axis=-1, keepdims=True),
        mean=stacked("latent_mean"),
        std=stacked("latent_std"),
        positive_fractions=stacked("positive_fractions"),
        setting=captions.setting([run for _, run in sorted(by_place.items())]),
    )


def _by_place(runs: Sequence[Run]) -> dict[tuple[float, int], Run]:
    """The runs by γ and seed."""
    if not runs:
        raise ValueError("there is no run to explore; allowed: one or more")
    by_place = {(run.config.gamma, run.config.seed): run for run in runs}
    if len(by_place) < len(runs):
        raise ValueError("two runs have the same γ and seed; allowed: one of each")
    if len({run.config.change(gamma=0, seed=0) for run in runs}) > 1:
        raise ValueError("the runs of an explorer may differ only in γ and seed")
    if runs[0].config.head != "binary":
        raise ValueError(f"head is {runs[0].config.head!r}; allowed in an explorer: binary")
    return by_place


_ARRAYS = ("epochs", "latent_histogram", "latent_mean", "latent_std", "positive_fractions")


def _evaluated(stored: dict[str, NDArray]) -> dict[str, NDArray]:
    """The arrays that the explorer shows; none of a run that was never evaluated."""
    return {name: stored[name] for name in _ARRAYS} if len(stored.get("epochs", ())) else {}


def _table(run: Run) -> pd.DataFrame:
    own = run.history[["epoch", "split", *METRICS]] if len(run.history) else pd.DataFrame()
    stored = _evaluated(run.arrays())
    if own.empty or not stored:
        return pd.DataFrame(columns=["gamma", "seed", "epoch", "split", *METRICS, SIZE])
    squares = stored["latent_mean"].astype(float) ** 2 + stored["latent_std"].astype(float) ** 2
    size = dict(zip(stored["epochs"], np.sqrt(squares.mean(axis=1)), strict=True))
    on_train = own["split"] == SPLITS[0]
    return own.assign(
        gamma=run.config.gamma,
        seed=run.config.seed,
        **{SIZE: own["epoch"].map(size).where(on_train)},
    )[["gamma", "seed", "epoch", "split", *METRICS, SIZE]]


def at(sweep: Sweep, gamma: float, epoch: int, split: str) -> pd.DataFrame:
    """The lines of the table at a γ and epoch: one for each seed (index) that got there."""
    return select(sweep.table, gamma=gamma, epoch=epoch, split=split).set_index("seed")
