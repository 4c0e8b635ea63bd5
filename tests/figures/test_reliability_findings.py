"""What the page says of networks of which it is known who is ahead."""

from binenc_core.reliability import SCORES
from made_reliability import four_heads, made_reliability
from replication.figures.common.style import HEAD_STYLES
from replication.figures.reliability import reliability_findings as findings

AUROC = ("misclassified", "mahalanobis", "auroc")


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
