"""Layers of the small networks: signs as published, the mirror image, and independent routes to the same numbers."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from flax import nnx
from numpy.testing import assert_allclose, assert_array_equal

from dynamics.tokens import Mamba, leading_share, mamba, participation_ratio
from dynamics.tokens.networks import (
    KINDS,
    VARIANTS,
    LanguageModel,
    diversity,
    layer_by_layer,
    positive_share,
    sign_variant,
)
from dynamics.tokens.networks.layers import MambaBlock, Selection, SelectiveBlock

KEY = jr.key(3)
WIDTH, STATES, RANK, LENGTH, BATCH = 6, 4, 2, 9, 2


run = jax.jit(lambda model, x: model(x))


def block(name, dtype=jnp.float64):
    return MambaBlock(WIDTH, 2 * WIDTH, STATES, RANK, 2, sign_variant(name, STATES), KEY, dtype)


def tokens(dtype=jnp.float64):
    return jr.normal(jr.key(4), (LENGTH, BATCH, WIDTH), dtype)


@pytest.mark.parametrize(
    ("name", "positive", "negative"),
    [("positive", 4, 0), ("negative", 0, 4), ("mixed", 2, 2), ("mixed-matched", 2, 2), ("mirror", 0, 4)],
)
def test_section_8_1_m_is_symmetric_of_rank_n_with_the_signs_of_its_variant(name, positive, negative):
    into, out = Selection(WIDTH, STATES, RANK, sign_variant(name, STATES), KEY, jnp.float64).maps()
    kernel = out.T @ into
    assert_allclose(kernel, kernel.T, atol=1e-14)
    values = jnp.linalg.eigvalsh(kernel)
    # P has a unit diagonal, so no eigenvalue of rank N is near zero.
    assert int(jnp.sum(values > 1e-6)) == positive
    assert int(jnp.sum(values < -1e-6)) == negative


def test_section_8_1_sizes_have_an_offset_but_in_the_published_mixed_variant():
    sizes = {}
    for name in ("positive", "mixed", "mixed-matched"):
        into, _ = Selection(WIDTH, STATES, RANK, sign_variant(name, STATES), KEY, jnp.float64).maps()
        sizes[name] = np.diag(into)
    assert_allclose(np.abs(sizes["mixed-matched"]), sizes["positive"], rtol=1e-14)
    assert_allclose(np.abs(sizes["mixed"]), sizes["positive"] - 0.7, rtol=1e-12)


def test_the_unconstrained_variant_uses_the_raw_rows():
    selection = Selection(WIDTH, STATES, RANK, sign_variant("unconstrained", STATES), KEY, jnp.float64)
    into, out = selection.maps()
    assert_array_equal(into, selection.project[RANK : RANK + STATES])
    assert_array_equal(out, selection.project[RANK + STATES :])


def test_an_unknown_variant_is_refused_by_name():
    with pytest.raises(ValueError, match=r"`name` must be one of positive, .*, but is 'indefinite'"):
        sign_variant("indefinite", 2)
    assert len({str(sign_variant(name, 2)) for name in VARIANTS}) == len(VARIANTS)


def test_an_unknown_block_is_refused_by_name():
    with pytest.raises(ValueError, match=rf"`kind` must be one of {KINDS[0]}, .*, but is 'lstm'"):
        LanguageModel("lstm", sign_variant("positive", 2), KEY)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_section_8_3_the_mirror_image_is_the_same_function_to_the_bit(dtype):
    first, second = block("positive", dtype), block("mirror", dtype)
    assert_array_equal(run(first, tokens(dtype)), run(second, tokens(dtype)))
    assert first.skip[0] == -second.skip[0]
    other = block("negative", dtype)
    assert jnp.max(jnp.abs(run(first, tokens(dtype)) - run(other, tokens(dtype)))) > 1e-3


def test_the_block_is_mamba_as_checkpoints_store_it():
    ours = block("negative")
    into, out = ours.selection.maps()
    weights = Mamba(
        norm=ours.norm.gain[...],
        in_proj=ours.enter[...],
        in_bias=None,
        conv=ours.taps[...].T,
        conv_bias=ours.tap_bias[...],
        x_proj=jnp.concatenate([ours.selection.project[:RANK], into, out]),
        dt_proj=ours.selection.step[...],
        dt_bias=ours.selection.bias[...],
        a_log=ours.log_decay[...],
        skip=ours.skip[...],
        out_proj=ours.leave[...],
        out_bias=None,
    )
    theirs = jax.jit(jax.vmap(lambda x: mamba(weights, x)[0], 1, 1))(tokens())
    assert_allclose(run(ours, tokens()), theirs, atol=1e-13)


@pytest.mark.parametrize("prenorm", [True, False])
def test_section_1_2_the_identifiable_block_is_the_hidden_attention_of_m(prenorm):
    sign = sign_variant("mixed-matched", STATES)
    ours = SelectiveBlock(WIDTH, STATES, RANK, sign, KEY, jnp.float64, prenorm=prenorm)
    x = np.asarray(ours.seen(tokens()))[:, 0]
    into, out = (np.asarray(part) for part in ours.selection.maps())
    delta, decay = np.asarray(ours.selection.delta(jnp.asarray(x))), np.exp(np.asarray(ours.log_decay[...]))[:, 0]
    wanted = np.array(tokens())[:, 0]
    for later in range(LENGTH):
        for j in range(later + 1):
            weight = x[later] @ out.T @ into @ x[j] * delta[j] * np.exp(-decay * delta[j + 1 : later + 1].sum(axis=0))
            wanted[later] += weight * x[j]
    assert_allclose(jax.jit(lambda model, x: model.mixed(x))(ours, tokens())[:, 0], wanted, atol=1e-13)
    assert prenorm == (not np.array_equal(x, tokens()[:, 0]))


def test_steps_start_in_the_range_they_are_asked_for():
    spread = Selection(400, STATES, RANK, sign_variant("positive", STATES), KEY, jnp.float64, span=(0.05, 0.5))
    steps = jax.nn.softplus(spread.bias[...])
    assert 0.05 <= steps.min() < 0.06
    assert 0.4 < steps.max() <= 0.5


def test_a_language_model_is_causal_and_trains_nothing_but_weights():
    model = LanguageModel("selective", sign_variant("positive", 2), KEY, width=8, states=2, depth=1, vocabulary=5)
    texts = jr.randint(KEY, (7, 3), 0, 5)
    changed = texts.at[4].set((texts[4] + 1) % 5)
    assert_array_equal(run(model, texts)[:4], run(model, changed)[:4])
    assert not np.allclose(run(model, texts)[4:], run(model, changed)[4:])
    assert all(leaf.ndim for leaf in jax.tree.leaves(nnx.state(model, nnx.Param)))


def test_diversity_of_parallel_and_of_orthonormal_tokens():
    parallel = jnp.ones((8, 1, 4)) * jnp.arange(1.0, 9.0)[:, None, None]
    found = diversity(parallel)
    assert_allclose([found.leading, found.ratio], [1.0, 1.0], rtol=1e-12)
    found = diversity(jnp.tile(jnp.eye(4), (2, 1))[:, None])
    assert_allclose([found.leading, found.ratio], [0.25, 4.0], rtol=1e-12)


def test_the_sign_of_m_along_tokens_is_that_of_a_definite_variant():
    for name, share in (("positive", 1.0), ("negative", 0.0)):
        maps = Selection(WIDTH, STATES, RANK, sign_variant(name, STATES), KEY, jnp.float64).maps()
        assert positive_share(tokens(), *maps) == share
    sign = sign_variant("mixed", 2)
    model = LanguageModel("selective", sign, KEY, width=8, states=2, depth=1, vocabulary=5)
    found, share = jax.jit(layer_by_layer)(model, jr.randint(KEY, (7, 3), 0, 5))
    assert found.ratio.shape == share.shape == (1,)
    assert np.all((found.leading > 1 / 8) & (found.leading <= 1))


def test_diversity_agrees_with_the_singular_values_of_the_tokens():
    found = diversity(tokens())
    sequences = jnp.swapaxes(tokens(), 0, 1)
    assert_allclose(found.ratio, participation_ratio(sequences).mean(), rtol=1e-12)
    # The mean by 2^12th powers falls short by no more than (width - 1)/(2^12 e) of the eigenvalue.
    exact = leading_share(sequences).mean()
    assert exact * (1 - (WIDTH - 1) / (4096 * np.e)) <= found.leading <= exact * (1 + 1e-12)
