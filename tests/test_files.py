import os

import pytest

from replication.base.files import whole_file, whole_folder


def contents(folder):
    return {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*.txt")}


def fill(target, text):
    with whole_folder(target) as draft:
        (draft / "inner").mkdir()
        (draft / "inner" / "b.txt").write_text(text)
        (draft / "a.txt").write_text(text)


def test_a_folder_appears_when_its_block_ends(tmp_path):
    target = tmp_path / "parents" / "are made" / "target"
    with whole_folder(target) as draft:
        (draft / "a.txt").write_text("text")
        assert draft.parent == target.parent  # a rename within one file system is whole
        assert not target.exists()
    assert contents(target) == {"a.txt": "text"}
    assert [p.name for p in target.parent.iterdir()] == ["target"]


@pytest.mark.parametrize("failure", [OSError("disk full"), KeyboardInterrupt()])
@pytest.mark.parametrize("earlier", [False, True])
def test_a_failing_block_leaves_what_was_there(tmp_path, failure, earlier):
    if earlier:
        fill(tmp_path / "target", "old")
    before = contents(tmp_path)
    with pytest.raises(type(failure)), whole_folder(tmp_path / "target") as draft:
        (draft / "a.txt").write_text("half")
        raise failure
    assert contents(tmp_path) == before
    assert len(list(tmp_path.iterdir())) == earlier


def test_a_folder_is_replaced_whole(tmp_path):
    target = tmp_path / "target"
    fill(target, "old")
    with whole_folder(target) as draft:
        (draft / "c.txt").write_text("new")
        assert contents(target) == {"a.txt": "old", "inner/b.txt": "old"}
    assert contents(target) == {"c.txt": "new"}
    assert [p.name for p in tmp_path.iterdir()] == ["target"]


@pytest.mark.parametrize("failing_renames", [{1}, {2}, {2, 3}])
def test_a_failing_rename_loses_nothing(tmp_path, monkeypatch, failing_renames):
    """Replacing takes two renames, old away and new in; a third puts the old folder back."""
    target = tmp_path / "target"
    fill(target, "old")
    rename, calls = os.replace, []

    def unreliable(source, destination):
        calls.append(source)
        if len(calls) in failing_renames:
            raise OSError("no rename")
        rename(source, destination)

    monkeypatch.setattr(os, "replace", unreliable)
    with pytest.raises(OSError, match="no rename"):
        fill(target, "new")
    kept = [contents(folder) for folder in tmp_path.iterdir()]
    assert {"a.txt": "old", "inner/b.txt": "old"} in kept
    if failing_renames != {2, 3}:
        assert [p.name for p in tmp_path.iterdir()] == ["target"]


def test_a_file_is_replaced_whole_or_stays_as_it_was(tmp_path):
    target = tmp_path / "target"
    with whole_file(target) as draft:
        draft.write_text("old")
        assert draft.parent == tmp_path
        assert not target.exists()
    with pytest.raises(RuntimeError), whole_file(target) as draft:
        draft.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["target"]


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path, there):
    elsewhere, links = tmp_path / "disk" / "elsewhere", tmp_path / "links"
    links.mkdir()
    if there:
        fill(elsewhere, "old")
    (links / "target").symlink_to(elsewhere)
    fill(links / "target", "new")
    assert contents(elsewhere) == {"a.txt": "new", "inner/b.txt": "new"}
    (links / "a.txt").symlink_to(elsewhere / "a.txt")
    with whole_file(links / "a.txt") as draft:
        draft.write_text("newer")
    assert (elsewhere / "a.txt").read_text() == "newer"
    assert all(path.is_symlink() for path in links.iterdir())
    assert [p.name for p in elsewhere.parent.iterdir()] == ["elsewhere"]


def test_a_file_is_not_replaced_by_a_folder(tmp_path):
    (tmp_path / "target").write_text("somebody's")
    with pytest.raises(NotADirectoryError):
        fill(tmp_path / "target", "new")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("target", "somebody's")]
