"""How far an image must move until each architecture decides otherwise, by every attack."""

from collections.abc import Sequence
from itertools import cycle
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from binenc_core.robustness import ATTACKS
from replication.figures.common import assessed, wording
from replication.figures.common.assessed import Group, Measured
from replication.figures.common.drawing import bars, described, grid, name_lines
from replication.figures.common.style import HEAD_STYLES, NEUTRAL
from replication.figures.robustness import robustness_sanity
from replication.studies.assessments import Assessment
from replication.studies.robustness_numbers import LEVEL, NUMBERS, fooled, interval, mean, per_image

PANEL_HEIGHT = 280
TICKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
# Attacks of the ensemble whose own means are shown; DeepFool is shown as the authors take it.
OTHERS = [name for name in ATTACKS if name != "deepfool"]


class Mark(NamedTuple):
    """How a mean looks: symbol, size, and its place in a line."""

    symbol: str
    size: int
    offset: float


MARKS = {
    "smallest": Mark("circle", 9, 0.22),
    "deepfool": Mark("diamond", 11, -0.26),
    **{
        name: Mark(symbol, 8, 0.0)
        for name, symbol in zip(OTHERS, cycle(("square", "triangle-up", "line-ns", "star")))
    },
}
TITLES = {"smallest": "Smallest found"} | {
    name: title[0].upper() + title[1:] for name, title in ATTACKS.items()
}


def data(found: Sequence[Assessment]) -> Measured:
    """The means of every attack, and of the smallest perturbation with its interval and seeds.

    `table`: a line for each dataset, protocol, head, measure (a key of MARKS) and seed ("all": over
    the networks), with `mean`, and for all `low` and `high`, its interval over images; `moved`, the
    fraction of the images on which the attack succeeded, `mean_moved`, the mean over these alone,
    and `failed`, the sanity checks that the number fails.
    """
    shown = assessed.groups(found)
    outcomes = robustness_sanity.data(shown)
    lines = [
        line
        for group in shown
        for head in group.heads
        for measure in MARKS
        for line in _lines(group, head, measure, outcomes)
    ]
    return Measured(shown, pd.DataFrame(lines))


def _lines(group: Group, head: str, measure: str, outcomes: pd.DataFrame) -> list[dict]:
    """A measure's mean over the networks, and that of each where there are several."""
    own = group.of(head)
    column = NUMBERS.get(measure, measure)
    failed = robustness_sanity.failed
    low, high = interval(per_image(own, column)) if measure in NUMBERS else (np.nan, np.nan)
    networks = {"all": own} | ({f.config.seed: [f] for f in own} if len(own) > 1 else {})
    return [
        {
            **group.place,
            "head": head,
            "measure": measure,
            "seed": seed,
            "mean": np.mean([mean(f, column) for f in part]),
            "low": low if seed == "all" else np.nan,
            "high": high if seed == "all" else np.nan,
            "moved": np.mean([fooled(f, measure) for f in part]),
            "mean_moved": np.mean([mean(f, measure) for f in part]),
            "failed": failed(outcomes, group, head, measure, None if seed == "all" else seed),
        }
        for seed, part in networks.items()
    ]


def figure(distances: Measured) -> go.Figure:
    """A panel for each dataset and protocol, a line in it for each architecture."""
    shown = distances.groups
    fig, places = grid([group.title for group in shown], apart=0.18, shared_xaxes="all")
    heads = assessed.heads(shown)
    ends = distances.table[["mean", "low", "high"]].to_numpy(float)
    ends = ends[np.isfinite(ends) & (ends > 0)]
    low, high = np.log10(ends.min() / 1.3), np.log10(ends.max() * 1.3)
    for group, where in zip(shown, places, strict=True):
        own = group.select(distances.table)
        for measure in MARKS:
            for trace in _traces(own[own["measure"] == measure], measure, heads, (low + high) / 2):
                fig.add_trace(trace, **where)
        fig.update_yaxes(showticklabels=where["col"] == 1, **where)
    ticks = [tick for tick in TICKS if low <= np.log10(tick) <= high]
    fig.update_xaxes(
        type="log", range=[low, high], tickvals=ticks, ticktext=[f"{tick:g}" for tick in ticks]
    )
    fig.update_xaxes(title_text="mean ‖r‖/‖x‖", row=places[-1]["row"])
    name_lines(fig, [HEAD_STYLES[head].name.replace(" ", "<br>") for head in heads])
    several = (distances.table["seed"] != "all").any()
    return described(
        fig,
        figure,
        alt="Mean relative size of the perturbations that change the decisions of the four "
        "architectures: by DeepFool, by every other attack, and the smallest of all.",
        caption="Perturbation that changes the decision, relative to the image. Circle: smallest "
        f"found, {wording.share(LEVEL)} interval over images"
        f"{'; small: each seed' if several else ''}. Diamond: DeepFool as the authors take it. "
        "Between: other attacks, where they succeed. Crossed: fails a sanity check.",
        table=distances.table.round(5),
        setting=assessed.setting(shown),
        height=PANEL_HEIGHT * places[-1]["row"] + 60,
    )


