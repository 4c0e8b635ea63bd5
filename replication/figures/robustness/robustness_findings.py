"""The numbers behind the later versions' claim of robustness."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from replication.figures.common import assessed, wording
from replication.figures.common.assessed import Group
from replication.figures.robustness import robustness_attacks, robustness_sanity
from replication.studies.assessments import Assessment
from replication.studies.robustness_numbers import fooled, in_noise, mean


def findings(found: Sequence[Assessment]) -> str:
    """What the sanity checks say and, for each dataset and protocol, the numbers, as Markdown."""
    shown = assessed.groups(found)
    outcomes = robustness_sanity.data(shown)
    parts = [robustness_sanity.legend(shown, outcomes), robustness_attacks.NOTE]
    for group in shown:
        parts += [
            f"**{group.title}**",
            wording.table(quantities(group, outcomes)),
            robustness_attacks.table(group, outcomes),
            robustness_sanity.table(group, outcomes),
        ]
    return "\n\n".join(parts)


def quantities(group: Group, outcomes: pd.DataFrame) -> list[wording.Quantity]:
    """Distances and accuracies, seeds × heads, with the sanity checks that they fail."""

    def marked(number: str) -> Callable[[pd.Series], str]:
        note = robustness_sanity.note
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
