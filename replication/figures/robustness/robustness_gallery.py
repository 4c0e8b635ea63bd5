"""A few images, and where DeepFool and the smallest perturbation found have moved them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.express as px
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from replication.data.datasets import class_names
from replication.figures.common import assessed
from replication.figures.common.assessed import Group
from replication.figures.common.describing import described
from replication.figures.common.style import HEAD_STYLES
from replication.figures.robustness import robustness_falsified
from replication.studies.assessments import Assessment
from replication.studies.robustness_numbers import NUMBERS

SHOWN = 2  # images of each architecture, a panel for each
SHADES = 16  # of gray, fewer than the images have, so that the page stays small
IMAGE_HEIGHT, WORDS_HEIGHT = 84, 74
PICTURES = ("image", *NUMBERS)  # side by side in a panel
TITLES = {"image": "image", "deepfool": "DeepFool", "smallest": "smallest"}


class Gallery(NamedTuple):
    """What the figure shows of one network for each architecture of a group.

    `pixels`: by head, (images, PICTURES, H, W), uint8, from −1 or less (0) to 1 or more (255).
    `table`: a line for each head and image: class, predicted class, ‖r‖/‖x‖ of DeepFool's last
    iterate and whether it succeeds, and that of the smallest perturbation.
    """

    group: Group
    pixels: dict[str, NDArray[np.uint8]]
    table: pd.DataFrame
    outcomes: pd.DataFrame


def data(found: Sequence[Assessment]) -> Gallery:
    """The first images kept of the first dataset and protocol, of each head's first seed."""
    group = assessed.groups(found)[0]
    firsts = [group.of(head)[0] for head in group.heads]
    outcomes = robustness_falsified.data([group])
    table = pd.concat([_rows(own) for own in firsts]).reset_index(drop=True)
    return Gallery(group, {o.config.head: _pixels(o) for o in firsts}, table, outcomes)


def _pixels(found: Assessment) -> NDArray[np.uint8]:
    arrays = found.arrays()
    pictures = [arrays[f"gallery_{name}"][:SHOWN].astype(float) for name in PICTURES]
    gray = np.stack(pictures, axis=1).mean(axis=2)  # of colors, if there are any, their mean
    return (127.5 * (gray.clip(-1, 1) + 1)).round().astype(np.uint8)


def _rows(found: Assessment) -> pd.DataFrame:
    rows = found.table.iloc[found.arrays()["gallery_row"][:SHOWN]]
    names = np.array(class_names(found.config.dataset))
    return pd.DataFrame(
        {
            "dataset": found.config.dataset,
            "head": found.config.head,
            "seed": found.config.seed,
            "image": rows["image"],
            "class": names[rows["label"]],
            "predicted": names[rows["predicted"]],
            **{name: rows[column] / rows["size"] for name, column in NUMBERS.items()},
            "deepfool_succeeds": np.isfinite(rows["deepfool"]),
        }
    )


def figure(gallery: Gallery) -> go.Figure:
    """A row for each architecture, a panel in it for each image."""
    heads = list(gallery.pixels)
    inside = len(heads) * (IMAGE_HEIGHT + WORDS_HEIGHT) - WORDS_HEIGHT
    columns = max(len(own) for own in gallery.pixels.values())
    fig = make_subplots(
        rows=len(heads),
        cols=columns,
        horizontal_spacing=0.015,
        vertical_spacing=WORDS_HEIGHT / inside if len(heads) > 1 else 0,
    )
    for row, head in enumerate(heads, start=1):
        lines = gallery.table[gallery.table["head"] == head].to_dict("records")
        for column, (pictures, line) in enumerate(
            zip(gallery.pixels[head], lines, strict=True), start=1
        ):
            _add(fig, gallery, pictures, line, {"row": row, "col": column})
    fig.update_xaxes(visible=False)
    fig.update_yaxes(visible=False)
    seeds = " or ".join(sorted({str(seed) for seed in gallery.table["seed"]}))
    return described(
        fig,
        figure,
        alt="Test images beside what DeepFool and the smallest perturbation make of them, for "
        f"{', '.join(HEAD_STYLES[head].name.lower() for head in heads)}.",
        caption=f"{gallery.group.title}, seed {seeds}: test images, where DeepFool's last iterate "
        "moves them, and where the smallest perturbation of all attacks does. Below: class, and "
        "‖r‖/‖x‖. Pixels beyond black and white are drawn as these.",
        table=gallery.table.round(4),
        setting=assessed.setting([gallery.group]),
        height=inside + 2 * WORDS_HEIGHT,
        margin={"t": WORDS_HEIGHT, "b": WORDS_HEIGHT, "l": 8, "r": 8},
        showlegend=False,
    )


def _add(fig: go.Figure, gallery: Gallery, pictures: NDArray, line: dict, where: dict) -> None:
    """One panel: an image, and beside it what the attacks have made of it, with their words."""
    _, height, width = pictures.shape
    words = {"showarrow": False, "font": {"size": 11}}
    for place, (name, pixels) in enumerate(zip(PICTURES, pictures, strict=True)):
        left = 1.12 * width * place
        text = _words(gallery, name, line)
        fig.add_trace(
            go.Image(source=_png(pixels), x0=left, hovertemplate=text + "<extra></extra>"),
            **where,
        )
        middle = left + (width - 1) / 2
        below = {"yanchor": "top", "y": height - 0.5}
        fig.add_annotation(text=text, x=middle, **below, **words, **where)
        if where["row"] == 1:
            above = {"yanchor": "bottom", "y": -0.5}
            fig.add_annotation(text=TITLES[name], x=middle, **above, **words, **where)
    if where["col"] == 1:
        title = {"yanchor": "bottom", "y": -0.5, "x": 0, "xanchor": "left"}
        shift = 18 if where["row"] == 1 else 0
        name = f"<b>{HEAD_STYLES[line['head']].name}</b>"
        fig.add_annotation(text=name, yshift=shift, **title, **words, **where)
    axis = fig.get_subplot(where["row"], where["col"])
    square = {"scaleanchor": axis.yaxis.anchor, "constrain": "domain"}
    axis.yaxis.update(range=[height - 0.5, -0.5], constraintoward="top", **square)
    axis.xaxis.update(range=[-1, 1.12 * width * len(PICTURES)], constrain="domain")


def _png(pixels: NDArray[np.uint8]) -> str:
    """Address of a picture with ink where pixels are large, as in the other figures of images."""
    step = 255 / (SHADES - 1)
    ink = 255 - (np.round(pixels / step) * step).round().astype(np.uint8)
    shown = px.imshow(ink, binary_string=True, binary_backend="pypng", binary_compression_level=9)
    return shown.data[0].source


def _words(gallery: Gallery, name: str, line: dict) -> str:
    """What stands below a picture: the class, or ‖r‖/‖x‖ and what is wrong with it."""
    if name == "image":
        right = line["predicted"] == line["class"]
        return line["class"] if right else f"{line['class']},<br>taken for<br>{line['predicted']}"
    text = f"{line[name]:.3f}"
    if name == "deepfool" and not line["deepfool_succeeds"]:
        text += "<br>not fooled"
    if failed := _failed(gallery, name, line):
        text += f"<br>failed ({failed})"
    return text


def _failed(gallery: Gallery, name: str, line: dict) -> str:
    """The falsifiers that a number of the network shown fails."""
    return robustness_falsified.failed(
        gallery.outcomes, gallery.group, line["head"], name, line["seed"]
    )
