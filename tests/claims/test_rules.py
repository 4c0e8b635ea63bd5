"""The verdict rule on made numbers: how often it errs, and known answers line by line."""

from itertools import permutations, product

import numpy as np
import pytest
from scipy import stats

from replication.claims import rules
from replication.claims.rules import (
    AGAINST,
    INCONCLUSIVE,
    MAY_BE_SMALL,
    NO_EFFECT,
    NOT_REPLICATED,
    REPLICATED,
    REVERSED,
    REVERSED_MAY_BE_SMALL,
    REVERSED_SMALLER,
    SMALLER,
)

POSITIVE = (REPLICATED, MAY_BE_SMALL, SMALLER)
DRAWS = 4000
# Three standard errors of a rate of 5 % among so many draws.
SLACK = 3 * np.sqrt(0.05 * 0.95 / DRAWS)


def draws(seeds: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seeds).normal(size=(DRAWS, *shape, seeds))


def rate(verdicts: list[str], wanted) -> float:
    return np.mean([verdict in wanted for verdict in verdicts])


@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize("margin", [0.05, 0.5, 2.0])
@pytest.mark.sampled
def test_equal_heads_are_seldom_told_apart(seeds, margin):
    found = [rules.contrast(d, margin).verdict for d in draws(seeds)]
    assert rate(found, (*POSITIVE, *AGAINST)) <= 0.05 + SLACK
    assert rate(found, (REPLICATED, REVERSED)) <= 0.05 + SLACK
    assert rate(found, POSITIVE) == pytest.approx(rate(found, AGAINST), abs=0.02)


@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize("margin", [0.05, 0.5])
@pytest.mark.sampled
def test_one_of_four_equal_heads_is_seldom_the_most(seeds, margin):
    """All four heads scatter alike, so that the three differences share binary encoding's."""
    heads = draws(seeds, 4)
    found = [rules.most(own[0] - own[1:], margin).verdict for own in heads]
    assert rate(found, POSITIVE) <= 0.025
    assert rate(found, AGAINST) <= 0.05 + SLACK


@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_an_effect_at_the_margin_is_seldom_called_replicated(seeds):
    found = [rules.contrast(d + 1, 1).verdict for d in draws(seeds)]
    assert rate(found, (REPLICATED,)) <= 0.025 + SLACK
    assert rate(found, (NO_EFFECT, SMALLER)) <= 0.025 + SLACK


@pytest.mark.parametrize(("seeds", "power"), [(3, 0.5), (5, 0.95), (10, 0.99)])
@pytest.mark.sampled
def test_large_effects_are_found(seeds, power):
    found = [rules.contrast(d + 4, 0.5).verdict for d in draws(seeds)]
    assert rate(found, (REPLICATED,)) >= power
    turned = [rules.contrast(-d - 4, 0.5).verdict for d in draws(seeds)]
    assert rate(turned, (REVERSED,)) >= power
    heads = draws(seeds, 4) / np.sqrt(2)
    most = [rules.most(own[0] + 4 - own[1:], 0.5).verdict for own in heads]
    assert rate(most, (REPLICATED,)) >= power - 0.25


@pytest.mark.parametrize("fraction", [0.95, 0.99])
@pytest.mark.parametrize("seeds", [3, 5, 10])
def test_a_fraction_at_its_threshold_seldom_exceeds_it(fraction, seeds):
    """Odds scatter from seed to seed around those of the threshold, and counts besides."""
    rng = np.random.default_rng(seeds)
    images = 10_000
    odds = fraction / (1 - fraction) * np.exp(0.5 * rng.normal(size=(DRAWS, seeds)))
    hits = rng.binomial(images, odds / (1 + odds)) / images
    bound = rules.logit([fraction], images)[0]
    found = [rules.level([rules.logit(own, images)], bound).verdict for own in hits]
    assert rate(found, (REPLICATED,)) <= 0.025 + SLACK
    assert rate(found, (NOT_REPLICATED,)) <= 0.025 + SLACK


# Three differences with mean 0 and standard error 1: their interval is ± t(2).
UNIT = np.array([-1, 0, 1]) * np.sqrt(3)
HALF = stats.t.ppf(0.975, 2)


