"""Verdicts on trained networks: what the claims make of gaps that are there, absent, or too noisy to tell.

The trainings take minutes, so the claims meet data made up to one effect each; that the cells train is tested with all
other cells, and one claim is exact and cheap enough to be judged on a true training.
"""

from __future__ import annotations

import jax
import numpy as np
import pytest
import xarray as xr

from experiments.claim import judge
from experiments.keys import root_key
from experiments.tokens import networks, networks_claims, reordering, reordering_claims
from tests.experiments.tokens.quick import finding, ledger_for

CLAIMS = {claim.id.split("/")[1]: claim for claim in (*networks_claims.CLAIMS, *reordering_claims.CLAIMS)}
SEEDS = 24


def noise(*shape, scale):
    return scale * np.random.default_rng(1).normal(size=shape)


def language(experiment, effect, scale=0.01, seeds=SEEDS, **ratios):
    """A dataset as the experiment stores it: losses 2 + the effect of each variant + noise of the seed and its own."""
    variants = experiment.coordinates["variant"]
    kinds = ("selective", "selective-raw")
    loss = 2 + np.array([effect.get(name, 0.0) for name in variants]) + noise(seeds, len(variants), scale=scale)
    ratio = 5 + np.array([ratios.get(name, 0.0) for name in variants]) + noise(seeds, len(variants), scale=scale)
    share = np.array([{"positive": 1.0, "negative": 0.0}.get(name, 0.4) for name in variants])
    data = {
        "surprise": (("replicate", "variant"), loss),
        "ratio": (("replicate", "variant"), ratio),
        "share": (("variant",), share),
    }
    ds = xr.Dataset(data, {"variant": list(variants)}).expand_dims(layer=[1.0, 2.0])
    return ds.isel(layer=0).drop_vars("layer") if "mixed" in variants else ds.expand_dims(kind=list(kinds))


def verdict(name, ds):
    return judge(CLAIMS[name], ds).verdict


MAMBA, SELECTIVE = networks.MAMBA_LANGUAGE, networks.SELECTIVE_LANGUAGE


def mamba(effect, **how):
    ds = language(MAMBA, effect, **how)
    return ds[["surprise"]]


def test_without_an_effect_the_published_sentence_falls_and_its_sharp_version_stands():
    none = mamba({})
    assert verdict("C25-official", none) == "holds"
    assert verdict("C25-floor", none) == "holds"
    found = judge(CLAIMS["C25-published"], none)
    assert (found.verdict, found.sharp_holds) == ("refuted", True)
    assert found.teeth > 2


def test_with_the_published_effect_the_verdicts_turn():
    harmful = mamba({"negative": 0.08})
    assert verdict("C25-official", harmful) == "refuted"
    assert verdict("C25-floor", harmful) == "refuted"
    assert verdict("C25-published", harmful) == "holds"


def test_few_seeds_decide_nothing():
    few = mamba({}, seeds=4)
    for name in ("C25-official", "C25-floor", "C25-published"):
        assert verdict(name, few) == "inconclusive", name


@pytest.mark.parametrize(
    ("effect", "ratios", "wanted"),
    [
        (
            {"negative": -0.05, "unconstrained": -0.05},
            {"negative": 0.3},
            ("holds", "holds", "holds", "holds", "refuted"),
        ),
        ({"negative": 0.08, "unconstrained": 0.05}, {"positive": 0.3}, ("refuted",) * 4 + ("holds",)),
    ],
)
def test_the_identifiable_block_is_read_in_either_direction(effect, ratios, wanted):
    ds = language(SELECTIVE, effect, **ratios)
    names = ("C25-identifiable", "C25-free", "C25-diversity", "C25-diversity-raw", "C25-published-identifiable")
    assert tuple(verdict(name, ds) for name in names) == wanted


def test_a_token_of_the_wrong_sign_is_seen():
    ds = language(SELECTIVE, {})
    assert verdict("C25-sign", ds) == "holds"
    assert verdict("C25-sign", ds.assign(share=ds.share.where(ds["variant"] != "negative", 1e-4))) == "refuted"


def test_c23_a_mirrored_training_is_the_same_to_the_bit():
    cell = jax.jit(lambda key: networks.mirrored_training(key, bits=32, steps=3))
    losses = np.asarray(cell(root_key(0))["losses"])
    ds = xr.Dataset({"losses": (("variant", "step"), losses)}, {"variant": list(networks.MIRROR_VARIANTS)})
    assert verdict("C23", ds) == "holds"
    off = ds.losses.where(ds["variant"] != "mirror", np.nextafter(ds.losses, np.inf))
    assert verdict("C23", ds.assign(losses=off)) == "refuted"


def recalls(soonest, latest=1.8, answered=0.55, in_place=0.95, blur=0.999):
    """A dataset of the reordering network: its mean loss by order, and the shares answered where order counts."""
    orders = list(reordering.REORDERING.coordinates["order"])
    loss = np.array([soonest.get(name, latest) for name in orders])
    share = np.array([{"none": in_place, "soft": answered}.get(name, 0.54) for name in orders])
    correct = np.round(4000 * np.clip(share + noise(2, SEEDS, 6, scale=0.01), 0, 1))
    blurs = 1 - (1 - blur) * np.exp(noise(2, SEEDS, 6, scale=0.3))
    dims = ("marks", "replicate", "order")
    curve = loss[:, None] + noise(2, SEEDS, 6, 4, scale=0.05)
    data = {"correct": (dims, correct), "blur_before": (dims, blurs), "curve": ((*dims, "stage"), curve)}
    return xr.Dataset(data, {"marks": [1, 2], "order": orders, "asked": 4000})


NAMES = ("speed", "mean", "exact", "ceiling", "order")


def test_pooling_is_told_from_sorting():
    pooled = recalls({"soft": 0.5, "mean": 0.6, "hard": 1.0})
    assert {verdict(f"reordering-{name}", pooled) for name in NAMES} == {"holds"}
    assert verdict("C24-pools", pooled) == "holds"
    sorting = recalls({"soft": 0.9, "hard": 0.5}, latest=0.6, answered=0.9, blur=0.3)
    assert {verdict(f"reordering-{name}", sorting) for name in ("speed", "exact", "ceiling", "order")} == {"refuted"}
    assert verdict("C24-pools", sorting) == "refuted"


def test_the_ceiling_is_not_passed_by_those_who_guess():
    guessed = recalls({}, answered=0.125)
    guessed["correct"] = xr.full_like(guessed.correct, 500.0)
    assert verdict("reordering-ceiling", guessed) == "toothless"


def test_c24_soft_sort_as_stored():
    for name in ("C24-rows", "C24-limit"):
        found = finding(CLAIMS[name])
        assert (found.verdict, found.teeth > 2) == ("holds", True), name


def test_every_claim_of_the_networks_is_expected_of_the_ledger():
    assert set(ledger_for(CLAIMS.values()).claims) == set(CLAIMS)
