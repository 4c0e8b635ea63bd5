"""Single images under DeepFool and under the smallest perturbation found, and all images' lengths.

One figure of the same images twice: what the attacks have made of one, and how far they move all.
"""

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
from replication.figures.common.drawing import described
from replication.figures.common.sliders import add_slider
from replication.figures.common.style import HEAD_STYLES
from replication.figures.robustness import robustness_sanity
from replication.figures.robustness.robustness_distances import MARKS
from replication.studies.assessments import Assessment
from replication.studies.robustness_numbers import NUMBERS, relative

SHADES = 16  # of gray, fewer than the images have, so that the page stays small
BINS, LEAST = 40, 0.005  # smaller values than this quantile are counted in the first bin
ROW_HEIGHT, WORDS_HEIGHT = 92, 54
PICTURES = ("image", *NUMBERS)  # side by side
TITLES = {"image": "image", "deepfool": "DeepFool", "smallest": "smallest"}
APART, BOTTOM = 1.12, 1.02  # from one picture to the next, and to the words below, in widths
LINES = {"deepfool": "dot", "smallest": "solid"}
_NOTE = {"y": 0, "yanchor": "bottom", "showarrow": False, "font": {"size": 11}}


class Shot(NamedTuple):
    """One image of a group, in the first network of each architecture.

    `pixels`: by head, (PICTURES, H, W), uint8, from −1 or less (0) to 1 or more (255). `lines`: by
    head, the image's class, predicted class, ‖r‖/‖x‖ of DeepFool's last iterate and whether it
    succeeds, and that of the smallest perturbation.
    """

    group: Group
    pixels: dict[str, NDArray[np.uint8]]
    lines: dict[str, dict]

    @property
    def title(self) -> str:
        """The networks and the image's class, for people."""
        return f"{self.group.title}: {next(iter(self.lines.values()))['class']}"


class Gallery(NamedTuple):
    """Images with what attacks make of them, and how far all images must move.

    `bars`: by a group's title, head and number, how many of all images of all networks, as a
    fraction, lie between two neighbors of `edges`. `outcomes`: those of `robustness_sanity.data`.
    """

    groups: list[Group]
    heads: list[str]
    shots: list[Shot]
    edges: NDArray
    bars: dict[tuple[str, str, str], NDArray]
    outcomes: pd.DataFrame


def data(found: Sequence[Assessment]) -> Gallery:
    """The images kept of every dataset and protocol, of each head's first seed.

    The heads are those of the first; what lacks one of them is left out.
    """
    every = assessed.groups(found)
    heads = every[0].heads
    groups = [group for group in every if set(heads) <= set(group.heads)]
    lengths = {
        (group.title, head, name): np.concatenate([relative(own, column) for own in group.of(head)])
        for group in groups
        for head in heads
        for name, column in NUMBERS.items()
    }
    all_moved = np.concatenate([own[np.isfinite(own)] for own in lengths.values()])
    edges = np.geomspace(np.quantile(all_moved, LEAST), all_moved.max(), BINS + 1)
    shots = [
        Shot(
            group,
            {head: _pixels(group.of(head)[0], place) for head in heads},
            {head: _line(group.of(head)[0], place) for head in heads},
        )
        for group in groups
        for place in range(len(group.found[0].arrays()["gallery_row"]))
    ]
    bars = {key: _fractions(own, edges) for key, own in lengths.items()}
    return Gallery(groups, heads, shots, edges, bars, robustness_sanity.data(groups))


def _pixels(found: Assessment, place: int) -> NDArray[np.uint8]:
    arrays = found.arrays()
    pictures = np.stack([arrays[f"gallery_{name}"][place].astype(float) for name in PICTURES])
    gray = pictures.mean(axis=1)  # of colors, if there are any, their mean
    return (127.5 * (gray.clip(-1, 1) + 1)).round().astype(np.uint8)


