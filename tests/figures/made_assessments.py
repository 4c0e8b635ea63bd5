"""Robustness of made-up networks, of which every number is known."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from binenc_core.config import HEADS
from binenc_core.robustness import ATTACKS
from replication.data.recipes import recipe
from replication.studies.assessments import INFO_FIELDS, Assessment
from replication.studies.catalog import ROBUSTNESS_COLUMNS as COLUMNS

IMAGES, SIZE, PIXELS = 20, 10.0, 6
CORRUPTIONS = ("noise", "blur", "contrast", "occlusion")
SEVERITIES = np.array([[0, 1, 2], [0, 0.1, np.nan], [0, 0.5, 0.9], [0, 0.3, 0.6]])
RERUNS = ("up", "down", "float64")


def made_assessment(
    folder: Path,
    head: str = "binary",
    seed: int = 0,
    dataset: str = "mnist",
    protocol: str = "described",
    relative: dict[str, Any] | None = None,
    table: dict[str, Any] | None = None,
    arrays: dict[str, Any] | None = None,
    **changes,
) -> Assessment:
    """A network whose every attack finds ‖r‖/‖x‖ = 0.1 on each of IMAGES images of norm SIZE.

    `relative` gives other ‖r‖/‖x‖ of columns, one for each image or one for all; reruns follow
    what they rerun unless they are named, and `smallest` is the smallest of the attacks. `table`
    gives whole columns. All images are classified correctly; accuracy falls by 0.1 with each level
    of a corruption. `changes` are those of the network's configuration.
    """
    sizes = dict.fromkeys([*ATTACKS, "deepfool_last"], 0.1)
    if relative and "deepfool" in relative:
        sizes["deepfool_last"] = relative["deepfool"]
    sizes |= {name: value for name, value in (relative or {}).items() if name in sizes}
    values = {name: np.broadcast_to(np.float64(own), IMAGES) for name, own in sizes.items()}
    values["smallest"] = np.min([values[name] for name in ATTACKS], axis=0)
    for number in ("deepfool", "smallest"):
        values |= {f"{number}_{key}": values[number] for key in RERUNS}
    values["smallest_strong"] = values["smallest"]
    for name, own in (relative or {}).items():
        values[name] = np.broadcast_to(np.float64(own), IMAGES)
    labels = np.arange(IMAGES) % 10
    rows = {"image": 3 * np.arange(IMAGES), "label": labels, "predicted": labels, "size": SIZE}
    rows |= {name: SIZE * own for name, own in values.items()} | (table or {})
    config = recipe(dataset, protocol, head=head, seed=seed, **{"epochs": 10} | changes)
    path = folder / f"{config.id}-{dataset}-{protocol}.npz"
    np.savez(path, **made_arrays() | (arrays or {}))
    return Assessment(
        "robustness",
        config,
        IMAGES,
        pd.DataFrame(rows)[list(COLUMNS)],
        dict.fromkeys(INFO_FIELDS, "made up") | {"seconds": 1.0},
        path,
    )


def made_arrays() -> dict[str, np.ndarray]:
    """Accuracies of 0.9, 0.8, 0.7 under each corruption; two images kept, of −1, 0 and 2.

    Blur has a level less than the others.
    """
    pictures = np.ones((2, 1, PIXELS, PIXELS), np.float16)
    return {
        "corruptions": np.array(CORRUPTIONS),
        "severities": SEVERITIES,
        "corrupted_accuracy": np.broadcast_to([0.9, 0.8, 0.7], SEVERITIES.shape),
        "corrupted_images": np.array(2000),
        "gallery_row": np.array([1, 4]),
        "gallery_image": -pictures,
        "gallery_deepfool": 0 * pictures,
        "gallery_smallest": 2 * pictures,
    }


def four_heads(folder: Path, seeds: int = 1, **changes) -> list[Assessment]:
    """Networks of the four architectures; `binary` has other arguments for that one."""
    own = changes.pop("binary", {})
    return [
        made_assessment(folder, head, seed, **changes | (own if head == "binary" else {}))
        for head in HEADS
        for seed in range(seeds)
    ]
