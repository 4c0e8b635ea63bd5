"""KMNIST, SVHN and CIFAR through torchvision: small files, a server on this machine, no network."""

import functools
import gzip
import http.server
import re
import socket
import sys
import threading

import pytest
import torch
import torchvision

from replication.data import folder, sources, torchvision_sets
from replication.data.folder import DataError
from replication.data.load import load
from served_files import NAMES, NOWHERE, everything_in, make, md5, place

# As torchvision has them, before a test replaces them.
REAL = {
    name: served.files(getattr(torchvision.datasets, served.kind))
    for name, served in torchvision_sets.SERVED.items()
}
CIFARS = ("cifar10", "cifar100")


@pytest.fixture
def server(tmp_path):
    """Address of a server on this machine that has the files in the folder `served`."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=str(tmp_path / "served"))
    opened = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=opened.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{opened.server_port}/"
    opened.shutdown()
    thread.join()
    opened.server_close()


def failed(name, folder) -> str:
    """The text of the error where a dataset is not to be had."""
    with pytest.raises(DataError) as caught:
        load(name, folder)
    return str(caught.value)


def assert_is(loaded, made):
    for split in ("train", "test"):
        images, labels = (getattr(loaded, f"{split}_{part}") for part in ("images", "labels"))
        assert (images.dtype, labels.dtype) == (torch.uint8, torch.int64)
        assert images.is_contiguous() and labels.is_contiguous()
        assert torch.equal(images, torch.from_numpy(made.images[split]))
        assert torch.equal(labels, torch.from_numpy(made.labels[split]))


@pytest.mark.parametrize(
    ("name", "number"), [("kmnist", 4), ("svhn", 2), ("cifar10", 7), ("cifar100", 3)]
)
def test_every_file_that_is_loaded_has_a_checksum_of_its_own(name, number):
    sums = {file.md5 for file in REAL[name]}
    assert len(sums) == len(REAL[name]) == number
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in sums)


@pytest.mark.parametrize("name", NAMES)
def test_files_in_torchvisions_layout_are_read_and_left_alone(name, monkeypatch, tmp_path, capfd):
    made = make(name, monkeypatch)
    place(made.loaded, tmp_path)
    assert_is(load(name, tmp_path), made)
    assert everything_in(tmp_path) == made.loaded
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", NAMES)
def test_missing_files_are_downloaded_once(name, server, monkeypatch, tmp_path, capfd):
    made = make(name, monkeypatch, server)
    place(made.served, tmp_path / "served")
    said = []
    folder = sources.fetch(name, tmp_path / "d", said.append)
    assert everything_in(tmp_path / "d") == made.loaded
    assert {path.name for path in folder.iterdir()} == {p.split("/")[-1] for p in made.loaded}
    assert said[-1] == f"{name}: {len(made.loaded)} files verified in {folder}"
    assert capfd.readouterr() == ("", "")
    for file in (tmp_path / "served").iterdir():
        file.unlink()
    assert_is(load(name, tmp_path / "d"), made)


@pytest.mark.parametrize("name", ["kmnist", "svhn"])
def test_only_what_is_missing_is_downloaded(name, server, monkeypatch, tmp_path):
    made = make(name, monkeypatch, server)
    first = next(iter(made.loaded))
    place({first: made.loaded[first]}, tmp_path / "d")
    place(made.served, tmp_path / "served")
    (tmp_path / "served" / first.split("/")[-1]).unlink()
    assert_is(load(name, tmp_path / "d"), made)
    assert everything_in(tmp_path / "d") == made.loaded


@pytest.mark.parametrize("name", CIFARS)
def test_an_archive_is_unpacked_without_a_network(name, monkeypatch, tmp_path):
    made = make(name, monkeypatch)
    place(made.served, tmp_path)
    assert_is(load(name, tmp_path), made)
    assert everything_in(tmp_path) == made.served | made.loaded


@pytest.mark.parametrize("name", NAMES)
def test_without_a_network_the_error_tells_what_to_place_where(name, monkeypatch, tmp_path):
    made = make(name, monkeypatch)
    text = failed(name, tmp_path / "d")
    for path, content in made.loaded.items():
        assert f"{tmp_path / 'd' / path}: expected MD5 {md5(content)}, found no file" in text
    assert "torchvision's download: " in text and "refused" in text
    advice = text.split("supply the files in one of these ways:")[1]
    folder = tmp_path / "d" / "KMNIST" / "raw" if name == "kmnist" else tmp_path / "d"
    assert f"put into {folder}: " in advice
    for file, content in made.served.items():
        assert f"{file} (MD5 {md5(content)}, from {NOWHERE}{file})" in advice
    if name in CIFARS:
        (own,) = {(tmp_path / "d" / path).parent for path in made.loaded}
        names = ", ".join(path.split("/")[-1] for path in made.loaded)
        assert f"put what it holds into {own}: {names}" in advice
    assert "connect to the network" in advice
    assert everything_in(tmp_path) == {}


@pytest.mark.parametrize("name", NAMES)
def test_a_silent_network_does_not_hang(name, monkeypatch, tmp_path):
    monkeypatch.setattr(folder, "SOCKET_TIMEOUT_SECONDS", 0.2)
    socket.setdefaulttimeout(77)
    try:
        # It accepts connections into its backlog and never answers.
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            make(name, monkeypatch, f"http://127.0.0.1:{deaf.getsockname()[1]}/")
            assert "timed out" in failed(name, tmp_path)
        assert socket.getdefaulttimeout() == 77
    finally:
        socket.setdefaulttimeout(None)
    assert everything_in(tmp_path) == {}


@pytest.mark.parametrize("damage", [lambda c: c[:-5], lambda c: c + b"\0", lambda c: b""])
@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_is_named_and_kept(name, damage, server, monkeypatch, tmp_path):
    made = make(name, monkeypatch, server)
    place(made.served, tmp_path / "served")
    victim, content = list(made.loaded.items())[-1]
    place({victim: damage(content)}, tmp_path / "d")
    text = failed(name, tmp_path / "d")
    found = f"found {len(damage(content)):,} bytes with MD5 {md5(damage(content))}"
    assert f"{tmp_path / 'd' / victim}: expected MD5 {md5(content)}, {found}" in text
    assert "left as it is; move it away, then supply" in text
    assert everything_in(tmp_path / "d") == {victim: damage(content)}


def test_another_datasets_files_are_refused(monkeypatch, tmp_path):
    """As when FashionMNIST's are put where KMNIST's belong: they have the same names."""
    made = make("kmnist", monkeypatch)
    others = {path: gzip.compress(b"fashion" + content) for path, content in made.loaded.items()}
    place(others, tmp_path)
    text = failed("kmnist", tmp_path)
    first = next(iter(others))
    expected = f"expected MD5 {md5(made.loaded[first])}, found"
    assert f"kmnist: {tmp_path / first}: {expected}" in text
    assert md5(others[first]) in text
    assert everything_in(tmp_path) == others


def test_unpacked_files_of_another_dataset_are_not_read(monkeypatch, tmp_path):
    """torchvision would take them for KMNIST's: it has no checksum for what it unpacks."""
    made = make("kmnist", monkeypatch)
    place(made.loaded, tmp_path)
    place(
        {p.removesuffix(".gz"): gzip.decompress(c)[::-1] for p, c in made.loaded.items()}, tmp_path
    )
    before = everything_in(tmp_path)
    assert_is(load("kmnist", tmp_path), made)
    assert everything_in(tmp_path) == before


