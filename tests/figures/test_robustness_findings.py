"""The claims of robustness: seen, not seen, and not judged where the measurement fails."""

import numpy as np
import pytest

from binenc_core.figures import assessed, robustness_falsified, robustness_findings
from binenc_core.figures.robustness_findings import DEEPFOOL, IN_NOISE, MORE, SMALLEST
from made_assessments import IMAGES, SEVERITIES, four_heads, made_assessment

ATTACKS = ("deepfool", "margin", "apgd", "decision", "bisection")
SPREAD = 0.02 * np.random.default_rng(0).standard_normal(IMAGES)


def verdicts(found) -> dict[str, str]:
    (group,) = assessed.groups(found)
    return robustness_findings.verdicts(group, robustness_falsified.data([group]))


def every(size) -> dict:
    """All attacks find this."""
    return {"relative": dict.fromkeys(ATTACKS, size)}


@pytest.mark.parametrize(
    ("size", "twice", "more"),
    [(0.201, "seen", "seen"), (0.19, "not seen", "seen"), (0.1, "not seen", "not seen")],
)
def test_twice_as_robust_and_more_robust(tmp_path, size, twice, more):
    found = verdicts(four_heads(tmp_path, binary=every(size)))
    assert found[DEEPFOOL].startswith(f"**{twice}**")
    assert found[SMALLEST].startswith(f"**{twice}**")
    assert found[MORE].startswith(f"**{more}**")


def test_a_lead_within_the_images_scatter_is_none(tmp_path):
    far = verdicts(four_heads(tmp_path, binary=every(0.12 + SPREAD)))
    near = verdicts(four_heads(tmp_path, binary=every(0.1 + SPREAD - SPREAD.mean() + 0.002)))
    assert far[MORE].startswith("**seen**")
    assert near[MORE].startswith("**not seen**")


def test_differences_are_taken_on_the_same_images(tmp_path):
    """Images differ far more from each other than the two networks on each."""
    sizes = np.linspace(0.01, 0.5, IMAGES)
    found = four_heads(tmp_path, **every(sizes), binary=every(sizes + 0.001))
    assert verdicts(found)[MORE].startswith("**seen**")


def test_every_other_architecture_counts(tmp_path):
    found = [a for a in four_heads(tmp_path, binary=every(0.3)) if a.config.head != "nonlinear"]
    found.append(made_assessment(tmp_path, "nonlinear", **every(0.31)))
    assert {text.split(" (")[0] for text in list(verdicts(found).values())[:3]} == {"**not seen**"}


def test_deepfools_claim_is_not_judged_where_it_fails(tmp_path):
    own = {"relative": {"deepfool": 0.74, "margin": 0.22, "bisection": 0.29, "apgd": 0.3}}
    own["relative"]["decision"] = 0.3
    found = verdicts(four_heads(tmp_path, seeds=2, binary=own))
    assert found[DEEPFOOL] == "**not judged**: the measurement fails (a), (d)"
    assert found[SMALLEST] == "**seen** (2 of 2 seeds)"


def test_a_failure_of_any_architecture_counts(tmp_path):
    found = [a for a in four_heads(tmp_path) if a.config.head != "none"]
    found.append(made_assessment(tmp_path, "none", relative={"deepfool_up": 0.2}))
    assert verdicts(found)[DEEPFOOL] == "**not judged**: the measurement fails (b)"


def test_seeds_that_fail_are_left_out_and_said(tmp_path):
    found = four_heads(tmp_path, seeds=2, binary=every(0.3))
    fails = {"relative": every(0.3)["relative"] | {"smallest_float64": 0.2}}
    found += [
        made_assessment(tmp_path, head, 2, **(fails if head == "binary" else {}))
        for head in ("binary", "linear", "none", "nonlinear")
    ]
    said = "**seen** (2 of 2 seeds); 1 of 3 not judged: the measurement fails (c)"
    assert verdicts(found)[SMALLEST] == said


def test_noise_is_judged_by_its_strongest_levels(tmp_path):
    """Better at the two strongest, worse without noise and under all else."""
    accuracy = np.full(SEVERITIES.shape, 0.1)
    accuracy[0] = [0.5, 0.85, 0.75]
    own = {"arrays": {"corrupted_accuracy": accuracy}}
    assert verdicts(four_heads(tmp_path, binary=own))[IN_NOISE] == "**seen** (1 of 1 seed)"
    accuracy[0] = [1, 1, 0.4]
    own = {"arrays": {"corrupted_accuracy": accuracy}}
    assert verdicts(four_heads(tmp_path, binary=own))[IN_NOISE].startswith("**not seen**")


def test_without_all_four_architectures_nothing_is_judged(tmp_path):
    found = [made_assessment(tmp_path), made_assessment(tmp_path, "linear")]
    assert set(verdicts(found).values()) == {"**not judged** (nothing to compare)"}
    assert "nothing to compare" in robustness_findings.findings(found)
    assert robustness_findings.findings(found[1:])


def test_the_findings_have_the_rules_and_a_column_for_each_group(tmp_path):
    found = four_heads(tmp_path) + four_heads(tmp_path, protocol="released", binary=every(0.5))
    text = robustness_findings.findings(found)
    assert "| Claim | MNIST, as described | MNIST, as released |" in text
    assert f"| {SMALLEST} | **not seen** (0 of 1 seed) | **seen** (1 of 1 seed) |" in text
    for rule in ("at least 2 times", "95%", "2,000 bootstrap", "2 strongest"):
        assert rule in text
    assert text.count("| Attack |") == text.count("| Falsifiers of |") == 2


def test_numbers_that_fail_a_falsifier_are_marked_in_the_table(tmp_path):
    far = {"relative": {"deepfool": 0.7, "margin": 0.22, "apgd": 0.2, "bisection": 0.29}}
    text = robustness_findings.findings(four_heads(tmp_path, binary=far))
    (line,) = [row for row in text.splitlines() if row.startswith("| mean ‖r‖/‖x‖ by DeepFool |")]
    assert line == "| mean ‖r‖/‖x‖ by DeepFool | 0.7 (failed a, d) | 0.1 | 0.1 | 0.1 |"
    assert "| mean smallest ‖r‖/‖x‖ | 0.1 | 0.1 | 0.1 | 0.1 |" in text
