"""Baselines on data of which the right forecast is known."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from dynamics import training
from dynamics.graph_ode import baselines
from dynamics.graph_ode.baselines.networks import Dense, SpectralLayer
from dynamics.graph_ode.baselines.objective import following
from dynamics.graph_ode.scaling import features, grown, scaling_of

HISTORY = 3


def oscillations(n=4, frames=24, size=8, seed=0):
    """Every pixel swings about 1/2 at its own phase: u(t+1) = 1/2 + 2 cos(w) (u(t) - 1/2) - (u(t-1) - 1/2)."""
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, (n, 1, 1, size, size))
    time = np.arange(frames)[None, :, None, None, None]
    return jnp.asarray(0.5 + 0.4 * np.cos(0.3 * time + phases))


@pytest.fixture(scope="module")
def swings():
    return oscillations()


def test_persistence_stands_still(swings):
    forecast = baselines.forecast(baselines.persistence, swings[0, :HISTORY], 5)
    np.testing.assert_array_equal(forecast, np.broadcast_to(swings[0, HISTORY - 1], forecast.shape))
    with pytest.raises(ValueError, match="Argument `horizon`"):
        baselines.forecast(baselines.persistence, swings[0, :HISTORY], 0)


def test_autoregression_finds_a_linear_recurrence(swings):
    model = jax.jit(baselines.fit_autoregression, static_argnums=1)(swings[:3], HISTORY)
    forecast = baselines.forecast(partial(baselines.autoregression, model), swings[3, :HISTORY], 10)
    np.testing.assert_allclose(forecast, swings[3, HISTORY : HISTORY + 10], atol=1e-2)
    with pytest.raises(ValueError, match="more than 30 frames"):
        baselines.fit_autoregression(swings, 30)


def test_mode_decomposition_finds_the_map_of_a_few_modes():
    """Two fixed patterns turning into each other: rank 2, one frame decides the next."""
    patterns = np.random.default_rng(1).normal(size=(2, 1, 8, 8)) / 20
    angle = 0.2 * np.arange(40)[None] + np.array([0.0, 1.0, 2.5])[:, None]
    fields = 0.5 + np.einsum("ant,achw->ntchw", np.stack([np.cos(angle), np.sin(angle)]), patterns)
    fields = jnp.asarray(fields)
    model = jax.jit(baselines.fit_mode_decomposition, static_argnums=2)(jr.key(0), fields[:2], 2)
    forecast = baselines.forecast(partial(baselines.mode_decomposition, model), fields[2, :HISTORY], 10)
    np.testing.assert_allclose(forecast, fields[2, HISTORY : HISTORY + 10], atol=5e-3)
    with pytest.raises(ValueError, match="Argument `rank`"):
        baselines.fit_mode_decomposition(jr.key(0), fields, 65)


def test_scaled_features_undo_themselves(swings):
    scaling = scaling_of(swings)
    window = swings[0, :HISTORY]
    x = features(window, scaling)
    assert x.shape == (8, 8, HISTORY)
    step = jnp.full((8, 8, 1), 2.0)
    np.testing.assert_allclose(grown(window, step, scaling), window[-1] + 2 * scaling.change[0], rtol=1e-6)


def test_a_map_of_neighbourhoods_is_a_periodic_convolution():
    layer = Dense(9, 1, jr.key(0), jnp.float64)
    fields = jnp.arange(32.0).reshape(1, 2, 4, 4)
    taps = np.asarray(layer.matrix[...]).reshape(3, 3)
    wanted = sum(taps[i, j] * np.roll(np.asarray(fields), (1 - i, 1 - j), (2, 3)) for i in range(3) for j in range(3))
    np.testing.assert_allclose(layer.around(fields), wanted)


def test_windows_together_are_windows_alone(swings):
    net = baselines.PeriodicCNN(HISTORY, scaling_of(swings), jr.key(0))
    windows = swings[:2, :HISTORY]
    alone = jnp.stack([net(window) for window in windows])
    np.testing.assert_allclose(following(net, windows), alone, rtol=1e-12)


def test_a_spectral_layer_is_a_product_in_fourier_space():
    layer, image = jax.jit(
        lambda key: (SpectralLayer(2, 3, key, jnp.float64), jr.normal(key, (8, 10, 2), jnp.float64))
    )(jr.key(0))
    modes = np.fft.rfft2(np.asarray(image), axes=(0, 1))
    a, b = np.asarray(layer.matrices[...])
    new = np.zeros_like(modes)
    for row, ky in enumerate(range(-3, 3)):
        for kx in range(3):
            new[ky % 8, kx] = modes[ky % 8, kx] @ (a + 1j * b)[row, kx]
    wanted = np.fft.ifft2(_whole(new, 10), axes=(0, 1)).real
    np.testing.assert_allclose(jax.jit(layer)(image), wanted, atol=1e-12)


def _whole(half, width):
    """Modes with kx > 0 twice: the real part of a transform over one half only."""
    full = np.zeros((half.shape[0], width, half.shape[2]), complex)
    full[:, 0] = half[:, 0]
    full[:, 1:3] = 2 * half[:, 1:3]
    return full


def learned(make, swings, pixels=None):
    """Mean loss of the first and of the last steps of a short training; all in one program, which compiles faster."""
    loss = baselines.unrolled_loss(HISTORY, unroll=1, batch=2, noise=0.0, pixels=pixels)

    @jax.jit
    def train(key, data):
        model = make(key, scaling_of(data))
        shown = (data, baselines.units_of(data))
        return training.trained(model, loss, training.adam(60, 0.02), key, 60, data=shown)[1]

    losses = train(jr.key(0), swings)
    return losses[:10].mean(), losses[-10:].mean()


def test_networks_learn(swings):
    for make, pixels in (
        (lambda key, scaling: baselines.PeriodicCNN(HISTORY, scaling, key, width=6, depth=2), None),
        (lambda key, scaling: baselines.PointwiseNetwork(HISTORY, scaling, key, width=8, depth=2), 16),
    ):
        first, last = learned(make, swings, pixels)
        assert last < 0.7 * first


def test_an_operator_predicts_the_frame_or_the_change(swings):
    @jax.jit
    def errors(swings):
        scaling, window = scaling_of(swings), swings[0, :HISTORY]
        models = [
            baselines.FourierOperator(HISTORY, scaling, jr.key(0), residual=residual, modes=2, width=4, depth=1)
            for residual in (False, True)
        ]
        return [jnp.mean((model(window) - window[-1]) ** 2) for model in models]

    # Their first weights are the same but for the quiet last layer: near persistence, or near the mean.
    direct, residual = errors(swings)
    assert 0 < residual < 0.1 * direct


def test_the_residual_network_has_five_thousand_weights():
    def make(trajectories):
        return baselines.PeriodicCNN(10, scaling_of(trajectories), jr.key(0))

    assert baselines.weight_count(jax.eval_shape(make, jnp.zeros((1, 2, 1, 4, 4)))) == 4957


def test_too_short_trajectories_are_refused(swings):
    with pytest.raises(ValueError, match="at least 40 frames, but has 24"):
        baselines.random_windows(jr.key(0), swings, 40, 2)
