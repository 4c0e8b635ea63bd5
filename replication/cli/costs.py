"""costs: time a training step on the harder datasets, for the estimates of the book."""

import argparse

from binenc_core.config import PRECISIONS
from replication.campaigns import grids
from replication.cli.options import Work, add_command, add_where_options
from replication.data.datasets import HARDER_DATASETS
from replication.runs import costs, pytorch


def add(commands) -> None:
    """Add the command to a parser."""
    parser = add_command(
        commands,
        "costs",
        "time a training step on the harder datasets",
        _prepare,
        f"Time a training step of the campaigns {', '.join(HARDER_DATASETS)}, and keep the times "
        "in results/costs, from which the book estimates what the campaigns cost.",
    )
    add_where_options(parser, threads=1)


def _prepare(arguments: argparse.Namespace) -> Work:
    pytorch.check()
    import torch

    from replication.base.devices import resolve_device
    from replication.runs.timing import measured

    device = resolve_device(arguments.device)

    def work() -> int:
        torch.set_num_threads(arguments.threads)
        for dataset in HARDER_DATASETS:
            for precision in PRECISIONS:
                config = grids.read(dataset).configs[0].change(precision=precision)
                row = measured(config, device)
                costs.add([row])  # at once: a larger network may not fit into the memory
                print(f"{dataset}, {precision}: {row['step_seconds']:.3g} s a step", flush=True)
        return 0

    return work
