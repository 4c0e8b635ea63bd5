"""Figure 4: does binary encoding bring neural collapse sooner?"""

from collections.abc import Sequence

import plotly.graph_objects as go

from binenc_core.metrics.names import column
from replication.data.datasets import DATASETS
from replication.figures.common import captions, wording
from replication.figures.common.curves import Curves, Row, curve_data, draw, values_at
from replication.runs.store import Run


def rows(split: str, definitions: str = "described") -> tuple[Row, ...]:
    """The paper's five rows, from the class means' geometry to the within-class covariance."""
    described = (
        Row("equinorm", split, "equinorm"),
        Row("equiangularity", split, "equiangularity"),
        Row("max_angle", split, "max angle"),
        Row("within_between", split, "Tr(S<sub>w</sub>S<sub>b</sub><sup>+</sup>)/C", log=True),
        Row("within_covariance", split, "within-class covariance", log=True),
    )
    return tuple(row._replace(metric=column(row.metric, definitions)) for row in described)


def data(runs: Sequence[Run], split: str = "train") -> Curves:
    """Five measures of neural collapse by epoch; the runs' `metrics` choose the definitions."""
    definitions = captions.definitions(runs)
    what = f"The paper's figure 4 ({split} set): five measures of neural collapse, 0 when perfect."
    if definitions == "released":
        counts = sorted({DATASETS[name].classes for name in captions.datasets(runs)})
        angles = " or ".join(f"{released_max_angle_of_etf(classes):.4f}" for classes in counts)
        what += f" As the released code defines them a perfect ETF has a max angle of {angles}."
    return curve_data(runs, rows(split, definitions), what)


def released_max_angle_of_etf(classes: int) -> float:
    """The released code's max angle of a simplex ETF, with each class in a pair with itself too.

    Of C(C+1)/2 pairs these C have cosine 1, which is 1 + 1/(C−1) off; the others are 0 off.
    """
    return 2 * classes / (classes**2 - 1)


def figure(curves: Curves) -> go.Figure:
    """Curves of the five measures, a row for each."""
    alt = (
        "Equinorm, equiangularity, max angle, Tr(Sw Sb+)/C and within-class covariance against the "
        "epoch, for the four architectures."
    )
    return draw(curves, figure, alt)


def findings(curves: Curves) -> str:
    """The measured numbers, as Markdown."""

    def quantities(dataset: str) -> list[wording.Quantity]:
        last = wording.last_epoch(curves, dataset)
        covariance = curves.rows[-1]
        if not covariance.metric.startswith("within_covariance"):
            return last
        growth = last[-1].values / values_at(curves, dataset, covariance, last=False)
        name = f"{covariance.title}, last over first logged epoch"
        return [*last, wording.Quantity(name, growth, wording.value)]

    return wording.evidence(curves, quantities)
