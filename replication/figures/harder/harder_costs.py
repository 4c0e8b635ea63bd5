"""What the campaigns on the harder datasets would cost, from measured times of a step."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from binenc_core.config import RunConfig
from replication.base import markdown
from replication.base.progress import duration
from replication.campaigns import grids
from replication.data.datasets import DATASETS
from replication.figures.common.style import BACKBONE_NAMES
from replication.runs import costs

# Sustained operations per second of a GPU, where none was measured: of an older card in single
# precision, and of a current one of a data center in mixed precision.
GPU_RATES = (5e12, 50e12)
# What launching the kernels of a step takes at least, s: a small network's operations take less.
LAUNCH_SECONDS = 1e-3


class Cost(NamedTuple):
    """A campaign: its runs, and what one takes, s, on a CPU and a GPU.

    `cpu`: in the faster precision on one thread; `gpu`: longest and shortest expected, or what was
    measured. None where no step was timed.
    """

    dataset: str
    configs: list[RunConfig]
    steps: pd.DataFrame
    cpu: float | None
    gpu: tuple[float, float] | None

    @property
    def measured_gpu(self) -> str | None:
        """Name of the GPU whose steps were timed."""
        own = self.steps[self.steps["device"] == "cuda"]
        return None if own.empty else own["processor"].iloc[0]


def data(datasets: Sequence[str]) -> list[Cost]:
    """The cost of each dataset's campaign in campaigns/."""
    steps = costs.read()
    steps = steps[(steps["threads"] == 1) | (steps["device"] != "cpu")]
    return [_cost(name, steps[steps["dataset"] == name]) for name in datasets]


def _cost(dataset: str, steps: pd.DataFrame) -> Cost:
    configs = grids.read(dataset).configs
    cpu, gpu = None, None
    # Of several machines the fastest.
    steps = steps.sort_values("step_seconds").drop_duplicates(["device", "precision"])
    on_cpu, on_gpu = (steps[steps["device"] == device] for device in ("cpu", "cuda"))
    if len(on_cpu):
        cpu = _mean_seconds(configs, on_cpu["step_seconds"].min())
    if len(on_gpu):
        gpu = (_mean_seconds(configs, on_gpu["step_seconds"].min()),) * 2
    elif len(steps):
        each = [max(steps["operations"].max() / rate, LAUNCH_SECONDS) for rate in GPU_RATES]
        gpu = tuple(_mean_seconds(configs, seconds) for seconds in each)
    return Cost(dataset, configs, steps, cpu, gpu)


def _mean_seconds(configs: Sequence[RunConfig], step_seconds: float) -> float:
    return sum(costs.run_seconds(config, step_seconds) for config in configs) / len(configs)


def table(found: Sequence[Cost]) -> str:
    """A Markdown table with a column for each campaign."""
    columns = [_column(cost) for cost in found]
    rows = [[name, *(own[name] for own in columns)] for name in columns[0]]
    return markdown.table(["Campaign", *(DATASETS[cost.dataset].title for cost in found)], rows)


def _column(cost: Cost) -> dict[str, str]:
    """What the table says of a campaign, by the line's name."""
    config, steps, size = cost.configs[0], cost.steps, DATASETS[cost.dataset]
    return {
        "Training images": f"{size.train_images:,} of {size.side}² pixels",
        "Network": BACKBONE_NAMES[config.backbone],
        "Weights": f"{steps['parameters'].iloc[0] / 1e6:.1f} million" if len(steps) else "–",
        "P": str(config.latent_dim),
        "Epochs": str(config.epochs),
        "Runs": str(len(cost.configs)),
        "A step on one core": "<br>".join(
            f"{row.step_seconds:.2g} s ({row.precision})"
            for row in steps[steps["device"] == "cpu"].itertuples()
        )
        or "not measured",
        "A run on one core": "not measured" if cost.cpu is None else duration(cost.cpu),
        "A run on one GPU": _gpu(cost),
    }


def _gpu(cost: Cost) -> str:
    if cost.gpu is None:
        return "not measured"
    slow, fast = map(duration, cost.gpu)
    if cost.measured_gpu:
        return f"{fast} (measured on {cost.measured_gpu})"
    return f"{fast} (estimate)" if fast == slow else f"{fast} to {slow} (estimate)"


def note(found: Sequence[Cost]) -> str:
    """How the table was worked out, as Markdown."""
    steps = pd.concat([cost.steps for cost in found])
    if steps.empty:
        return "No step was timed: `python -m replication costs` does, and the table fills."
    own = steps[steps["device"] == "cpu"]
    where = " and ".join(sorted(set(own["processor"]))) or "no CPU"
    low, high = (f"{rate / 1e12:g}·10¹²" for rate in GPU_RATES)
    return (
        f"A run is its epochs times the steps of an epoch times the time of a step, with "
        f"evaluations as a third of an epoch each. Steps were timed on one thread of {where}; a "
        f"run on one core takes the faster precision. Where no GPU was timed, its range divides "
        f"the operations of a step by {high} and {low} a second, what a current card of a data "
        f"center and an older one may sustain, and a step takes {1000 * LAUNCH_SECONDS:g} ms at "
        f"least, for launching its kernels: assumptions, not measurements. On a machine with "
        f"a GPU `.venv/bin/python -m replication costs --device cuda` replaces it by measured "
        f"times."
    )
