"""Finite depth end to end: quick sweeps, verdicts as the ledger expects, and claims that can fail."""

import numpy as np
import pytest

from experiments import codes
from experiments.synergy import depth_claims, mixing_claims, small_signal_claims
from experiments.synergy.cubic_law import discreteness, law_of_w, share
from tests.experiments.synergy import quick
from theory import synergy as theory

CLAIMS = {
    claim.id.split("/")[1]: claim
    for topic in (depth_claims, small_signal_claims, mixing_claims)
    for claim in topic.CLAIMS
}
EPS = np.finfo(float).eps


def _data(name):
    return quick.dataset(name)


def test_every_verdict_is_the_one_expected():
    assert not quick.shortcomings(CLAIMS.values())


def _scaled(name, variable, factor):
    ds = _data(name)
    return ds.assign({variable: ds[variable] * factor})


PERTURBED = {
    # A few percent of the bias, of its slope or of a depth, or rounding a millionfold.
    "C15": lambda: {"near_threshold": _scaled("near-threshold", "root_bias", 1.05)},
    "C16": lambda: {"near_threshold": _scaled("near-threshold", "root_bias", 1.2)},
    "C16-approach": lambda: {
        "near_threshold": _scaled("near-threshold", "root_bias", 1 + 0.5 * (_data("near-threshold").depth == 3000))
    },
    "C17": lambda: {"near_threshold": _scaled("near-threshold", "log_slope", 1.05)},
    "C18": lambda: {"small_signal": _scaled("small-signal", "root_bias", 1 + 1e-9)},
    "C18-lower": lambda: {"small_signal": _scaled("small-signal", "root_bias", 1 - 1e-9)},
    "C18-band": lambda: {"small_signal": _scaled("small-signal", "root_bias", 0.97)},
    "C19": lambda: {"mixing": _data("mixing").assign({n: _data("mixing")[n] + 1 for n in LEVELS})},
    "C19-lower": lambda: {"mixing": _data("mixing").assign({n: (_data("mixing")[n] + 1) // 2 for n in LEVELS})},
    "C20": lambda: {
        "mixing_near_threshold": _data("mixing-near-threshold").assign(
            {n: _data("mixing-near-threshold")[n] * 1.05 for n in LEVELS}
        )
    },
    "C21": lambda: {
        "mixing": _data("mixing").assign(
            bias_after=lambda ds: ds.resting_bias - (ds.resting_bias - ds.bias_after) * 1.01
        )
    },
}
LEVELS = ("fewest_levels", "most_levels")


@pytest.mark.parametrize("name", PERTURBED)
def test_a_claim_refuses_perturbed_data(name):
    assert quick.finding(CLAIMS[name], **PERTURBED[name]()).verdict == "refuted"


def test_d11_its_sharp_version_refuses_perturbed_data():
    finding = quick.finding(CLAIMS["D11"], finite_size=_scaled("finite-size", "root_bias", 1.1))
    assert finding.sharp_holds is False


def test_tables_3_7_3_8_and_f7():
    finite, near = _data("finite-size"), _data("near-threshold")
    critical = near.isel(system=0).sel(scaled_distance=0.0, depth=30).root_bias
    published = {10.0: 0.3478956191, 100.0: 0.1480294861, 1000.0: 0.04900753288, 2000.0: 0.03475383867}
    for level, bias in published.items():
        assert float(critical.sel(level=level)) == pytest.approx(bias, rel=1e-9)
    row = finite.root_bias.sel(initial_bias=0.5, depth=40.0).sel(correlation=[0.15, 0.2, 0.3], method="nearest")
    np.testing.assert_allclose(row, [0.45489185, 0.32643899, 0.085282709], rtol=2e-8)
    for depth, scaled in {100: [0.063308, 0.350559, 1.060837], 300: [0.076780, 0.378537, 1.070060]}.items():
        tuned = near.isel(system=0).sel(depth=depth, scaled_distance=[-3.0, -1.0, 1.0])
        cubic = theory.cubic_coefficient(5, tuned.correlation.values, 0.6)
        seen = tuned.root_bias.sel(level=float(depth)).values * np.sqrt(np.asarray(cubic) * depth)
        np.testing.assert_allclose(seen, scaled, atol=6e-7)


def test_gains_too_close_to_one_end_with_a_code():
    ds = _data("mixing")
    slopes = ds.fan_in.copy(data=[1.5, 1.875, 2.4609375])
    gain = (ds.fidelity * (ds.correlation + (1 - ds.correlation) * slopes)).transpose(*ds.code.dims)
    assert ((ds.code == codes.STEP_LIMIT) == (abs(gain - 1) < 1e-3)).all()
    assert ((ds.code == codes.OK) == (abs(gain - 1) >= 1e-3)).all()


def test_the_remainder_of_the_cubic_law_is_a_bound_and_not_an_idle_one():
    near = _data("near-threshold").isel(system=0).sel(depth=100, scaled_distance=[-3.0, -1.0, 1.0, 3.0])
    gain = 1 + near.scaled_distance / 100
    _, rest, strayed = law_of_w(near.root_bias, near.fan_in, near.fidelity, gain, "level")
    cubic = np.asarray(theory.cubic_coefficient(5, near.correlation.values, 0.6))[:, None]
    level = near.level.values[1:1000]
    alpha = gain.values[:, None]
    exact = 2 * cubic * alpha**-3 * (1 - alpha ** (-2 * level)) / (1 - alpha**-2)
    rest, strayed = (a.transpose("scaled_distance", "level").values[:, 1:1000] for a in (rest, strayed))
    used = abs(rest - exact) / strayed
    assert np.all(used <= 1)
    assert used.max() > 0.05


def test_discreteness_is_one_at_threshold_and_refuses_nothing_there():
    assert float(discreteness(_data("near-threshold").depth * 0 + 1.0, _data("near-threshold").depth)[0]) == 1.0
    with pytest.raises(ValueError, match="bias"):
        share(_data("small-signal").fan_in, 1.0, _data("small-signal").fan_in * 0 + 1.0)
