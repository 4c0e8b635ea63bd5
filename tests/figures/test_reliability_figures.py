"""The figures of reliability on networks of which every number is known."""

import numpy as np
import pytest

from binenc_book.plotly_mime import faults
from binenc_core.config import HEADS
from binenc_core.reliability import SCORES
from made_reliability import HALF, four_heads, made_reliability
from replication.figures.common.style import HEAD_STYLES
from replication.figures.reliability import (
    reliability_calibration,
    reliability_curves,
    reliability_detection,
    reliability_numbers,
)
from replication.figures.reliability import reliability_findings as findings

FIGURES = {
    "detection": lambda a: reliability_detection.figure(reliability_detection.data(a)),
    "outside": lambda a: reliability_detection.outside_figure(
        reliability_detection.data(a, "outside")
    ),
    "curves": lambda a: reliability_curves.figure(reliability_curves.data(a)),
    "calibration": lambda a: reliability_calibration.figure(reliability_calibration.data(a)),
}
AUROC = ("misclassified", "mahalanobis", "auroc")
LOWEST = ("calibration", "logits", "ece_before")
CHANGE = ("misclassified", "mahalanobis", "change_up")


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.sampled
def test_every_figure_can_be_shown_and_knows_what_was_trained(tmp_path, name, seeds):
    found = four_heads(tmp_path, seeds) + four_heads(tmp_path, seeds, protocol="released")
    fig = FIGURES[name](found)
    assert faults(fig.to_plotly_json()) == []
    setting = fig.layout.meta["setting"]
    assert "1,000 test images each. MNIST: MLP of width 2048, P = 64, γ = 10" in setting
    assert "protocol of the released code" in setting
    entries = [trace.legendgroup for trace in fig.data if trace.showlegend]
    assert sorted(entries) == sorted(HEADS)


def test_each_networks_auroc_is_drawn_with_its_interval_and_the_mean(tmp_path):
    found = [
        *(made_reliability(tmp_path, "binary", s, values={AUROC: 0.9 + s / 100}) for s in (0, 1)),
        *(made_reliability(tmp_path, "none", s) for s in (0, 1)),
    ]
    fig = reliability_detection.figure(reliability_detection.data(found))
    seeds, means = (trace for trace in fig.data if trace.legendgroup == "binary")
    assert list(seeds.x)[:2] == [0.9, 0.91]
    assert list(seeds.error_x.array) == pytest.approx([HALF] * 8)
    by_height = dict(zip(means.y, means.x, strict=True))
    assert by_height[max(means.y)] == pytest.approx(0.905)
    assert sorted(means.x)[:3] == [0.8] * 3


def test_a_failed_control_is_drawn_as_failed_and_told(tmp_path):
    found = four_heads(tmp_path, binary={"values": {CHANGE: 0.02, AUROC: 0.99}})
    detection = reliability_detection.data(found)
    assert set(detection.table.query("failed != ''")["score"]) == {"mahalanobis"}
    fig = reliability_detection.figure(detection)
    (failed,) = [trace for trace in fig.data if trace.text == "failed"]
    assert failed.legendgroup == "binary"
    assert list(failed.x) == [0.99]
    others = [t for t in fig.data if t.legendgroup == "binary" and t.text is None]
    assert all(0.99 not in t.x for t in others)


@pytest.mark.parametrize(("change", "failed"), [(0.0099, False), (0.0101, True), (np.nan, True)])
def test_one_hundredth_is_what_a_control_may_change(tmp_path, change, failed):
    numbers = reliability_numbers.data(four_heads(tmp_path, binary={"values": {CHANGE: change}}))
    assert (numbers.table["failed"] != "").any() == failed
    said = reliability_numbers.control_outcome(numbers)
    assert ("seed 0 (misclassified, mahalanobis: x times 1000)" in said) == failed
    assert (f"none of the {4 * 4 * 2} does" in said) != failed


def test_too_few_errors_are_drawn_hollow_and_so_is_their_mean(tmp_path):
    found = [made_reliability(tmp_path, seed=seed, errors=n) for seed, n in enumerate((50, 49))]
    seeds, means = reliability_detection.figure(reliability_detection.data(found)).data
    assert [seeds.marker.symbol[place] for place in seeds.customdata[:, 0].argsort()] == [
        *["circle"] * 4,
        *["circle-open"] * 4,
    ]
    assert means.marker.symbol == f"{HEAD_STYLES['binary'].symbol}-open"


def test_a_network_without_errors_leaves_a_gap_and_none_at_all_is_refused(tmp_path):
    undefined = {("misclassified", s, m): np.nan for s in SCORES for m in ("auroc", "aupr")}
    found = four_heads(tmp_path, binary={"values": undefined, "errors": 0})
    fig = reliability_detection.figure(reliability_detection.data(found))
    assert {trace.legendgroup for trace in fig.data} == set(HEADS) - {"binary"}
    with pytest.raises(ValueError, match="no network was assessed; allowed: one or more"):
        reliability_detection.data([])