def _line(found: Assessment, place: int) -> dict:
    row = found.table.iloc[found.arrays()["gallery_row"][place]]
    names = class_names(found.config.dataset)
    return {
        "head": found.config.head,
        "seed": found.config.seed,
        "image": int(row["image"]),
        "class": names[int(row["label"])],
        "predicted": names[int(row["predicted"])],
        **{name: row[column] / row["size"] for name, column in NUMBERS.items()},
        "deepfool_succeeds": bool(np.isfinite(row["deepfool"])),
    }


def _fractions(values: NDArray, edges: NDArray) -> NDArray:
    """What lies between the edges, as fractions of all; what lies beyond is in the outer ones."""
    return np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0] / len(values)


def figure(gallery: Gallery) -> go.Figure:
    """A row for each architecture: one image and its perturbations, and the lengths of all."""
    first, heads = gallery.shots[0], gallery.heads
    inside = len(heads) * (ROW_HEIGHT + WORDS_HEIGHT) - WORDS_HEIGHT
    fig = make_subplots(
        rows=len(heads),
        cols=2,
        horizontal_spacing=0.04,
        vertical_spacing=WORDS_HEIGHT / inside if len(heads) > 1 else 0,
    )
    for row, head in enumerate(heads, start=1):
        pictures, lengths = _pictures(gallery, first, head), _lengths(gallery, first, head)
        fig.add_traces(pictures, rows=row, cols=1)
        fig.add_traces(lengths, rows=row, cols=2)
        fig.add_annotation(
            _NOTE,
            text=f"<b>{HEAD_STYLES[head].name}</b>",
            **{"x": 0, "xanchor": "left", "yshift": 18 if row == 1 else 4},
            row=row,
            col=1,
        )
        axis = fig.get_subplot(row, 1)
        axis.yaxis.update(scaleanchor=axis.yaxis.anchor, constrain="domain", constraintoward="top")
    for place, picture in enumerate(PICTURES):
        fig.add_annotation(_NOTE, text=TITLES[picture], x=APART * place + 0.5, row=1, col=1)
    fig.update_xaxes(visible=False, range=[0, APART * len(PICTURES)], constrain="domain", col=1)
    hidden = {"visible": False, "showticklabels": False}  # the second: a phone shows both columns
    fig.update_yaxes(hidden, range=[BOTTOM, 0], col=1)
    span = list(np.log10(gallery.edges[[0, -1]]))
    fig.update_xaxes(type="log", range=span, dtick=1, col=2)
    for row in range(1, len(heads)):
        fig.update_xaxes(showticklabels=False, row=row, col=2)
    fig.update_xaxes(title_text="‖r‖/‖x‖", row=len(heads), col=2)
    top = max(own.max() for own in gallery.bars.values())
    fig.update_yaxes(showticklabels=False, ticks="", range=[-0.1 * top, 1.05 * top], col=2)
    frames = {
        shot.title: [
            trace
            for head in heads
            for trace in [*_pictures(gallery, shot, head), *_lengths(gallery, shot, head)]
        ]
        for shot in gallery.shots
    }
    add_slider(fig, "image", frames)
    return described(
        fig,
        figure,
        alt="One test image beside what DeepFool and the smallest perturbation make of it, and "
        "how far each of them moves all images, for "
        f"{', '.join(HEAD_STYLES[head].name.lower() for head in heads)}.",
        caption="Left: a test image as it is, as DeepFool moves it, and by the smallest move "
        "found, with its length ‖r‖ over the image's, ‖x‖ (✗ fails a sanity check). Right: all "
        "images; dotted DeepFool, solid smallest, marks this image.",
        table=_table(gallery),
        setting=assessed.setting(gallery.groups),
        height=inside + 2 * WORDS_HEIGHT + 10,
        margin={"t": WORDS_HEIGHT, "b": WORDS_HEIGHT, "l": 8, "r": 8},
        showlegend=False,
    )


