import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from binenc_core.robustness import ATTACKS, CORRUPTIONS
from replication.base import provenance
from replication.runs import store
from replication.studies import assessments, catalog
from replication.studies.assessments import Assessment, find, freeze_all, frozen_of, keep
from replication.studies.catalog import STUDIES, images_of
from served_files import everything_in
from small_runs import ORIGIN, assert_same_arrays, small

pytestmark = pytest.mark.usefixtures("own_folders")

INFO = {name: ORIGIN[name] for name in assessments.INFO_FIELDS}


def made_table(first: float = 0.0, rows: int = 3) -> pd.DataFrame:
    """A robustness table whose columns differ, with what cannot be measured as inf and nothing."""
    names = list(STUDIES["robustness"].columns)
    table = pd.DataFrame({name: np.arange(1.0 * rows) + first + i for i, name in enumerate(names)})
    table.loc[1, "deepfool"] = np.inf
    table.loc[2, "smallest_strong"] = np.nan
    return table


def kept(seed: int = 0, images: int = 360, **changes) -> Assessment:
    """An assessment kept in the runs folder, by default of as many images as the study takes."""
    config = small(seed=seed, **changes)
    arrays = {"severities": np.arange(6.0).reshape(2, 3) + seed}
    return keep("robustness", config, images, made_table(seed), arrays, INFO)


def same(one: Assessment, other: Assessment) -> None:
    assert (one.study, one.config.id, one.images) == (other.study, other.config.id, other.images)
    assert one.info == other.info
    pd.testing.assert_frame_equal(one.table, other.table, check_dtype=False)
    assert_same_arrays(one.arrays(), other.arrays())


def test_what_is_kept_is_found_as_it_was():
    made = kept(seed=2)
    pd.testing.assert_frame_equal(made.table, made_table(2), check_dtype=False)
    np.testing.assert_array_equal(made.arrays()["severities"], [[2, 3, 4], [5, 6, 7]])
    assert (made.images, made.info) == (360, INFO)
    same(find("robustness", small(seed=2)), made)
    about = json.loads(made.arrays_path.with_name("about.json").read_text(encoding="utf8"))
    assert about["config"] == small(seed=2).as_dict()


def test_nothing_is_found_of_another_network_study_or_number_of_images():
    kept()
    assert find("robustness", small(seed=1)) is None
    assert find("reliability", small()) is None
    assert find("robustness", small(), images=7) is None
    kept(images=7)
    assert find("robustness", small(), images=7).images == 7


OWN = STUDIES["robustness"]


@pytest.mark.parametrize(
    "change",
    [
        {"version": OWN.version + 1},
        {"asked": OWN.asked | {"attacks": [*OWN.asked["attacks"], "another"]}},
    ],
)
def test_what_was_asked_otherwise_is_no_answer(change, monkeypatch, capsys):
    freeze_all("robustness", "some", [kept()], "command")
    monkeypatch.setitem(catalog.STUDIES, "robustness", OWN._replace(**change))
    assert find("robustness", small()) is None
    assert frozen_of("robustness") == {}
    told = f"1 of 1 networks in {store.RESULTS / 'robustness' / 'some'}: their robustness was"
    assert f"left out: {told} asked otherwise" in capsys.readouterr().err
    again = kept()
    assert find("robustness", small()).arrays_path == again.arrays_path


# A number of the code that a study's results depend on, and another one.
CHANGES = [
    ("binenc_core/robustness/__init__.py", "descent_steps=20", "descent_steps=21"),
    ("binenc_core/robustness/__init__.py", '"steps": 50', '"steps": 51'),
    ("binenc_core/robustness/__init__.py", "apgd_steps=40", "apgd_steps=41"),
    ("binenc_core/robustness/__init__.py", "HALVINGS = 20", "HALVINGS = 21"),
    ("binenc_core/robustness/__init__.py", "SEED = 0", "SEED = 1"),
    ("binenc_core/robustness/__init__.py", '    "apgd": "APGD (DLR)",\n', ""),
    ("binenc_core/robustness/__init__.py", "(0.1, 0.2, 0.4,", "(0.1, 0.2, 0.3,"),
    ("binenc_core/reliability/__init__.py", "RESAMPLES, SEED = 500, 0", "RESAMPLES, SEED = 500, 1"),
    ("replication/studies/catalog.py", "HELD_OUT = 0.2", "HELD_OUT = 0.3"),
    ("replication/studies/catalog.py", "AGAIN_MOST = 0.25, 100", "AGAIN_MOST = 0.25, 50"),
]