@pytest.mark.parametrize(
    ("mean", "margin", "expected"),
    [
        (HALF + 2.1, 2, REPLICATED),
        (-HALF - 2.1, 2, REVERSED),
        (HALF + 0.1, 2 * HALF + 0.2, SMALLER),
        (-HALF - 0.1, 2 * HALF + 0.2, REVERSED_SMALLER),
        (0, HALF + 0.1, NO_EFFECT),
        (HALF + 0.1, 2, MAY_BE_SMALL),
        (-HALF - 0.1, 2, REVERSED_MAY_BE_SMALL),
        (0.1, 2, INCONCLUSIVE),
    ],
)
def test_each_line_of_the_rule(mean, margin, expected):
    found = rules.contrast(UNIT + mean, margin)
    assert found.verdict == expected
    assert (found.estimate, found.low, found.high) == pytest.approx(
        (mean, mean - HALF, mean + HALF)
    )
    assert found.detectable == pytest.approx(HALF + stats.t.ppf(0.8, 2))
    assert found.excludable == pytest.approx(HALF + stats.t.ppf(0.9, 2))
    # Each mean is so far from the bound that its verdict is about.
    away = 0.1 if expected == INCONCLUSIVE else HALF + 0.1
    assert found.p == pytest.approx(stats.t.sf(away, 2))


def test_constant_differences_have_no_scatter():
    found = [rules.contrast([d] * 4, 0.2) for d in (0.3, 0.0, -0.1)]
    assert [own.verdict for own in found] == [REPLICATED, NO_EFFECT, REVERSED_SMALLER]
    assert found[0].p == 0


def test_every_verdict_has_a_class():
    said = [
        value for name, value in vars(rules).items() if name.isupper() and isinstance(value, str)
    ]
    assert set(said) == set(rules.CLASSES)


def test_the_p_of_several_is_the_largest_or_that_of_the_one_that_decides():
    """UNIT has the standard error 1: a mean's distance from its bound is t."""
    far, near, behind = UNIT + 50, UNIT + 10, UNIT - 50
    assert rules.most([far, near], 1).p == pytest.approx(stats.t.sf(9, 2))
    assert rules.most([far, near, behind], 1).p == pytest.approx(3 * stats.t.sf(49, 2))
    assert rules.level([far, near], 1).p == pytest.approx(stats.t.sf(9, 2))
    assert rules.level([far, near, behind], 1).p == pytest.approx(3 * stats.t.sf(51, 2))
    assert rules.comparable([UNIT, UNIT + 1], 9).p == pytest.approx(stats.t.sf(8, 2))
    assert rules.comparable([UNIT, far], 9).p == pytest.approx(2 * stats.t.sf(41, 2))
    assert rules.comparable([UNIT, behind], 9).p == pytest.approx(2 * stats.t.sf(41, 2))


def test_images_may_take_a_verdict_away():
    """Ten thousand images of which each tells as much as a coin: an error of 0.01 besides."""
    coins = np.tile([-1.0, 1.0], 5000)
    sure = np.zeros(10_000)
    d = UNIT / 1000
    assert rules.most([d + 0.05], 0.02, [sure]) == rules.contrast(d + 0.05, 0.02)
    crossed = rules.most([d + 0.05], 0.02, [coins])
    assert crossed.verdict == MAY_BE_SMALL
    assert crossed.high - crossed.estimate == pytest.approx(HALF * np.hypot(0.001, 0.01), rel=1e-3)
    pairs = [d + 0.5, d + 0.05]
    assert rules.most(pairs, 0.02, [sure, sure]) == rules.most(pairs, 0.02)
    assert rules.most(pairs, 0.02, [coins, sure]).verdict == REPLICATED
    assert rules.most(pairs, 0.02, [sure, coins]).verdict == MAY_BE_SMALL
    assert rules.comparable([d], 0.02, [sure]).verdict == REPLICATED
    assert rules.comparable([d], 0.02, [coins]).verdict == INCONCLUSIVE


def test_most_asks_every_pair_and_shows_the_weakest():
    far, near, behind = UNIT + 20, UNIT + HALF + 0.1, UNIT - 20
    assert rules.most([far, far], 1).verdict == REPLICATED
    small = rules.most([far, near], 1)
    assert (small.verdict, small.which) == (MAY_BE_SMALL, 1)
    assert small.estimate == pytest.approx(HALF + 0.1)
    wide = 10 * UNIT + 10 * HALF + 0.5  # on average beyond `far`, but perhaps small
    assert rules.most([far, wide], 1).which == 1
    turned = rules.most([far, behind, near], 1)
    assert (turned.verdict, turned.which) == (REVERSED, 1)
    assert rules.most([far, UNIT], 1).verdict == INCONCLUSIVE
    assert rules.most([far, UNIT / 100], 1).verdict == NO_EFFECT
    # At the level of a single test it would be reversed, among three it is not.
    alone = UNIT - 2 - HALF - 0.5
    assert rules.contrast(alone, 2).verdict == REVERSED
    assert rules.most([far, far, alone], 2).verdict == INCONCLUSIVE


def test_levels_ask_every_arm():
    assert rules.level([UNIT + 20, UNIT + 10], 5).verdict == REPLICATED
    assert rules.level([UNIT + 20, UNIT + 10], 5).which == 1
    assert rules.level([UNIT + 20, UNIT], 5).verdict == NOT_REPLICATED
    assert rules.level([UNIT + 20, UNIT + 5], 5).verdict == INCONCLUSIVE


