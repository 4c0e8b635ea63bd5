"""What the runs of the γ explorer say, by rules that know no particular γ."""

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from replication.base import markdown
from replication.figures.common import captions, wording
from replication.figures.gamma.gamma_data import SIZE, Sweep, at, data
from replication.runs.store import Run

# The accuracy counts as kept where it is at most so far below that without the penalty.
KEPT = 0.01
# The code counts as whole where so many of the training points have their class's.
SHARED = 0.95
# A network that classifies fewer test images right than so many times chance has learned nothing.
LEARNT = 2

Rule = Callable[[Sweep, float, int], pd.Series]


def kept(sweep: Sweep, gamma: float, epoch: int) -> pd.Series:
    """In which seeds the test accuracy is at most KEPT below that of the same seed at γ = 0.

    Without a line for seeds that one of the two lacks.
    """
    return (gain(sweep, gamma, epoch) >= -KEPT).astype(bool)


def gain(sweep: Sweep, gamma: float, epoch: int) -> pd.Series:
    """Test accuracy less that of the same seed at γ = 0, of the seeds that have both."""
    accuracy = at(sweep, gamma, epoch, "test")["accuracy"]
    return (accuracy - at(sweep, 0, epoch, "test")["accuracy"]).dropna()


def whole(sweep: Sweep, gamma: float, epoch: int) -> pd.Series:
    """In which seeds each class has a code of its own, and SHARED of its points have it whole."""
    rows = at(sweep, gamma, epoch, "train")
    return (rows["whole_code_agreement"] >= SHARED) & (rows["distinct_codes"] == sweep.classes)


def collapsed(sweep: Sweep, gamma: float, epoch: int) -> pd.Series:
    """In which seeds the classes are no longer told apart: by their codes, or by the network."""
    shared = at(sweep, gamma, epoch, "train")["distinct_codes"] < sweep.classes
    return shared | (at(sweep, gamma, epoch, "test")["accuracy"] < LEARNT / sweep.classes)


# ---- One sentence for each place of the sliders ------------------------------------------------


def sentence(sweep: Sweep, gamma: float, epoch: int) -> str:
    """What is seen at a γ after an epoch, over all seeds, as plain text."""
    rows = at(sweep, gamma, epoch, "train")
    stops = sweep.stops[(sweep.stops["gamma"] == gamma) & (sweep.stops["diverged_epoch"] <= epoch)]
    ended = "".join(
        f" Seed {stop.seed} diverged in epoch {stop.diverged_epoch}." for stop in stops.itertuples()
    )
    if rows.empty:
        return f"γ = {gamma:g}, epoch {epoch}: no run got there.{ended}"
    parts = (_accuracy(sweep, gamma, epoch), _code(sweep, gamma, epoch), _size(sweep, gamma, epoch))
    return f"γ = {gamma:g}, epoch {epoch}: {' '.join(part for part in parts if part)}{ended}"


def _accuracy(sweep: Sweep, gamma: float, epoch: int) -> str:
    accuracy = at(sweep, gamma, epoch, "test")["accuracy"]
    text = f"{wording.percent(accuracy)} of the test images are classified right"
    if (accuracy < LEARNT / sweep.classes).all():
        return f"{text}, by chance it would be {100 / sweep.classes:g} %: nothing has been learned."
    if gamma and len(difference := gain(sweep, gamma, epoch)):
        text += f", {wording.points(difference)} from γ = 0"
    return f"{text}."


def _code(sweep: Sweep, gamma: float, epoch: int) -> str:
    rows = at(sweep, gamma, epoch, "train")
    agreement = f"{wording.percent(rows['whole_code_agreement'])} of the training points have"
    counts = sorted({int(count) for count in rows["distinct_codes"]})
    number = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    if collapsed(sweep, gamma, epoch).all():
        # Before the last epoch it may not have begun.
        ended = epoch == sweep.epochs[-1]
        verdict = "The code has collapsed" if ended else "No code tells the classes apart"
        return f"{verdict}: {sweep.classes} classes, {number} distinct code{'s' * (counts != [1])}."
    if whole(sweep, gamma, epoch).all():
        return f"The code is whole: {agreement} all bits of their class's code."
    start = f"The {sweep.classes} classes have {number} distinct codes"
    return f"{start}, but only {agreement} all bits of theirs."


def _size(sweep: Sweep, gamma: float, epoch: int) -> str:
    here, free = (at(sweep, g, epoch, "train")[SIZE].mean() for g in (gamma, 0))
    if not gamma or not free > 0 or not here > 0:
        return ""
    times = float(f"{free / here:.2g}")
    return f"The values x are {times:,.{0 if times >= 10 else 1}f} times smaller than at γ = 0."


# ---- The findings on the page ------------------------------------------------------------------

RULES: Mapping[str, tuple[Rule, str]] = {
    "accuracy kept": (kept, f"the test accuracy is at most {100 * KEPT:g} point below γ = 0"),
    "code whole": (
        whole,
        f"each class has a code of its own, and at least {wording.share(SHARED)} of the training "
        "points have all bits of their class's",
    ),
    "collapsed": (
        collapsed,
        f"fewer distinct codes than classes, or a test accuracy below {LEARNT} times chance",
    ),
}


def findings(*campaigns: Sequence[Run]) -> str:
    """Where the accuracy is kept, the code whole, and where it collapses, as Markdown."""
    found = [runs for runs in campaigns if runs]
    if not found:
        return "The runs behind the explorer have not been frozen: there is nothing to report yet."
    rules = "; ".join(f"*{name}*: {text}" for name, (_, text) in RULES.items())
    parts = [f"**The rule**, asked of each seed after the last epoch: {rules}."]
    for runs in found:
        sweep = data(runs)
        epoch = sweep.epochs[-1]
        said = [f"- **{name}**: {_where(sweep, rule, epoch)}." for name, (rule, _) in RULES.items()]
        parts += [f"**{captions.essentials(runs)}**", "\n".join(said), _table(sweep, epoch)]
    return "\n\n".join(parts)


def _where(sweep: Sweep, rule: Rule, epoch: int) -> str:
    """The values of γ at which a rule holds, in every seed and in some."""
    seen = {gamma: rule(sweep, gamma, epoch) for gamma in sweep.gammas}
    always = [f"{gamma:g}" for gamma, own in seen.items() if len(own) and own.all()]
    partly = [
        f"{gamma:g} ({int(own.sum())} of {len(own)})"
        for gamma, own in seen.items()
        if own.any() and not own.all()
    ]
    parts = [f"in every seed at γ = {', '.join(always)}"] if always else []
    parts += [f"in some at γ = {', '.join(partly)}"] if partly else []
    return "; ".join(parts) or "at no γ"


_COLUMNS = {
    "test accuracy": ("test", "accuracy"),
    "whole-code agreement": ("train", "whole_code_agreement"),
    "distinct codes": ("train", "distinct_codes"),
    "Hamming distance, mean": ("train", "hamming_mean"),
    "peak separation": ("train", "peak_separation"),
    "size of x": ("train", SIZE),
}


def _table(sweep: Sweep, epoch: int) -> str:
    """A Markdown table: a line for each γ with the mean over the seeds ± standard deviation."""

    def cell(gamma: float, split: str, metric: str) -> str:
        return wording.written(metric)[0](at(sweep, gamma, epoch, split)[metric])

    rows = [[f"{g:g}", *(cell(g, *place) for place in _COLUMNS.values())] for g in sweep.gammas]
    return markdown.table(["γ", *_COLUMNS], rows)