PRINT = """
from replication.studies.catalog import STUDIES
print([study.fingerprint for study in STUDIES.values()])
"""


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change[2].strip() or "attack")
@pytest.mark.sampled
def test_a_change_in_the_code_asks_something_else(change, tmp_path):
    for package in ("binenc_core", "replication"):
        shutil.copytree(provenance.ROOT / package, tmp_path / package)
    path, before, after = change
    text = (tmp_path / path).read_text("utf8")
    assert text.count(before) == 1
    (tmp_path / path).write_text(text.replace(before, after), "utf8")
    own = os.environ | {"PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", PRINT]
    done = subprocess.run(command, cwd=tmp_path, env=own, capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.strip() != str([study.fingerprint for study in STUDIES.values()])


def test_what_was_frozen_before_was_asked_what_is_asked_today():
    """Their own arrays say so, where they have what was asked."""
    results = provenance.ROOT / "results"
    severities = {name: [0, *own.severities] for name, own in CORRUPTIONS.items()}
    for path in results.glob("robustness/*/arrays/*.npz"):
        arrays = np.load(path)
        assert arrays["corrupted_images"] == catalog.CORRUPTED
        assert len(arrays["gallery_row"]) == catalog.GALLERY
        for name, own in zip(arrays["corruptions"], arrays["severities"], strict=True):
            assert own[np.isfinite(own)] == pytest.approx(severities[str(name)])
    for path in results.glob("robustness/*/table.csv"):
        table = pd.read_csv(path, dtype={"id": str})
        assert set(ATTACKS) < set(table)
        again = table.groupby("id")["smallest_strong"].agg(["count", "size"])
        most = np.ceil(catalog.AGAIN_SHARE * again["size"]).clip(upper=catalog.AGAIN_MOST)
        assert (again["count"] == most).all()
    for path in results.glob("reliability/*/arrays/*.npz"):
        arrays = np.load(path)
        assert arrays["grid"] == pytest.approx(np.linspace(0, 1, catalog.POINTS))
        assert arrays["bin_count"].shape == (2, catalog.BINS)


@pytest.mark.parametrize("same", [True, False])
def test_what_is_frozen_without_a_note_of_it_was_asked_what_was_asked_then(same, monkeypatch):
    monkeypatch.setitem(assessments.UNNOTED, "robustness", OWN.fingerprint if same else "other")
    folder = freeze_all("robustness", "some", [kept()], "command")
    models = pd.read_csv(folder / "models.csv", dtype=str, keep_default_na=False)
    models.drop(columns="asked").to_csv(folder / "models.csv", index=False)
    assert (small().id in frozen_of("robustness")) == same


def test_a_damaged_folder_says_what_to_do():
    folder = kept().arrays_path.parent
    (folder / "about.json").write_text("{", encoding="utf8")
    with pytest.raises(RuntimeError, match="is damaged; delete it to have it made again"):
        find("robustness", small())


def test_what_is_frozen_is_found_as_it_was_kept():
    made = [kept(seed=seed, images=3) for seed in (0, 1)]
    folder = freeze_all("robustness", "some", made, "the command")
    assert folder == store.RESULTS / "robustness" / "some"
    freeze_all("robustness", "others", [kept(seed=2)], "command")
    assert set(frozen_of("robustness")) == {small(seed=seed).id for seed in range(3)}
    assert set(frozen_of("robustness", ["some"])) == {a.config.id for a in made}
    assert store.frozen_runs() == {}
    for one in made:
        for images in (None, 3):
            found = find("robustness", one.config, images)
            same(found, one)
            assert found.arrays_path.is_relative_to(folder)
        assert find("robustness", one.config, images=4) is None


def test_what_was_frozen_is_replaced_unless_the_new_is_refused_or_fails():
    folder = freeze_all("robustness", "some", [kept(), kept(seed=1)], "command")
    made = kept(seed=1)
    freeze_all("robustness", "some", [made], "command")
    assert set(frozen_of("robustness")) == {small(seed=1).id}
    before = everything_in(folder)
    assert f"arrays/{small().id}.npz" not in before
    lost = kept(seed=2)
    shutil.rmtree(lost.arrays_path.parent)
    less = replace(kept(seed=3), table=made_table().drop(columns="smallest"))
    for name, networks, error in (
        ("some", [made, lost], "No such file"),
        ("some", [less], "smallest"),
        ("some", [], "there is no robustness to freeze"),
        ("../some", [made], "allowed: lower-case letters"),
    ):
        with pytest.raises((OSError, KeyError, ValueError), match=error):
            freeze_all("robustness", name, networks, "command")
        assert everything_in(folder) == before
        assert [path.name for path in folder.parent.iterdir()] == ["some"]


def test_damaged_frozen_files_are_told_and_left_out(capsys):
    folder = freeze_all("robustness", "some", [kept()], "command")
    (folder / "table.csv").write_text("id\n", encoding="utf8")
    assert frozen_of("robustness") == {}
    assert f"left out: the frozen robustness in {folder} is damaged" in capsys.readouterr().err


def test_the_readme_says_how_it_was_made_and_what_is_in_it():
    folder = freeze_all("robustness", "some", [kept(), kept(seed=1)], "the command")
    text = (folder / "README.md").read_text(encoding="utf8")
    for phrase in ("`the command`", "2 networks, 360 test images", "A processor", "3.0 h, summed"):
        assert phrase in text
    for name in (*STUDIES["robustness"].columns, *STUDIES["robustness"].arrays):
        assert f"- `{name}`: " in text
    assert INFO["commit"] in text


@pytest.mark.parametrize("images", [0, 2.5, True, 11])
def test_a_wrong_number_of_images_names_what_is_allowed(images):
    with pytest.raises(ValueError, match="allowed: a whole number from 1 to 10"):
        images_of("robustness", images, 10)


@pytest.mark.parametrize(
    ("study", "asked", "most", "number"),
    [
        *(("robustness", None, 10_000, 500), ("robustness", None, 360, 360)),
        *(("robustness", 7, 10_000, 7), ("reliability", None, 10_000, 10_000)),
    ],
)
def test_a_study_takes_as_many_images_as_asked_or_its_own_number(study, asked, most, number):
    assert images_of(study, asked, most) == number
