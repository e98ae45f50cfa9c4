"""The diffusion decoder end to end: expected verdicts, decoys rejected, and verdicts that can turn."""

import numpy as np
import pytest

from experiments.graph_ode import decoder_claims, denoising_claims
from tests.experiments.graph_ode.quick import dataset, finding_on, shortcomings
from tests.experiments.quick_row import scaled

TOPICS = (denoising_claims, decoder_claims)
BY_ID = {claim.id.removeprefix("graph_ode/"): claim for topic in TOPICS for claim in topic.CLAIMS}


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.__name__.rsplit(".", 1)[-1])
def test_claims_get_the_verdicts_of_the_ledger_and_reject_their_decoys(topic):
    assert not shortcomings(topic.CLAIMS)


WRONG = {
    "P34-table": ("noise-tables", scaled("abar", 1 + 1e-11)),
    "P34": ("gaussian-denoiser", scaled("power", 1.5)),
    "P34-cross": ("gaussian-denoiser", scaled("cross", 1.5)),
    "P34-score": ("gaussian-denoiser", scaled("estimate", 1 + 1e-9)),
    "P34-loss": ("gaussian-denoiser", scaled("noise_loss", 1.1)),
    "P34-two-losses": ("gaussian-denoiser", scaled("clean_loss", 1 + 1e-10)),
    "P34-wiener": ("filtered-noise", scaled("error", 1.2)),
    "P34-optimal": ("filtered-noise", lambda ds: ds.assign(error=2 - ds.error)),
    "P34-clean": ("last-step", lambda ds: ds.assign(left=ds.left + 1e-20)),
    "P35": ("sampler-gain", scaled("gain", 1 + 1e-10)),
    "P35-limit": ("sampler-gain", scaled("gain", 1.01)),
    "P35-cosines": ("sampler-gain", scaled("gain", 1 + 1e-10)),
    "P35-order": ("sampler-gain", scaled("gain", 1 - 1e-3)),
    "P36": ("decoder-gain", scaled("gain", 1 + 1e-10)),
    "P36-start": ("decoder-gain", scaled("gain", 1.01)),
    "P36-scaled": ("decoder-gain", scaled("gain", 1.01)),
    "P37": ("constants", lambda ds: ds.assign(once=ds.once + 1e-10)),
    "P37-range": ("sampled-range", scaled("largest", 1.001)),
}


@pytest.mark.parametrize("name", WRONG)
def test_claims_are_refuted_by_data_that_are_slightly_wrong(name):
    experiment, change = WRONG[name]
    assert finding_on(BY_ID[name], experiment, change).verdict == "refuted"


def test_oddity_6_tables_differ_by_up_to_a_hundredth():
    ds = dataset("noise-tables").isel(schedule=0)
    apart = abs(ds.released / ds.abar - 1)[:700]
    assert 0.005 < float(apart.max()) < 0.01


def test_p36_published_gains_are_those_of_the_released_table():
    ds = dataset("decoder-gain")
    released = ds.isel(decoder=int(np.flatnonzero(((ds.table == "released") & (ds.pull > 0)).values)[0]))
    found = [float(released.gain.sel(variance=s2, method="nearest")) for s2 in (1e-4, 1e-2, 1.0, 10.0)]
    np.testing.assert_allclose(found, [0.199, 0.581, 0.999, 1.020], atol=6e-4)