@pytest.mark.parametrize("module", [reliability_curves, reliability_calibration])
@pytest.mark.sampled
def test_a_slider_goes_through_datasets_and_protocols(tmp_path, module):
    best = {"values": {LOWEST: 0.02}}
    groups = [
        four_heads(tmp_path, seeds=2),
        four_heads(tmp_path, dataset="digits", protocol="released", binary=best),
    ]
    fig = module.figure(module.data([a for own in groups for a in own]))
    titles = ["MNIST, as described", "Digits, as released"]
    assert [step.label for step in fig.layout.sliders[0].steps] == titles
    assert [frame.name for frame in fig.frames] == titles
    alone = [module.figure(module.data(own)) for own in groups]
    for frame, own in zip(fig.frames, alone, strict=True):
        traces = own.data
        assert frame.layout.to_plotly_json()
        for axis, values in frame.layout.to_plotly_json().items():
            assert tuple(values["range"]) == own.layout[axis].range
        for place, changed in zip(frame.traces, frame.data, strict=True):
            shown = fig.data[place].to_plotly_json() | changed.to_plotly_json()
            for key in ("x", "y", "customdata"):
                np.testing.assert_array_equal(shown.get(key), traces[place][key])
    assert not module.figure(module.data(groups[0])).layout.sliders


def test_curves_are_those_of_the_two_scores_that_did_not_fail(tmp_path):
    curves = reliability_curves.data(four_heads(tmp_path, seeds=2))
    assert set(curves.table["score"]) == {"mahalanobis", "msp"}
    assert len(curves.table) == 4 * 2 * 2 * 2 * 11
    fig = reliability_curves.figure(curves)
    lines = [trace for trace in fig.data if trace.legendgroup == "binary"]
    assert len(lines) == 2 * 2
    assert [trace.showlegend for trace in lines] == [True, False, False, False]
    assert lines[-1].y == pytest.approx(np.linspace(0, 1, 11))
    assert lines[-1].dx == pytest.approx(0.1)
    failed = four_heads(tmp_path, binary={"values": {CHANGE: 0.02}})
    fig = reliability_curves.figure(reliability_curves.data(failed))
    # By column the scores, Mahalanobis distance first, which failed.
    assert [len(t.y) for t in fig.data if t.legendgroup == "binary"] == [0, 11, 0, 11]


def test_bins_of_several_seeds_are_added_up(tmp_path):
    found = four_heads(tmp_path, seeds=3)
    calibration = reliability_calibration.data(found)
    assert (calibration.bins["count"] == 3000).all()
    assert (calibration.bins["bin"] == 14).all()
    before = calibration.bins[calibration.bins["stage"] == "before"]
    assert before["confidence"].to_list() == pytest.approx([0.9] * 4)
    fig = reliability_calibration.figure(calibration)
    errors = [trace for trace in fig.data if trace.error_x.array is not None]
    assert [trace.marker.symbol for trace in errors[:4]] == [
        f"{HEAD_STYLES[head].symbol}-open" for head in HEAD_STYLES
    ]
    assert list(errors[0].x) == [0.05] * 3
    assert list(errors[-1].x) == [0.01] * 3


def test_digits_have_no_other_dataset(tmp_path):
    found = four_heads(tmp_path, dataset="digits")
    assert FIGURES["outside"](found) is None
    both = reliability_detection.data(found + four_heads(tmp_path), "outside")
    assert [group.dataset for group in both.groups] == ["mnist"]


def test_chance_is_drawn_where_a_shown_auroc_is_near_it(tmp_path):
    far = reliability_detection.figure(reliability_detection.data(four_heads(tmp_path)))
    assert not far.layout.shapes
    near = four_heads(tmp_path, binary={"values": {("misclassified", "energy", "auroc"): 0.55}})
    assert reliability_detection.figure(reliability_detection.data(near)).layout.shapes


# ---- What the page says -------------------------------------------------------------------------


def lines(text: str, start: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(start)]


def with_auroc(folder, value: float, **changes):
    return four_heads(folder, binary={"values": {AUROC: value}}, **changes)


def test_the_table_has_the_numbers(tmp_path):
    text = findings.findings(four_heads(tmp_path, protocol="released"))
    for name, cell in (
        ("misclassified test images", "100"),
        ("AUROC, energy", "0.8"),
        ("risk–coverage area, maximum softmax, ‰", "20"),
        ("calibration error", "5.00 %"),
        ("calibration error after scaling, as its loss reads it", "1.00 %"),
        ("temperature", "2"),
        ("another dataset: AUROC, nearest vertex", "0.8"),
    ):
        assert lines(text, f"| {name} |") == [f"| {name} |{f' {cell} |' * 4}"]
    assert "As released the loss takes softmax twice." in text
    described = findings.findings(four_heads(tmp_path, dataset="digits"))
    for absent in ("as its loss reads it", "softmax twice", "another dataset:"):
        assert absent not in described


def test_the_best_score_of_all_is_named(tmp_path):
    found = with_auroc(tmp_path, 0.85)
    assert "best score is Mahalanobis distance (0.850), and no architecture has a better" in (
        findings.findings(found)
    )
    other = {("misclassified", "msp", "auroc"): 0.9}
    found[3] = made_reliability(tmp_path, found[3].config.head, values=other)
    text = findings.findings(found)
    head = HEAD_STYLES[found[3].config.head].name.lower()
    assert f"(0.850); the best of all is maximum softmax probability with {head} (0.900)." in text


def test_among_too_few_errors_no_score_is_best(tmp_path):
    undefined = {("misclassified", s, "auroc"): float("nan") for s in SCORES}
    text = findings.findings(four_heads(tmp_path, binary={"values": undefined, "errors": 0}))
    assert "Chosen afterwards" not in text
