"""The table of claims: what is in it, and what it refuses."""

import pytest

from replication.claims import table

GOOD = """
[margin.some]
value = 0.1
reason = "A reason."

[arm.binary]
head = "binary"

[arm.linear]
head = "linear"

[arm.other]
base = "linear"
width = 8

[setting.mnist]
dataset = "mnist"
protocol = "described"
planned = 3

[[claim]]
id = "one"
group = "figure 3"
source = "paper"
text = "It is so"
kind = "contrast"
measure = "accuracy"
split = "test"
arms = ["binary", "linear"]
direction = "higher"
margin = "some"
settings = ["mnist"]
"""


def read(folder, text: str) -> table.Table:
    path = folder / "some.toml"
    path.write_text(text, encoding="utf8")
    return table.read(path)


def test_a_table_is_read(tmp_path):
    found = read(tmp_path, GOOD)
    assert found.margins["some"].on("mnist") == 0.1
    assert found.arms["other"] == {"head": "linear", "width": 8}
    (claim,) = found.claims
    assert (claim.value, claim.scale, claim.threshold, claim.study) == ("end", "plain", None, None)
    assert claim.arms == ("binary", "linear")


def test_whole_codes_and_vertices_are_contrasted_with_the_linear_layer_alone():
    """Against 512 coordinates a whole code of 64 bits, or a vertex, means nothing."""
    for claim in table.read().claims:
        if claim.measure in ("whole_code_agreement", "vertex_excess") and claim.group != "why":
            assert claim.kind in ("threshold", "level") or claim.arms == ("binary", "linear")


BAD = [
    ('kind = "contrast"', 'kind = "guess"', "kind of claim one is 'guess'; allowed: contrast, "),
    ('"accuracy"', '"beauty"', "measure of claim one is 'beauty'; allowed: loss, "),
    ('arms = ["binary", "linear"]', "arms = []", "arms of claim one is []; allowed: a list of n"),
    ('"linear"]', '"linear", "other"]', "claim one has 3 arms; allowed: 1 to"),
    ('direction = "higher"\n', "", "direction of claim one is None; allowed: one, as its kind is "),
    ('margin = "some"', 'margin = "x"', "margin of claim one is 'x'; allowed: some"),
    ('margin = "some"', 'margin = "some"\nthreshold = 0.5', "threshold of claim one is 0.5; "),
    ('settings = ["mnist"]', 'settings = ["x"]', "setting of claim one is 'x'; allowed: mnist"),
    ("value = 0.1", "value = -0.1", "margin some is -0.1; allowed: a number > 0"),
    ("value = 0.1", "digits = 0.1", "margin some of claim one has none for mnist"),
    ('reason = "A reason."\n', "", "margin some is incomplete; allowed: value or datasets, and"),
    ("planned = 3", "planned = 0", "planned of setting mnist is 0; allowed: a whole number ≥ 1"),
    ('protocol = "described"', 'protocol = "x"', "protocol of setting mnist is 'x'; allowed: "),
    ("width = 8", "depth = 8", "field of arm other is 'depth'; allowed: dataset, head, "),
    ('base = "linear"', 'base = "other"', "arm other is based on itself; allowed: another arm"),
    ('base = "linear"', 'base = "x"', "arm is 'x'; allowed: binary, linear, other"),
    ('split = "test"', 'split = "test"\ncolor = 1', "key of claim one is 'color'; allowed: id, "),
    ('source = "paper"\n', "", "claim one has no source; allowed: one that has"),
    ('split = "test"', 'split = "test"\nstudy = "x"', "study of claim one is 'x'; allowed: robust"),
    (
        'kind = "contrast"\nmeasure = "accuracy"',
        'kind = "contrast"\nmeasure = "deepfool"\nstudy = "robustness"',
        "kind of claim one is 'contrast'; allowed: most",
    ),
    (
        'kind = "contrast"',
        'kind = "switch"\nscale = "log"',
        "scale of claim one is 'log'; allowed: plain",
    ),
    ('margin = "some"', 'margin = "some"\nceiling = "1"', "ceiling of claim one is '1'; allowed: "),
    ('margin = "some"', 'threshold = "x"', "threshold of claim one is 'x'; allowed: a number"),
    ("[margin.some]", "[margins.some]", "key is 'margins'; allowed: margin, arm, setting, claim"),
    ("value = 0.1", "value = ", "Invalid value"),
]


@pytest.mark.parametrize(("old", "new", "said"), BAD, ids=[said for *_, said in BAD])
def test_what_a_table_should_not_say_is_told_in_one_line(tmp_path, old, new, said):
    assert GOOD.count(old) >= 1
    with pytest.raises(ValueError) as error:
        read(tmp_path, GOOD.replace(old, new))
    assert str(error.value).startswith("some.toml: ")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_two_claims_have_two_ids(tmp_path):
    double = GOOD + GOOD[GOOD.index("[[claim]]") :]
    with pytest.raises(ValueError, match="two claims have the id 'one'; allowed: one each"):
        read(tmp_path, double)


@pytest.mark.parametrize("bound", [0, 1, 95])
def test_a_threshold_is_a_fraction(tmp_path, bound):
    text = GOOD.replace('kind = "contrast"', 'kind = "threshold"')
    text = text.replace('margin = "some"', f"threshold = {bound}")
    with pytest.raises(ValueError, match=r"threshold of claim one is .*; allowed: between 0 and 1"):
        read(tmp_path, text)
