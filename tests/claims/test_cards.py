"""The front page's cards, the forest plot and the table of all verdicts say what verdicts say."""

import pytest
from bs4 import BeautifulSoup

from replication.claims import cards, everything, table, words
from replication.claims.judge import Verdict, judge_all
from replication.claims.rules import CLASSES, NOT_JUDGED, Judged
from replication.figures.verdicts import forest


def verdict(card: cards.Card, said: str, n: int) -> Verdict:
    known = table.read()
    claim = next(claim for claim in known.claims if claim.id == card.claim)
    judged = Judged(said) if said == NOT_JUDGED else Judged(said, 0.3, 0.2, 0.4)
    return Verdict(claim, known.settings[card.setting], 101, n, judged, 0.1)


@pytest.mark.parametrize("said", CLASSES)
@pytest.mark.parametrize("card", cards.CARDS, ids=lambda card: card.claim)
def test_a_card_has_an_answer_for_every_verdict_and_leads_to_its_page(card, said):
    box = BeautifulSoup(cards.html([(card, verdict(card, said, 10))]), "html.parser")
    answer = box.select_one(".book-card-answer").get_text()
    assert answer.startswith(words.MARKS[CLASSES[said]])
    assert len(answer) > 5
    assert box.a["href"] == f"{card.page}.html"
    assert bool(box.select_one(".book-card-number")) == (said != NOT_JUDGED)


def test_no_sentence_rests_on_a_provisional_verdict():
    first, second = cards.CARDS[:2]
    final, early = verdict(first, "replicated", 10), verdict(second, "replicated", 3)
    text = cards.sentence([(first, final), (second, early)])
    assert cards.answer(first, final) in text
    assert cards.answer(second, early) not in text
    assert "provisional" in text
    assert "provisional" not in cards.sentence([(first, final)])
    assert "provisional" in cards.html([(second, early)])


@pytest.fixture(scope="module")
def all_verdicts():
    return judge_all()


def test_the_forest_has_a_mark_for_each_judged_claim_and_setting(all_verdicts):
    drawn = forest.data(all_verdicts)
    fig = forest.figure(drawn)
    judged = [v for v in all_verdicts if v.judged.verdict != NOT_JUDGED]
    assert sum(len(trace.x) for trace in fig.data) == len(drawn.shown) <= len(judged)
    texts = {note.text.replace("<br>", " ") for note in fig.layout.annotations}
    assert {v.claim.text for v in drawn.shown} <= texts
    low, high = sorted(fig.layout.xaxis.range)
    assert all(low < x < high for trace in fig.data for x in trace.x)
    rows = {(v.claim.group, v.claim.text) for v in drawn.shown}
    heights = sorted(note.y for note in fig.layout.annotations)
    assert len(heights) == len(set(heights)) == len(rows) + len({group for group, _ in rows})
    assert {page for trace in fig.data for page in trace.customdata} <= {
        f"{page}.html" for page in forest.PAGES.values()
    }
    assert len(fig.layout.meta["caption"].split()) <= 40


def test_the_band_of_the_forest_is_the_margin_of_every_claim():
    card = cards.CARDS[2]
    found = verdict(card, "replicated", 10)
    assert forest._in_margins(found) == pytest.approx([3, 2, 4])
    level = verdict(cards.CARDS[0], "replicated", 10)  # 0.3 [0.2, 0.4], asked is at least 0.1
    level = level._replace(margin=float("nan"))
    units = [(x - level.claim.threshold) / forest.UNIT for x in (0.3, 0.2, 0.4)]
    assert forest._in_margins(level) == pytest.approx(units)


def test_every_verdict_has_a_line_that_can_be_filtered_and_every_margin_a_reason(all_verdicts):
    page = BeautifulSoup(everything.html(all_verdicts), "html.parser")
    rows = page.select("tbody tr")
    assert len(rows) == len(all_verdicts)
    assert page.input["aria-controls"] == page.table["id"]
    for row, own in zip(rows, all_verdicts, strict=True):
        assert own.claim.text in row.get_text() and own.judged.verdict in row.get_text()
    text = everything.margins()
    assert all(own.reason in text for own in table.read().margins.values())
