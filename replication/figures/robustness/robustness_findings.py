"""The numbers behind the later versions' claim of robustness, and each attack by itself.

Of an attack: its mean, how often another one beats it, and what more effort brings.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from binenc_core.robustness import ATTACKS
from replication.base import markdown
from replication.figures.common import assessed, wording
from replication.figures.common.assessed import Group
from replication.figures.common.style import HEAD_STYLES
from replication.figures.robustness import robustness_sanity
from replication.figures.robustness.robustness_sanity import note
from replication.studies import sanity_checks
from replication.studies.assessments import Assessment
from replication.studies.robustness_numbers import fooled, in_noise, mean, relative

# An attack is beaten on an image where its ‖r‖ is larger than the smallest by more than this.
MARGIN = 0.01
ATTACKS_NOTE = (
    "**The attacks**, each by itself: its mean ‖r‖/‖x‖ over the images on which it succeeds "
    "(DeepFool's in the first table is over all), and on how many of them another attack finds a "
    f"perturbation smaller by more than {wording.share(MARGIN)}; means over seeds. Last line: by "
    "how much more effort lowers the mean of the smallest, in the seed where that is most."
)


def findings(found: Sequence[Assessment]) -> str:
    """What the sanity checks say and, for each dataset and protocol, the numbers, as Markdown."""
    shown = assessed.groups(found)
    outcomes = robustness_sanity.data(shown)
    parts = [robustness_sanity.legend(shown, outcomes), ATTACKS_NOTE]
    for group in shown:
        parts += [
            f"**{group.title}**",
            wording.table(quantities(group, outcomes)),
            attack_table(group, outcomes),
            robustness_sanity.table(group, outcomes),
        ]
    return "\n\n".join(parts)


def quantities(group: Group, outcomes: pd.DataFrame) -> list[wording.Quantity]:
    """Distances and accuracies, seeds × heads, with the sanity checks that they fail."""

    def marked(number: str) -> Callable[[pd.Series], str]:
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


def beaten(found: Assessment, attack: str) -> float:
    """Share of the images on which another attack found a ‖r‖ that is smaller by over MARGIN."""
    sizes, smallest = relative(found, attack), relative(found, "smallest")
    return float((sizes > (1 + MARGIN) * smallest).mean())


def lowered(found: Assessment) -> float:
    """By what share more steps, restarts and targets lower the mean of the smallest ‖r‖/‖x‖.

    On the images that were attacked so; nan where none was.
    """
    strong = relative(found, "smallest_strong").dropna()
    normal = relative(found, "smallest").reindex(strong.index)
    return float(1 - strong.mean() / normal.mean()) if len(strong) else float("nan")


def attack_table(group: Group, outcomes: pd.DataFrame) -> str:
    """A Markdown table: a line for each attack, a column for each architecture.

    With the sanity checks that an attack's number fails, where it is one that they judge.
    """
    rows = [
        [
            f"{title[0].upper()}{title[1:]}",
            *(
                _attack_cell(group.of(head), attack) + note(outcomes, group, head, attack)
                for head in group.heads
            ),
        ]
        for attack, title in ATTACKS.items()
    ]
    strong = [_strong_cell(group.of(head)) for head in group.heads]
    rows.append(["The smallest, lowered by more steps, restarts and targets", *strong])
    return markdown.table(["Attack", *(HEAD_STYLES[head].name for head in group.heads)], rows)


def _attack_cell(networks: Sequence[Assessment], attack: str) -> str:
    size = np.mean([mean(found, attack) for found in networks])
    share = np.mean([beaten(found, attack) for found in networks])
    text = f"{size:.3f}" if np.isfinite(size) else wording.NO_VALUE
    return f"{text}, beaten on {wording.share(share)}"


def _strong_cell(networks: Sequence[Assessment]) -> str:
    """By how much more effort lowers the mean, of several networks by how much at most."""
    shares = [share for found in networks if not np.isnan(share := lowered(found))]
    if not shares:
        return "not measured"
    text = wording.share(max(shares), 1)
    return f"{text}, **not yet strong enough**" if not_strong_enough(max(shares)) else text


def not_strong_enough(share: float) -> bool:
    """Whether more effort lowers the mean by more than sanity check (d) allows."""
    return 1 / (1 - share) - 1 > sanity_checks.EXCESS_OVER_SECOND
