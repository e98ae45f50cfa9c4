"""Tokens on a line end to end: expected verdicts, decoys rejected, and verdicts that can turn."""

import numpy as np
import pytest

from experiments.tokens import (
    blow_up_claims,
    blur_claims,
    convergent_claims,
    euler_claims,
    one_token_claims,
    slow_claims,
)
from tests.experiments.quick_row import scaled
from tests.experiments.tokens.quick import dataset, finding_on, shortcomings
from tests.theory.synergy.digits import assert_all_digits, assert_digits

TOPICS = (one_token_claims, convergent_claims, slow_claims, blow_up_claims, euler_claims, blur_claims)
CLAIMS = tuple(claim for topic in TOPICS for claim in topic.CLAIMS)
BY_ID = {claim.id.removeprefix("tokens/"): claim for claim in CLAIMS}


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.__name__.rsplit(".", 1)[-1])
def test_claims_get_the_verdicts_of_the_ledger_and_reject_their_decoys(topic):
    assert not shortcomings(topic.CLAIMS)


WRONG = {
    "C1": ("input-of-tokens", scaled("influence", 1 - 1e-9)),
    "C2": ("convergent", scaled("scaled", 1 + 1e-5)),
    "C4": ("convergent", scaled("attention", 1 + 1e-5)),
    "C5": ("sequences", scaled("inverse_life", 1 + 1e-6)),
    "C6": (
        "sequences",
        lambda ds: ds.assign(inverse_life=ds.inverse_life.isel(token=slice(None, None, -1)).data + 0 * ds.inverse_life),
    ),
    "C5-finite": ("sequences", scaled("finite", 1 + 1e-6)),
    "C7": ("late-burst", scaled("compensated", 1 + 1e-6)),
    "C8": ("one-burst", scaled("time", 1 + 1e-6)),
    "C8-lower": ("one-burst", scaled("time", 0.5)),
    "C8-upper": ("one-burst", scaled("time", 2.0)),
    "C8-sensitivity": ("one-burst", scaled("sensitivity", 1 + 1e-4)),
    "C8-flow": ("one-token", scaled("x", 1 + 1e-6)),
    "C9": ("slow", scaled("ratio", 1 + 1e-5)),
    "C9-tokens": ("slow", scaled("u", 1 + 1e-5)),
    "C10": ("slow", scaled("share", 1 - 1e-3)),
    "C11": ("blow-up-order", lambda ds: ds.assign(low=ds.low * 1.0001, high=ds.high * 1.0001)),
    "C12-ratio": ("sequences", scaled("ratio", 1 + 1e-6)),
    "C12-loglog": ("follower", scaled("log_follower", 1 + 1e-6)),
    "C13": ("constant-step", scaled("x", 1 + 1e-6)),
    "C24-curve": ("softsort-blur", scaled("support", 1.05)),
    "C21": ("euler", lambda ds: ds.assign(error=ds.error**1.05)),
    "C21-sign": ("one-layer", lambda ds: ds.assign(kept=ds.kept - 0.05)),
}


@pytest.mark.parametrize("name", WRONG)
def test_claims_are_refuted_by_data_that_are_slightly_wrong(name):
    experiment, change = WRONG[name]
    assert finding_on(BY_ID[name], experiment, change).verdict == "refuted"


def test_spec_17_3_is_simulated():
    ds = dataset("sign-patterns").sel(decay=0.5)
    rows = {
        (1, 1, 1): ".3749647533 .3749647533 .3331191647",
        (1, -1, 1): ".3749647533 .3749647533 .3408110730",
        (-1, -1, 1): "inf inf .4428994390",
    }
    for signs, printed in rows.items():
        chosen = (ds["first"] == signs[0]) & (ds["second"] == signs[1]) & (ds["third"] == signs[2])
        lives = ds.inverse_life.values[np.flatnonzero(chosen.values)[0]]
        for life, text in zip(lives, printed.split(), strict=True):
            if text == "inf":
                assert life == 0
            else:
                assert_digits(1 / life, text)


def test_spec_3_4_limits_and_shares_are_simulated():
    ds = dataset("slow").isel(system=0)
    assert_all_digits(ds.ratio, "1 1.6626997 1.7560283 3.4052848")
    assert_all_digits(ds.share.sel(token=4.0), "0.99880 0.999985 1.000000", units=1.01)


def test_spec_6_4_errors_of_euler_steps_are_simulated():
    ds = dataset("euler").sel(coupling=-0.7)
    assert_all_digits(ds.error[1:5], "2.721e-2 1.263e-2 6.147e-3 3.038e-3")
