"""Captions: what was trained, and how that differs from the paper."""

import pytest

from made_runs import made_run, made_runs
from replication.data.recipes import switches
from replication.figures.common import captions


def test_a_sentence_has_network_seeds_protocol_and_what_differs_with_the_papers_value():
    assert captions.setting(made_runs(seeds=3, width=512)) == (
        "MNIST: MLP of width 512, P = 64, γ = 10 (mean_exp), 10 epochs, seeds 0–2; protocol as "
        "described in the paper, but width 512 instead of 2048, epochs 10 instead of the released "
        "code's 101."
    )
    assert captions.setting([made_run(epochs=101)]).endswith(
        ", 101 epochs, seed 0; protocol as described in the paper."
    )
    apart = [made_run(seed=seed) for seed in (10, 12)]
    assert ", seeds 10, 12; " in captions.setting(apart)
    runs = made_runs(seeds=3)
    fewer = [run for run in runs if run.config.head != "none" or run.config.seed < 2]
    assert ", seeds 0–2 (no penultimate: seeds 0–1); " in captions.setting(fewer)


def test_a_page_says_the_essentials_and_folds_the_rest():
    runs = [*made_runs(seeds=2, width=512), *made_runs("fashion_mnist", seeds=1)]
    text = captions.fold(runs, "One sentence <more>.")
    line, rest = text.split("</summary>")
    assert "MNIST, width 512, 10 epochs, seeds 0–1, as described; FashionMNIST, width 1024" in line
    assert rest.count("<li>") == 3 and "One sentence &lt;more&gt;." in rest
    assert captions.fold([]) == ""


def test_what_runs_vary_is_named_and_is_no_departure():
    runs = [made_run(epochs=101, classifier_optimizer=name) for name in ("adam", "signsgd")]
    text = captions.setting(runs)
    assert text.endswith("; protocol as described in the paper; varied: classifier optimizer.")
    assert "instead of" not in text
    assert "as described (varied)" in captions.essentials(runs)


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        (
            [made_run(), made_run(head="linear", seed=3, diverged=7)],
            [" Diverged: MNIST linear penultimate seed 3 in epoch 7."],
        ),
        (
            [made_run("fashion_mnist", precision="bf16", learning_rate=1e-3)],
            [
                "CNN of width 1024, P = 128,",
                "learning rate 0.001 instead of 0.0001",
                "precision bf16 instead of fp32",
            ],
        ),
        (
            [made_run(head="linear"), made_run(gamma=3)],
            [", γ = 3 (mean_exp), ", "gamma 3.0 instead of 10.0"],
        ),
    ],
    ids=["diverged", "optimization", "gamma"],
)
def test_what_is_special_of_runs_is_named(runs, said):
    text = captions.setting(runs)
    assert [part for part in said if part not in text] == []


@pytest.mark.parametrize(
    ("protocol", "text"),
    [
        ("released", "γ = 10 (exp_mean), 101 epochs, seeds 0–1; protocol of the released code."),
        (
            "later",
            "γ = 0.01·1.084^epoch up to 1e6 (mean_square), 101 epochs, seeds 0–1; protocol of "
            "the later versions.",
        ),
    ],
)
def test_each_protocol_is_named(protocol, text):
    runs = made_runs(seeds=2, epochs=101, **switches(protocol))
    assert captions.setting(runs) == f"MNIST: MLP of width 2048, P = 64, {text}"


def test_the_runs_with_the_penalty_tell_the_protocol():
    """The linear head alone, on which no γ acts, would be nearer to the text."""
    own = switches("later") | {"weight_decay": 0.0}
    text = captions.setting(made_runs(seeds=1, epochs=101, **own))
    assert "protocol of the later versions, but weight decay 0.0 instead of 0.0005." in text
    assert "halve" not in text
