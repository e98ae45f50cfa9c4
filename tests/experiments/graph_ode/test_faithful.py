"""The record of the released code: what it says, what it costs, and that all of its parts train."""

import json
import math
from dataclasses import replace

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from dynamics.graph_ode import denoiser_training, unet
from experiments import sweep
from experiments.engines import serial
from experiments.graph_ode import contenders, faithful, protocol
from experiments.graph_ode.forecasts import FORECASTS
from experiments.graph_ode.protocol import PROTOCOLS, windows_of, workshop_of
from tests.experiments.toys import GROWTH

RECORD = PROTOCOLS["faithful"]


def test_section_7_and_17_the_record():
    sizes = RECORD.sizes
    assert (RECORD.points, RECORD.train, RECORD.test, RECORD.frames) == (128, 100, 50, 100)
    assert (sizes.history, sizes.codes, sizes.hidden, sizes.latent) == (10, 30, 32, 32)
    assert (sizes.width, sizes.heads) == (256, 8)
    assert sizes.quantiser.batch == 524_288
    assert sizes.how == "random"
    assert sizes.published
    assert sizes.network == unet.published_unet()
    denoiser = sizes.denoiser
    assert (denoiser.rate, denoiser.batch, denoiser.n_max, denoiser.averaging) == (1e-5, 32, 1000, 0.9999)
    assert denoiser.steps == 1000 * 100 * 100 // 32


def test_its_cost_is_told_and_counts_what_is_decoded(monkeypatch):
    fields = 10
    found = faithful.estimate(RECORD, fields)
    # A 3 x 3 convolution of c channels to c at n pixels is 18 c^2 n operations; the published ladder has dozens.
    least = 18 * 128**2 * 128**2
    forward = found["decoding"] / fields / faithful.SAMPLER_STEPS
    assert 10 * least < forward < 100 * least
    assert 2 < found["training"] / found["steps"] / 32 / forward < 4
    asked = []
    monkeypatch.setattr(faithful, "estimate", lambda protocol, fields: asked.append((protocol, fields)) or found)
    assert FORECASTS.price(FORECASTS.space("small")) == ""
    told = FORECASTS.price(FORECASTS.space("faithful"))
    assert asked == [(RECORD, 2 * 50 * 80)]
    for part in ("312,500 steps", "25.8 million weights", "hours of an accelerator", "Not published to us"):
        assert part in told


def test_operations_of_a_product_are_counted():
    a, b = (jax.ShapeDtypeStruct(shape, jnp.float32) for shape in ((8, 16), (16, 32)))
    assert faithful.operations(jnp.matmul, a, b) == 2 * 8 * 16 * 32
    assert faithful.size_in_bytes((a, b)) == 4 * (8 * 16 + 16 * 32)


def test_a_price_is_told_before_anything_runs(tmp_path):
    heard = []

    def engine(specs):
        heard.append("engine")
        yield from serial(specs)

    dear = replace(GROWTH, price=lambda space: "three gold coins")
    run = {"scale": "quick", "root": tmp_path, "engine": engine, "watch": lambda progress: heard.append(progress.event)}
    sweep.run_sweep(dear, dear.space("quick"), **run)
    assert heard[:3] == ["start", "three gold coins", "engine"]
    heard.clear()
    sweep.run_sweep(dear, dear.space("quick"), **run)
    assert heard == ["start"]


@pytest.mark.slow
def test_twenty_steps_of_everything_in_its_published_form():
    with jax.enable_x64(False):
        contender = workshop_of("faithful-smoke", 0).contender("unet-every")
        frames = np.asarray(contender.run(windows_of("faithful-smoke", 0)[0], 5))
    assert frames.shape == (2, 5, 1, 16, 16)
    assert frames.min() >= 0
    assert frames.max() <= 1
    assert frames.std() > 0


@pytest.mark.slow
def test_a_training_in_published_form_goes_on_where_it_was_killed(tmp_path, monkeypatch):
    """Killed after eight of its twenty steps and asked again by another sweep, it ends in the bits of one in one go."""
    monkeypatch.setattr(contenders, "LEG", 4)

    def weights(kept):
        protocol._workshop.cache_clear()
        denoise = workshop_of("faithful-smoke", 0, kept).decoder("unet")[0].denoise
        return [np.asarray(leaf) for leaf in jax.tree.leaves(denoise.weights)]

    legs = denoiser_training.train_denoiser_in

    def killed(*arguments, watch, **options):
        def watch_and_kill(done, loss):
            watch(done, loss)
            if done == 8:
                raise KeyboardInterrupt

        return legs(*arguments, watch=watch_and_kill, **options)

    with jax.enable_x64(False):
        whole = weights(tmp_path / "whole")
        with monkeypatch.context() as patched:
            patched.setattr(denoiser_training, "train_denoiser_in", killed)
            with pytest.raises(KeyboardInterrupt):
                weights(tmp_path / "killed")
        kept = sorted(int(step.name) for step in (tmp_path / "killed").glob("*/denoiser/*") if step.name.isdigit())
        resumed = weights(tmp_path / "killed")
    assert kept == [4, 8]
    told = [json.loads(line) for line in next((tmp_path / "killed").glob("*/denoiser/progress.jsonl")).open()]
    assert [entry["done"] for entry in told] == [4, 8, 12, 16, 20]
    assert {entry["steps"] for entry in told} == {20}
    for a, b in zip(whole, resumed, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.slow
def test_twenty_steps_of_the_published_network():
    """All 25.8 million weights and its optimiser, on batches of one field of 16 x 16: the nearest two cores can afford
    to 32 of 128 x 128, which take as long as all other tests together for one step."""
    schedule = replace(RECORD.sizes.denoiser, steps=20, batch=1, warm_up=5)
    fields = jr.uniform(jr.key(0), (4, 1, 16, 16), jnp.float32)
    with jax.enable_x64(False):
        train = jax.jit(denoiser_training.train_denoiser, static_argnums=(1, 2))
        denoise, losses = train(jr.key(1), RECORD.sizes.network, schedule, fields)
    assert sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(denoise.weights)) == 25_833_985
    losses = np.asarray(losses)
    assert np.isfinite(losses).all()
    # It starts silent, so that the first loss is the noise's own mean square.
    np.testing.assert_allclose(losses[0], 1.0, atol=5 * math.sqrt(2 / 256))
