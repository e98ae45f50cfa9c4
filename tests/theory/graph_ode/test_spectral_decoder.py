"""P36 and P37: the decoder as a filter, the released one with its pull, and the best linear one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from theory.graph_ode import gaussian_diffusion
from theory.graph_ode import spectral_decoder as theory

ABAR = np.concatenate([[1.0], np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))])
RELEASED = np.cumprod(1 - np.linspace(1e-4, 0.02, 1001))
LEVELS = np.array([*range(197, 0, -4), 0])
PULLS = np.where(LEVELS[:-1] > 100, 0.61, 0.061)
VARIANCES = 10.0 ** np.arange(-4, 2)


def test_p36_published_digits_of_the_pulled_decoder():
    found = theory.pulled_gain(VARIANCES, RELEASED[LEVELS], PULLS)
    assert_allclose(found, [0.199, 0.319, 0.581, 0.870, 0.999, 1.020], atol=6e-4)


def test_p36_published_digits_without_the_pull_are_those_of_the_flow():
    found = theory.raw_gain(VARIANCES, RELEASED[200])
    assert_allclose(found, [0.017, 0.054, 0.169, 0.494, 1.000, 1.203], atol=1e-3)


def test_p36_no_pull_is_the_plain_sampler():
    found = theory.pulled_gain(VARIANCES, ABAR[LEVELS], 0 * PULLS)
    assert_allclose(found, gaussian_diffusion.ddim_gain(VARIANCES, ABAR[LEVELS]), rtol=1e-12)


def test_p36_the_floor_is_set_by_the_shifted_table_more_than_by_the_pull():
    shifted, right = (theory.pulled_gain(0.0, abar[LEVELS], PULLS) for abar in (RELEASED, ABAR))
    assert_allclose([shifted, right], [0.17, 0.05], atol=5e-3)
    assert theory.pulled_gain(0.0, ABAR[LEVELS], 0 * PULLS) == 0


def test_p36_starts():
    signal = ABAR[197]
    assert_allclose(theory.raw_gain(1e9, signal), 1 / np.sqrt(signal), rtol=1e-6)
    # 1.23 is that of level 200.
    assert_allclose(1 / np.sqrt([signal, ABAR[200]]), [1.224, 1.232], atol=5e-4)
    assert_allclose(theory.scaled_gain(1e9, signal), 1.0, rtol=1e-6)
    # A decoder of one step of a scaled start is the Wiener filter itself.
    one_step = np.sqrt(signal) * gaussian_diffusion.ddim_gain(VARIANCES, np.array([signal, 1.0]))
    assert_allclose(one_step, theory.wiener_filter(VARIANCES, np.sqrt((1 - signal) / signal)), rtol=1e-12)
    assert_allclose(theory.scaled_gain(VARIANCES, signal), np.sqrt(one_step), rtol=1e-12)


@given(st.floats(1e-6, 50.0), st.floats(0.0, 5.0), st.floats(-1.0, 2.0))
def test_p34_no_gain_beats_the_wiener_filter(variance, noise, other):
    best = theory.wiener_filter(variance, noise)
    least = theory.filter_error(best, variance, noise)
    assert_allclose(least, variance * noise**2 / (variance + noise**2), rtol=1e-9, atol=1e-15)
    assert theory.filter_error(other, variance, noise) >= least * (1 - 1e-12)


def test_p37_constants():
    values = np.linspace(-1, 1, 9)
    assert_allclose(theory.decoded_constant(values, ABAR[197]), values)
    once = theory.decoded_constant(values, ABAR[197], scaled=False)
    twice = theory.decoded_constant(once, ABAR[197], scaled=False)
    moved = np.abs(twice - once) > 1e-12
    assert_allclose(np.abs(once[~moved]), np.where(once[~moved] == 0, 0, 1))
    assert moved.sum() == 6


def test_oddity_6_the_released_table_leaves_a_hundredth():
    assert_allclose(theory.residual_noise(), 0.01, rtol=1e-15)


def test_arguments_out_of_range_are_refused():
    with pytest.raises(ValueError, match="`pulls` must have one entry per step"):
        theory.pulled_gain(1.0, ABAR[LEVELS], PULLS[:-1])
    with pytest.raises(ValueError, match=r"`value` must lie in \[-1, 1\], but is 1.5"):
        theory.decoded_constant(1.5, 0.5)