def test_logits_and_fractions_are_each_others_inverse():
    fractions = np.array([0.0, 0.2, 0.95, 1.0])
    np.testing.assert_allclose(
        rules.fraction(rules.logit(fractions, 50), 50), fractions, atol=1e-12
    )
    assert rules.logit([0.5], 10)[0] == 0
    assert rules.logit([1.0], 10)[0] == pytest.approx(np.log(21))


def test_comparable_needs_all_pairs_within():
    assert rules.comparable([UNIT / 10, UNIT / 10 + 0.5], 1).verdict == REPLICATED
    assert rules.comparable([UNIT / 10, UNIT / 10 + 2], 1).verdict == NOT_REPLICATED
    wide = rules.comparable([UNIT / 10, UNIT + 1], 1)
    assert (wide.verdict, wide.which) == (INCONCLUSIVE, 1)


@pytest.mark.parametrize(("seeds", "levels"), [(1, 4), (2, 3), (3, 3)])
def test_pages_p_is_that_of_all_orders(seeds, levels):
    values = np.random.default_rng(1).normal(size=(seeds, levels)) + np.arange(levels)
    weights = np.arange(1, levels + 1)
    found = (stats.rankdata(values, axis=1) * weights).sum()
    every = [
        sum(np.dot(weights, own) for own in orders)
        for orders in product(permutations(weights), repeat=seeds)
    ]
    assert rules.page_p(values) == pytest.approx(np.mean(np.array(every) >= found))


def test_pages_p_counts_ties_in_halves():
    assert rules.page_p(np.zeros((4, 3))) == 1
    tied = np.array([[0.0, 0.0, 1.0]] * 3)
    # Of a seed's six orders of the ranks 1.5, 1.5, 3 two put the 3 last.
    assert rules.page_p(tied) == pytest.approx((1 / 3) ** 3)


def test_order_needs_every_step():
    rng = np.random.default_rng(0)
    rising = np.arange(4.0) + 0.1 * rng.normal(size=(5, 4))
    assert rules.order(rising).verdict == REPLICATED
    assert rules.order(rising).estimate == pytest.approx(3, abs=0.2)
    assert rules.order(rising[:, ::-1]).verdict == NOT_REPLICATED
    broken = rising[:, [0, 2, 1, 3]]
    assert rules.page_p(broken) < 0.025
    assert rules.order(broken).verdict == NOT_REPLICATED
    flat = rng.normal(size=(5, 4))
    assert rules.order(flat).verdict == INCONCLUSIVE


@pytest.mark.parametrize("target", [1.0, -1.0])
def test_a_switch_is_asked_for_half_of_the_way(target):
    before, goal = UNIT / 50, np.full(3, target)
    short, far = before + 0.2 * target, before + 0.9 * target
    assert rules.switch(short, before, goal).verdict == REPLICATED
    assert rules.switch(short, before, goal).estimate == pytest.approx(0.3)
    assert rules.switch(far, before, goal).verdict == NOT_REPLICATED


def test_when_a_curve_first_reaches_a_goal():
    epochs = [0, 1, 2, 10]
    curve = [4.0, 3.0, 1.0, 2.0]
    assert rules.first_reached(curve, epochs, 5) == 0
    assert rules.first_reached(curve, epochs, 3) == 1
    assert rules.first_reached(curve, epochs, 2) == 1.5
    assert rules.first_reached(curve, epochs, 1.9) == pytest.approx(1.55)
    assert rules.first_reached(curve, epochs, 0.5) == 10


def test_holm_against_the_definition():
    p = np.array([0.01, np.nan, 0.04, 0.03, 0.005])
    # 4·0.005, 3·0.01, 2·0.03, then 0.04 raised to what stands before it.
    np.testing.assert_allclose(rules.holm(p), [0.03, np.nan, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(rules.holm([0.6, 0.9]), [1, 1])


def test_images_that_all_seeds_share_widen_the_interval():
    """Differences of seeds on the same images: the crossed interval covers the truth as it says."""
    rng = np.random.default_rng(3)
    seeds, images = 5, 400
    covered = {"seeds": 0, "crossed": 0}
    for _ in range(600):
        by_image = rng.normal(size=images) + rng.normal(size=(seeds, images))
        by_image += 0.02 * rng.normal(size=(seeds, 1))
        d = by_image.mean(axis=1)
        alone, both = rules.interval(d), rules.interval(d, by_image=by_image.mean(axis=0))
        covered["seeds"] += alone.low <= 0 <= alone.high
        covered["crossed"] += both.low <= 0 <= both.high
    assert covered["crossed"] / 600 >= 0.93
    assert covered["seeds"] / 600 <= 0.9