def _pictures(gallery: Gallery, shot: Shot, head: str) -> list[go.Image | go.Scatter]:
    """An image, beside it what the attacks have made of it, and the words below them.

    Each picture is a unit high and wide, whatever its pixels.
    """
    line, traces = shot.lines[head], []
    texts = [_words(gallery, shot.group, name, line) for name in PICTURES]
    for place, (pixels, text) in enumerate(zip(shot.pixels[head], texts, strict=True)):
        height, width = pixels.shape
        traces.append(
            go.Image(
                source=_png(pixels),
                x0=APART * place + 0.5 / width,
                y0=0.5 / height,
                dx=1 / width,
                dy=1 / height,
                hovertemplate=text + "<extra></extra>",
            )
        )
    words = go.Scatter(
        x=[APART * place + 0.5 for place in range(len(PICTURES))],
        y=[BOTTOM] * len(PICTURES),
        text=texts,
        mode="text",
        textposition="bottom center",
        textfont={"size": 11},
        cliponaxis=False,
        hoverinfo="skip",
    )
    return [*traces, words]


def _lengths(gallery: Gallery, shot: Shot, head: str) -> list[go.Scatter]:
    """How far all images are moved, and how far this one is."""
    color, line = HEAD_STYLES[head].color, shot.lines[head]
    middles = np.sqrt(gallery.edges[1:] * gallery.edges[:-1]).round(4)
    curves = [
        go.Scatter(
            x=middles,
            y=gallery.bars[shot.group.title, head, name].round(4),
            mode="lines",
            line={"shape": "hvh", "color": color, "width": 1.5, "dash": dash},
            hovertemplate=f"{TITLES[name]} %{{x:.3f}}: %{{y:.1%}} of the images<extra></extra>",
        )
        for name, dash in LINES.items()
    ]
    marks = go.Scatter(
        x=[line[name] for name in NUMBERS],
        y=[0] * len(NUMBERS),
        text=[TITLES[name] for name in NUMBERS],
        mode="markers",
        marker={
            "color": color,
            "symbol": [MARKS[name].symbol for name in NUMBERS],
            "size": [MARKS[name].size for name in NUMBERS],
        },
        hovertemplate="this image, %{text}: %{x:.3f}<extra></extra>",
    )
    return [*curves, marks]


def _png(pixels: NDArray[np.uint8]) -> str:
    """Address of a picture with ink where pixels are large, as in the other figures of images."""
    step = 255 / (SHADES - 1)
    ink = 255 - (np.round(pixels / step) * step).round().astype(np.uint8)
    shown = px.imshow(ink, binary_string=True, binary_backend="pypng", binary_compression_level=9)
    return shown.data[0].source


def _words(gallery: Gallery, group: Group, name: str, line: dict) -> str:
    """What stands below a picture: the class, or ‖r‖/‖x‖ and what is wrong with it."""
    if name == "image":
        right = line["predicted"] == line["class"]
        return line["class"] if right else f"{line['class']},<br>taken for<br>{line['predicted']}"
    failed = robustness_sanity.failed(gallery.outcomes, group, line["head"], name, line["seed"])
    text = f"{line[name]:.3f}{' ✗' if failed else ''}"
    if name == "deepfool" and not line["deepfool_succeeds"]:
        text += "<br>not fooled"
    return text


def _table(gallery: Gallery) -> pd.DataFrame:
    """A line for each image and architecture, then one for each part of a curve that is not 0."""
    images = [s.group.place | line for s in gallery.shots for line in s.lines.values()]
    curves = [
        group.place | {"head": head, "number": name, "from": low, "to": high, "share": share}
        for group in gallery.groups
        for head in gallery.heads
        for name in NUMBERS
        for low, high, share in zip(
            gallery.edges, gallery.edges[1:], gallery.bars[group.title, head, name], strict=False
        )
        if share
    ]
    return pd.DataFrame([*images, *curves]).round(4)
