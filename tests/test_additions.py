"""A head, a metric, an attack, a corruption and a dataset are added, each in its few places."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from binenc_book import toc

ROOT = Path(__file__).parents[1]

# By file: what stands there, once, and what stands there with the addition.
HEAD = {
    "binenc_core/config.py": (
        'HEADS = ("binary", "linear", "nonlinear", "none")\n# Those',
        'HEADS = ("binary", "linear", "nonlinear", "none", "squashed")\n# Those',
    ),
    "binenc_core/models.py": (
        '    if config.head == "nonlinear":\n',
        '    if config.head == "squashed":\n        return nn.Sequential(linear, nn.Tanh())\n'
        '    if config.head == "nonlinear":\n',
    ),
    "replication/figures/common/style.py": (
        '    "nonlinear": HeadStyle(',
        '    "squashed": HeadStyle("Squashed penultimate", "#cc79a7", "solid", "cross"),\n'
        '    "nonlinear": HeadStyle(',
    ),
}
METRIC = {
    "binenc_core/metrics/names.py": (
        '    "vertex_cosine": ',
        '    "largest_value": "largest |x|",\n    "vertex_cosine": ',
    ),
    "binenc_core/metrics/encoding.py": (
        '        "vertex_cosine": vertex_cosine(x),\n',
        '        "vertex_cosine": vertex_cosine(x),\n'
        '        "largest_value": float(x.abs().max()),\n',
    ),
}
ATTACK = {
    "binenc_core/robustness/__init__.py": (
        '    "bisection": ',
        '    "halfway": "Half the way to the nearest other image",\n    "bisection": ',
    ),
    "binenc_core/robustness/ensemble.py": (
        '    "bisection": ',
        '    "halfway": lambda logits, images, classes, others, strength: (images + others) / 2,\n'
        '    "bisection": ',
    ),
}
CORRUPTION = {
    "binenc_core/robustness/__init__.py": (
        '    "occlusion": Corruption(\n',
        '    "negative": Corruption("Negative", "share", (0.5, 1.0)),\n'
        '    "occlusion": Corruption(\n',
    ),
    "binenc_core/robustness/corruptions.py": (
        '    "occlusion": occluded,\n',
        '    "negative": lambda images, share, draws: images * (1 - 2 * share),\n'
        '    "occlusion": occluded,\n',
    ),
}
DATASET = {
    "replication/data/datasets.py": (
        "}\nPAPER_DATASETS",
        '    "upside_down": DatasetInfo(\n'
        '        *("Upside-down digits", 1_437, 360, 1, 8, 10),\n'
        '        recipe={"width": 16, "latent_dim": 4, "epochs": 2}, origin=_OWN,\n'
        "    ),\n}\nPAPER_DATASETS",
    ),
}
# Trains what is new, freezes it, and shows every page; PyTorch's own cells are run elsewhere.
SCRIPT = """
import ast, json, sys
from pathlib import Path
from binenc_core.config import HEADS
from binenc_core.metrics.names import METRICS
from binenc_core.robustness import ATTACKS, CORRUPTIONS
from replication.data.datasets import DATASETS
from replication.data.recipes import recipe
from replication.runs import store
from replication.runs.freeze import freeze
from replication.runs.trainer import get_or_train
from replication.campaigns.assess import assess_one
from replication.studies.assessments import freeze_all, frozen_of

assert "squashed" in HEADS and "largest_value" in METRICS and "halfway" in ATTACKS
assert "negative" in CORRUPTIONS and "upside_down" in DATASETS
small = {"width": 64, "epochs": 20}
runs = [get_or_train(recipe("digits", head=head, seed=50, **small)) for head in HEADS]
runs.append(get_or_train(recipe("upside_down", head="binary", seed=50)))
assert all(run.history["largest_value"].notna().any() for run in runs)
freeze(runs[:-1], store.RESULTS / "extra", "train them")
freeze(runs[-1:], store.RESULTS / "upside_down", "train it")
# What was frozen knows nothing of the new attack: it is no answer any more.
assert not frozen_of("robustness") and frozen_of("reliability")
found = [assess_one("robustness", run.config, 20, "cpu") for run in runs[:4]]
assert all(own.table["halfway"].notna().all() for own in found)
freeze_all("robustness", "digits", found, "assess them")

for page in sys.argv[1:]:
    space = {}
    for cell in json.loads(Path(page).read_text("utf8"))["cells"]:
        if cell["cell_type"] == "code" and "needs-pytorch" not in cell["metadata"].get("tags", []):
            exec(compile("".join(cell["source"]), page, "exec"), space)
        if page.endswith("robustness.ipynb"):
            space["dataset"] = "digits"  # of which the study has been made again
    print("shown:", page)
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the project with all additions."""
    tree = tmp_path_factory.mktemp("copy") / "tree"
    for folder in ("binenc_core", "replication", "campaigns", "results", "book"):
        shutil.copytree(ROOT / folder, tree / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for edits in (HEAD, METRIC, ATTACK, CORRUPTION, DATASET):
        for name, (before, after) in edits.items():
            path = tree / name
            text = path.read_text("utf8")
            assert text.count(before) == 1, name
            path.write_text(text.replace(before, after), "utf8")
    return tree


@pytest.mark.full
def test_each_addition_is_trained_and_every_page_is_still_made(copy):
    pages = [f"{page}.ipynb" for page in toc.notebooks(ROOT)]
    environment = os.environ | {"PYTHONPATH": str(copy), "BINENC_RUNS": str(copy / "runs")}
    environment |= {"TQDM_DISABLE": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", SCRIPT, *pages]
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line.startswith("shown")] == [
        f"shown: {page}" for page in pages
    ]
