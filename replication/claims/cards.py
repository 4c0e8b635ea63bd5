"""The front page's findings: four questions, answered by verdicts alone."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from replication.claims import words
from replication.claims.judge import Verdict, judge_all


class Card(NamedTuple):
    """A question, the claim and the setting whose verdict answers it, and the page that shows it.

    `answers`: a clause by what the verdict comes to (`words.MARKS`); `number`: what the estimate
    is of.
    """

    question: str
    claim: str
    setting: str
    page: str
    number: str
    answers: dict[str, str]


NOTE = (
    "In brackets 95 % intervals over seeds. ✓ holds, ✗ does not: the paper’s claims, and in the "
    "second card our own."
)
UNSETTLED = {"inconclusive": "this is not settled", "not judged": "this is not judged yet"}
CARDS = (
    Card(
        *("Is there a code?", "vertices-code", "mnist", "codes"),
        "cosine to the nearest corner, above chance",
        {
            "replicated": "the class means point to corners of a hypercube",
            "not replicated": "the class means are no nearer to corners than by chance",
        },
    ),
    Card(
        *("What makes it?", "why-sgd", "why", "why"),
        "the same cosine, with SGD in the last layer",
        {
            "replicated": "at the paper’s γ the code comes from the optimizer of the last layer, "
            "Adam; with SGD there, and the same penalty, there is none",
            "not replicated": "with SGD in the last layer there is a code as well",
        },
    ),
    Card(
        *("Is the network more accurate?", "fig3-test-linear", "mnist", "figures/fig3_accuracy"),
        "test accuracy gained by the penalty",
        {
            "replicated": "the penalty raises the accuracy",
            "small": "the penalty raises the accuracy, perhaps by less than counts",
            "not replicated": "the penalty does not raise the accuracy by as much as counts",
            "reversed": "the penalty lowers the accuracy",
        },
    ),
    Card(
        *("Is it harder to fool?", "robust-smallest", "mnist", "robustness"),
        "smallest perturbation of any attack, over that of the best other architecture",
        {
            "replicated": "it takes larger perturbations to change a decision",
            "small": "it takes perhaps slightly larger perturbations to change a decision",
            "not replicated": "it takes no larger perturbations to change a decision; only "
            "DeepFool’s are larger",
            "reversed": "it takes smaller perturbations to change a decision; only DeepFool’s are "
            "larger",
        },
    ),
)


def verdicts() -> list[tuple[Card, Verdict]]:
    """Each card with its verdict, from results/."""
    found = judge_all([card.setting for card in CARDS])
    by_claim = {(v.claim.id, v.setting.name): v for v in found}
    return [(card, by_claim[card.claim, card.setting]) for card in CARDS]


def answer(card: Card, verdict: Verdict) -> str:
    """The clause that a verdict comes to."""
    return (card.answers | UNSETTLED).get(verdict.kind, verdict.judged.verdict)


def sentence(found: Sequence[tuple[Card, Verdict]]) -> str:
    """What was found, as Markdown: of final verdicts alone, since nothing rests on others."""
    final = [answer(card, v) for card, v in found if v.n and not v.provisional]
    rest = len(found) - len(final)
    said = f"**We find:** {'; '.join(final)}." if final else ""
    if rest:
        some = "The other answers are" if final else "**All answers are**"
        said += f" {some} provisional, until all planned seeds are trained."
    return said.strip()


def markdown(found: Sequence[tuple[Card, Verdict]]) -> str:
    """The cards as a Markdown list, for the README."""
    return "\n".join(
        f"- **{card.question}** {words.MARKS[v.kind]} {answer(card, v)} ({card.number}: "
        f"{words.estimate(v) or 'no value'}; asked: {words.bound(v)}; {words.state([v])})."
        for card, v in found
    )


def html(found: Sequence[tuple[Card, Verdict]]) -> str:
    """The cards as a list, each a link to its page, and how to read their numbers."""
    items = "".join(_item(*pair) for pair in found)
    return f'<ul class="book-cards">{items}</ul><p class="book-cards-note">{NOTE}</p>'


def _item(card: Card, verdict: Verdict) -> str:
    number = words.estimate(verdict)
    size = f'<span class="book-card-number">{escape(number)}</span> ' if number else ""
    return (
        f'<li><a href="{card.page}.html"><strong>{escape(card.question)}</strong></a>'
        f'<span class="book-card-answer">{words.MARKS[verdict.kind]} '
        f"{escape(answer(card, verdict))}</span>"
        f'<small>{size}{escape(card.number)}<span class="book-card-asked"> · asked: '
        f"{escape(words.bound(verdict))}</span> · {words.state([verdict])}</small></li>"
    )
