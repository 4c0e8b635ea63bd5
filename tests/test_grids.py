import json

import pytest

from binenc_core.config import HEADS, RunConfig
from replication.base import provenance
from replication.campaigns import grids
from replication.data.recipes import PROTOCOLS, recipe

PLAIN = 'about = "A test."\n[[grid]]\ndataset = "digits"\n'


def read(folder, text: str) -> grids.NamedRuns:
    path = folder / "some.toml"
    path.write_text(text, encoding="utf8")
    return grids.read(str(path))


@pytest.mark.parametrize("name", grids.names())
def test_the_campaigns_of_the_project_can_be_read(name):
    named = grids.read(name)
    assert named.name == name
    assert named.about.endswith(".")
    assert len(named.configs) == len({config.id for config in named.configs}) > 0


def test_the_papers_setting_is_that_of_the_recipes():
    configs = grids.read("paper_full").configs
    assert len(configs) == 2 * 2 * 4 * 3
    assert {config.epochs for config in configs} == {101}
    for dataset in ("mnist", "fashion_mnist"):
        for protocol in ("described", "released"):
            expected = recipe(dataset, protocol, head="linear", seed=12, log_first=6)
            assert expected in configs


def test_the_confirmatory_campaigns_have_fresh_seeds_and_log_the_first_epochs():
    for name in ("mnist", "mnist_released", "fashion_mnist", "fashion_mnist_released", "paper"):
        configs = grids.read(name).configs
        assert min(config.seed for config in configs) == 10
        assert all(set(range(6)) <= set(config.logged_epochs()) for config in configs)


def test_seeds_are_outermost_in_a_grid_and_settings_innermost(tmp_path):
    text = PLAIN + "head = ['linear', 'none']\nseed = [3, 4]\nsetting = [{width = 8}, {width = 9}]"
    named = read(tmp_path, text)
    assert [[(c.head, c.width) for c in group] for group in named.groups] == [
        [("linear", 8), ("linear", 9), ("none", 8), ("none", 9)]
    ] * 2
    assert [group[0].seed for group in named.groups] == [3, 4]
    assert named.configs[0].seed == named.configs[3].seed == 3
    assert named.first_seeds(1).configs == named.configs[:4]
    with pytest.raises(ValueError, match="seeds is 3; allowed: 1 to 2, as some has"):
        named.first_seeds(3)


def test_a_grid_is_every_combination_of_its_lists():
    configs = grids.expand({"dataset": ["digits", "mnist"], "protocol": list(PROTOCOLS)})
    assert configs == [recipe(d, p) for d in ("digits", "mnist") for p in PROTOCOLS]
    values = recipe("digits", head="linear").as_dict()
    assert grids.expand(values) == [RunConfig(**values)]


def test_equal_trainings_of_several_grids_are_one(tmp_path):
    named = read(
        tmp_path, PLAIN + f"head = {json.dumps(HEADS)}\n" + PLAIN.partition("\n")[2] + "gamma = 10"
    )
    assert (named.name, named.about) == ("some", "A test.")
    assert named.configs == [recipe("digits", head=head) for head in HEADS]


@pytest.mark.parametrize("name", ["", "../README"])
def test_an_unknown_name_is_answered_with_the_known(name):
    with pytest.raises(ValueError) as error:
        grids.read(name)
    names = ", ".join(sorted(path.stem for path in (provenance.ROOT / "campaigns").iterdir()))
    allowed = f"{names}, or the path of a .toml file"
    assert str(error.value) == f"campaign is {name!r}; allowed: {allowed}"


@pytest.mark.parametrize("name", ["SOME.TOML", "with space é.toml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_file_is_read_under_any_name_and_with_a_mark_before_it(name, encoding, tmp_path):
    (tmp_path / name).write_text(PLAIN.replace("test", "é"), encoding=encoding)
    assert grids.read(str(tmp_path / name)).about == "A é."


BAD = [
    ("about = ", "Invalid value (at end of document)"),
    ('[[grid]]\ndataset = "digits"', "about is missing; allowed: a text"),
    ('about = ""', "grid is missing; allowed: one or more tables [[grid]]"),
    ('about = ""\ngrid = []', "grid is missing; allowed: one or more tables [[grid]]"),
    ('about = ""\ngrid = ["digits"]', "grid is missing; allowed: one or more tables [[grid]]"),
    (PLAIN.replace("grid", "grids"), "key is 'grids'; allowed: about, grid"),
    ('about = ""\n[[grid]]\nseed = 1', "a grid has no dataset"),
    (PLAIN + "seed = []", "seed is an empty list; allowed: one value or more"),
    (PLAIN + "setting = [1]", "setting holds 1; allowed: tables of fields"),
    (
        PLAIN + "width = 8\nsetting = [{width = 9}]",
        "width is in the grid and in a setting; allowed",
    ),
    (PLAIN + "seeds = 1", "parameter is 'seeds'; allowed: dataset, head, seed, "),
    (PLAIN + "gamma = [1, nan]", "gamma is nan; allowed: a number ≥ 0"),
    (PLAIN + "gamma = 2020-01-01", "allowed: a number ≥ 0"),
    (PLAIN + "gamma = {}", "gamma is {}; allowed: a number ≥ 0"),
    (PLAIN + 'head = ["none", 3]', "head is 3; allowed: binary, linear, nonlinear, none"),
    (PLAIN + "protocol = {}", "protocol is {}; allowed: described, released, later"),
    (PLAIN + "seed = 1\nseed = 2", "Cannot overwrite a value"),
    (PLAIN.replace('"digits"', "[{}]"), "dataset is {}; allowed: mnist, fashion_mnist, digits"),
]


@pytest.mark.parametrize(("text", "expected"), BAD, ids=[expected for _, expected in BAD])
def test_what_a_file_should_not_say_is_told_in_one_line(tmp_path, text, expected):
    with pytest.raises(ValueError) as error:
        read(tmp_path, text)
    assert expected in str(error.value)
    assert str(error.value).startswith("some.toml: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"about = '\xff'", PLAIN.encode("utf-16")])
def test_a_file_that_is_not_in_utf8_is_told_in_one_line(tmp_path, content):
    (tmp_path / "some.toml").write_bytes(content)
    with pytest.raises(ValueError, match=r"^some\.toml: it is not in UTF-8; allowed: [^\n]*$"):
        grids.read(str(tmp_path / "some.toml"))