def _traces(
    own: pd.DataFrame, measure: str, heads: Sequence[str], middle: float
) -> list[go.Scatter]:
    """One measure's means in one panel, those that passed and those that failed apart.

    `middle`: log10 of what is in the middle of the panel; words stand on its side of a mark.
    """
    mark = MARKS[measure]
    title = TITLES[measure]
    over_all = own[(own["seed"] == "all") & np.isfinite(own["mean"])]
    traces = []
    if measure == "smallest":
        traces.append(_seeds(own[own["seed"] != "all"], heads))
    for failed, part in over_all.groupby("failed", sort=True):
        name = f"{title} (fails a check)" if failed else title
        colors = [HEAD_STYLES[head].color for head in part["head"]]
        traces.append(
            go.Scatter(
                x=part["mean"],
                y=_places(part, mark, heads),
                error_x=bars(part["mean"], part["low"], part["high"], NEUTRAL, 2, 8)
                if measure in NUMBERS and not failed
                else None,
                customdata=_hover(part),
                **_words(part, middle) if measure == "deepfool" else {"mode": "markers"},
                marker={
                    "symbol": f"{mark.symbol}-x-open" if failed else mark.symbol,
                    **{"size": mark.size, "color": colors},
                    # A line's symbol is nothing but its line.
                    "line": {
                        "width": 2 if failed or measure == "bisection" else 0,
                        "color": colors,
                    },
                    "opacity": 1 if measure in NUMBERS else 0.75,
                },
                name=name,
                legendgroup=name,
                hovertemplate="%{fullData.name}: %{x:.3f}%{customdata}<extra></extra>",
            )
        )
    return [trace for trace in traces if len(trace.x)]


def _words(part: pd.DataFrame, middle: float) -> dict:
    """Beside each mark the share of the images that are fooled."""
    shares = 100 * part["moved"]
    sides = ["left" if np.log10(size) > middle else "right" for size in part["mean"]]
    return {
        "mode": "markers+text",
        "text": [f"\N{NO-BREAK SPACE}{share:.3g} % fooled\N{NO-BREAK SPACE}" for share in shares],
        "textposition": [f"middle {side}" for side in sides],
        "textfont": {"size": 10},
    }


def _seeds(own: pd.DataFrame, heads: Sequence[str]) -> go.Scatter:
    """The smallest perturbation's mean in each network; it follows that of all in the legend."""
    mark = MARKS["smallest"]
    return go.Scatter(
        x=own["mean"],
        y=_places(own, mark._replace(offset=mark.offset + 0.16), heads),
        customdata=own["seed"],
        mode="markers",
        marker={
            "symbol": "circle-open",
            **{"size": 5, "color": [HEAD_STYLES[head].color for head in own["head"]]},
        },
        name="each seed",
        legendgroup=TITLES["smallest"],
        showlegend=False,
        hovertemplate="seed %{customdata}: %{x:.3f}<extra></extra>",
    )


def _places(own: pd.DataFrame, mark: Mark, heads: Sequence[str]) -> list[float]:
    return [heads.index(head) - mark.offset for head in own["head"]]


def _hover(own: pd.DataFrame) -> list[str]:
    """What stands under the cursor beside each mean: its interval, the fraction fooled."""
    notes = []
    for line in own.itertuples():
        note = f" ({line.low:.3f} to {line.high:.3f})" if np.isfinite(line.low) else ""
        if line.moved < 1:
            note += f"<br>fools {wording.share(line.moved, 1)} of the images"
            if line.measure in NUMBERS:
                note += f", mean over these {line.mean_moved:.3f}"
        if line.failed:
            note += f"<br>fails {line.failed}"
        notes.append(note)
    return notes
