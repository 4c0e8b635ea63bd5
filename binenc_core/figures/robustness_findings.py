"""The later versions' claim of robustness, judged by rules."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from binenc_core.assessments import Assessment
from binenc_core.config import HEADS
from binenc_core.figures import assessed, robustness_attacks, robustness_falsified, wording
from binenc_core.figures.assessed import Group
from binenc_core.figures.robustness_corruptions import accuracies
from binenc_core.figures.robustness_numbers import (
    LEVEL,
    NUMBERS,
    RESAMPLES,
    fooled,
    interval,
    mean,
    moved,
    relative,
)

OTHERS = [head for head in HEADS if head != "binary"]
# "Dramatically" more robust: this many times every other architecture.
TIMES = 2
# The Gaussian noise at which accuracies are compared: so many of the strongest severities.
STRONGEST = 2
# By so many standard errors of their difference one accuracy must be above another.
ERRORS = 2

DEEPFOOL = f"By DeepFool, as the authors use it, at least {TIMES} times as robust"
SMALLEST = f"By the smallest perturbation found, at least {TIMES} times as robust"
MORE = "By the smallest perturbation found, more robust"
IN_NOISE = "Under strong Gaussian noise the most accurate"
# The number that a claim rests on, where it rests on one that falsifiers can refuse.
RESTS_ON = {DEEPFOOL: "deepfool", SMALLEST: "smallest", MORE: "smallest"}


def rule() -> str:
    """How the claims are judged, in words."""
    return (
        "**What we see.** Binary encoding against every other architecture, seed by seed. The "
        "rules, and the limits of the falsifiers, were set after a first look at one MNIST network "
        f"of each kind and before the numbers shown here. *At least {TIMES} times as robust*: "
        f"its mean ‖r‖/‖x‖ is at least {TIMES} times that of each other one. *More robust*: the "
        f"{LEVEL:.0%} interval of the difference on the same images is above zero for each other "
        f"one ({RESAMPLES:,} bootstrap resamples of images). *Most accurate*: its mean accuracy "
        f"over the {STRONGEST} strongest levels of the noise is above each other one's by more "
        f"than {ERRORS} standard errors of the difference. A claim that rests on "
        "a number which fails a falsifier for any of the architectures is *not judged*, whatever "
        "the number says."
    )


def seeds(group: Group) -> list[int]:
    """The seeds in which all four architectures were assessed."""
    by_head = [{found.config.seed for found in group.of(head)} for head in HEADS]
    return sorted(set.intersection(*by_head))


def claims(group: Group) -> dict[str, pd.Series]:
    """The claims, and in which seeds (index) each is seen, whatever the falsifiers say."""
    networks = {(found.config.head, found.config.seed): found for found in group.found}
    seen: dict[str, dict[int, bool]] = {DEEPFOOL: {}, SMALLEST: {}, MORE: {}, IN_NOISE: {}}
    for seed in seeds(group):
        own = {head: networks[head, seed] for head in HEADS}
        for claim, number in ((DEEPFOOL, "deepfool"), (SMALLEST, "smallest")):
            sizes = {head: mean(found, NUMBERS[number]) for head, found in own.items()}
            seen[claim][seed] = all(sizes["binary"] >= TIMES * sizes[head] for head in OTHERS)
        seen[MORE][seed] = all(difference(own["binary"], own[head])[0] > 0 for head in OTHERS)
        seen[IN_NOISE][seed] = all(more_accurate(own["binary"], own[head]) for head in OTHERS)
    return {claim: pd.Series(by_seed, dtype=bool) for claim, by_seed in seen.items()}


def difference(one: Assessment, other: Assessment) -> tuple[float, float]:
    """Interval of the mean difference of the smallest ‖r‖/‖x‖ on the images that both have."""
    less = (relative(one, "smallest") - relative(other, "smallest")).dropna()
    return interval(moved(less))


def in_noise(found: Assessment) -> float:
    """Mean accuracy over the strongest levels of the Gaussian noise."""
    table = accuracies(found)
    noisy = table.loc[table["corruption"] == "noise", "accuracy"]
    return float(noisy.iloc[-STRONGEST:].mean())


def more_accurate(one: Assessment, other: Assessment) -> bool:
    """Whether a network is more accurate in strong noise than another, beyond chance.

    The images are the same, so that the standard error of independent ones is on the safe side; the
    levels are too, so that more of them add no images.
    """
    accuracies = np.array([in_noise(one), in_noise(other)])
    counts = [int(found.arrays()["corrupted_images"]) for found in (one, other)]
    error = np.sqrt(np.sum(accuracies * (1 - accuracies) / counts))
    return bool(accuracies[0] - accuracies[1] > ERRORS * error)


def verdict(group: Group, claim: str, seen: pd.Series, outcomes: pd.DataFrame) -> str:
    """Whether a claim is seen, of the seeds in which what it rests on passes the falsifiers."""
    failures = {
        seed: _failures(group, RESTS_ON[claim], seed, outcomes) if claim in RESTS_ON else ""
        for seed in seen.index
    }
    refused = [seed for seed, which in failures.items() if which]
    letters = sorted({letter for which in failures.values() for letter in which.split(", ")} - {""})
    why = f"the measurement fails {robustness_falsified.letters(', '.join(letters))}"
    if refused and len(refused) == len(seen):
        return f"**not judged**: {why}"
    text = wording.verdict(seen.drop(refused))
    return f"{text}; {len(refused)} of {len(seen)} not judged: {why}" if refused else text


def _failures(group: Group, number: str, seed: int, outcomes: pd.DataFrame) -> str:
    """The falsifiers that a number fails for any architecture in one seed."""
    which = [robustness_falsified.failed(outcomes, group, h, number, seed) for h in HEADS]
    return ", ".join(sorted({letter for own in which for letter in own.split(", ")} - {""}))


def findings(found: Sequence[Assessment]) -> str:
    """The rules, the verdicts and, for each dataset and protocol, the numbers, as Markdown."""
    shown = assessed.groups(found)
    outcomes = robustness_falsified.data(shown)
    legends = [robustness_falsified.legend(shown, outcomes), robustness_attacks.NOTE]
    parts = [rule(), table(shown, outcomes), *legends]
    for group in shown:
        parts += [
            f"**{group.title}**",
            wording.table(quantities(group, outcomes)),
            robustness_attacks.table(group, outcomes),
            robustness_falsified.table(group, outcomes),
        ]
    return "\n\n".join(parts)


def table(shown: Sequence[Group], outcomes: pd.DataFrame) -> str:
    """A Markdown table: a line for each claim, and a column for each group with its verdict."""
    return wording.verdict_table({group.title: verdicts(group, outcomes) for group in shown})


def verdicts(group: Group, outcomes: pd.DataFrame) -> dict[str, str]:
    """The verdict on every claim."""
    return {claim: verdict(group, claim, seen, outcomes) for claim, seen in claims(group).items()}


def quantities(group: Group, outcomes: pd.DataFrame) -> list[wording.Quantity]:
    """The numbers behind the claims, seeds × heads, with the falsifiers that they fail."""

    def marked(number: str) -> Callable[[pd.Series], str]:
        note = robustness_falsified.note
        return lambda own: wording.value(own) + note(outcomes, group, own.name, number)

    def by_seed(measure) -> pd.DataFrame:
        return pd.DataFrame(
            {
                head: pd.Series({f.config.seed: measure(f) for f in group.of(head)})
                for head in group.heads
            }
        )

    smallest = by_seed(lambda found: mean(found, "smallest"))
    lead = -smallest.drop(columns="binary", errors="ignore").sub(
        smallest.get("binary", np.nan), axis=0
    )
    return [
        wording.Quantity(
            "mean ‖r‖/‖x‖ by DeepFool",
            by_seed(lambda f: mean(f, "deepfool_last")),
            marked("deepfool"),
        ),
        wording.Quantity(
            "images that DeepFool fools", by_seed(lambda f: fooled(f, "deepfool")), wording.percent
        ),
        wording.Quantity("mean smallest ‖r‖/‖x‖", smallest, marked("smallest")),
        wording.Quantity("lead of binary encoding in it", lead, wording.signed),
        wording.Quantity("accuracy in strong noise", by_seed(in_noise), wording.percent),
    ]