@pytest.mark.parametrize("name", CIFARS)
def test_a_damaged_archive_is_named_and_kept(name, monkeypatch, tmp_path):
    made = make(name, monkeypatch)
    ((file, content),) = made.served.items()
    place({file: content[:-9]}, tmp_path)
    assert f"{tmp_path / file}: expected MD5 {md5(content)}, found" in failed(name, tmp_path)
    assert everything_in(tmp_path) == {file: content[:-9]}


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_download_leaves_nothing(name, server, monkeypatch, tmp_path):
    made = make(name, monkeypatch, server)
    *_, last = made.served
    place(made.served | {last: b"an error page"}, tmp_path / "served")
    assert "File not found or corrupted" in failed(name, tmp_path / "d")
    assert everything_in(tmp_path / "d") == {}
    assert list((tmp_path / "d").iterdir()) == []


def test_a_folder_in_place_of_a_file_is_named(monkeypatch, tmp_path):
    make("svhn", monkeypatch)
    (tmp_path / "test_32x32.mat").mkdir()
    assert re.search("test_32x32.mat: expected MD5 .* cannot be read", failed("svhn", tmp_path))


def test_a_folder_that_cannot_be_written_is_told(monkeypatch, tmp_path):
    make("svhn", monkeypatch)
    (tmp_path / "file").write_text("")
    text = failed("svhn", tmp_path / "file" / "d")
    assert text.startswith(f"cannot write {tmp_path / 'file' / 'd'}: ")
    assert "BINENC_DATA" in text


def test_without_torchvision_the_error_tells_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    assert failed("svhn", tmp_path).endswith("pip install -r requirements.txt")
