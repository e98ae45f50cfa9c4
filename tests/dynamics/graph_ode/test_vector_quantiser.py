"""The learned codebook: its size, its losses by hand, its training, and that a collapse is refused."""

from functools import partial

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from flax import nnx
from jax.sharding import Mesh
from numpy.testing import assert_allclose, assert_array_equal

from dynamics import graph_ode
from dynamics.graph_ode import vector_quantiser as vq

KEY = jr.key(5)
SMALL = {"codes": 8, "history": 4, "hidden": 8, "latent": 4}
SCHEDULE = graph_ode.Schedule(pretraining=60, quantising=40, batch=128, rate=1e-2)


def weights(hidden):
    model = nnx.eval_shape(lambda: graph_ode.VectorQuantiser(KEY, hidden=hidden))
    return sum(leaf.size for leaf in jax.tree.leaves(nnx.state(model, nnx.Param)))


@pytest.fixture(scope="module")
def parts():
    """A small quantiser in double precision as (structure, weights, what moves), made by one compiled program."""
    structure = nnx.graphdef(nnx.eval_shape(build))
    state = jax.jit(lambda: nnx.state(build()))()
    return nnx.split(nnx.merge(structure, state), nnx.Param, ...)


def build():
    return graph_ode.VectorQuantiser(KEY, **SMALL, dtype=jnp.float64)


def test_the_published_size_is_that_of_64_hidden_units():
    """0.023 M parameters are printed; the shipped settings have 32 units and a third of them."""
    sizes = {hidden: weights(hidden) for hidden in (32, 64)}
    assert sizes[64] == 23018
    assert round(sizes[64] / 1e6, 3) == 0.023
    assert 0.3 < sizes[32] / sizes[64] < 0.36


@pytest.fixture(scope="module")
def histories():
    """Levels that rise or fall a little."""
    level, slope = jr.uniform(KEY, (2, 2000), minval=-0.5, maxval=0.5)
    return (level[:, None] + 0.5 + 0.1 * slope[:, None] * jnp.arange(-3.0, 1.0)).astype(jnp.float32)


@pytest.fixture(scope="module")
def both(histories):
    """Two seeds trained side by side."""

    def fit(key):
        model = graph_ode.VectorQuantiser(key, **SMALL)
        model, losses = graph_ode.fit_quantiser(key, model, histories, SCHEDULE)
        return nnx.state(model), losses, graph_ode.live_codes(model, histories)

    return jax.jit(jax.vmap(fit))(jr.split(KEY, 2))


def test_training_lowers_the_loss_and_keeps_codes_alive(both, histories):
    _, losses, live = both
    assert np.all(np.mean(losses[:, 50:60], axis=1) < 0.2 * losses[:, 0])
    for count in np.asarray(live):
        assert graph_ode.require_live(count, SMALL["codes"]) == count


def test_seeds_side_by_side_are_the_seeds_alone_and_a_stopped_training_resumes(both, histories, tmp_path):
    _, losses, _ = both
    key = jr.split(KEY, 2)[1]
    legs, folder = [], tmp_path / "vq"

    def fit():
        return graph_ode.fit_quantiser_in(
            folder,
            key,
            graph_ode.VectorQuantiser(key, **SMALL),
            histories,
            SCHEDULE,
            every=30,
            settings={"kind": "small"},
            watch=lambda done, loss: legs.append(done),
        )

    model, seen = fit()
    assert legs == [30, 60, 30, 40]
    # A batched program sums in another order: single precision over sixty steps of Adam, then codes may change hands.
    assert_allclose(seen[:60], losses[1, :60], rtol=2e-2, atol=1e-5)
    again, same = fit()
    assert legs == [30, 60, 30, 40]
    assert_array_equal(same, seen)
    jax.tree.map(assert_array_equal, nnx.state(again), nnx.state(model))
    # One code per history, an interval of levels each.
    codes = np.asarray(graph_ode.assign(model, histories))
    assert len(np.unique(codes)) >= 4
    assert model.prototypes().shape == (8, 4)


@jax.jit
def looked_into(parts, shown):
    """Loss, latents, codewords before and averages after one batch, and the gradients of the loss."""
    structure, params, rest = parts

    def shifted(shift):
        """The loss as a function of a shift of the encoder's last bias."""
        moved = nnx.merge(structure, *jax.tree.map(jnp.copy, (params, rest)))
        last = moved.encoder.norms[3]
        last.bias.set_value(last.bias[...] + shift)
        return graph_ode.quantised_loss(moved, shown), (moved.sizes[...], moved.sums[...])

    model = nnx.merge(structure, params, rest)
    latents, centres = model.latents(shown), model.codewords()
    codes = graph_ode.nearest(latents, centres)
    chosen = centres[codes]
    (loss, averages), slope = jax.value_and_grad(shifted, has_aux=True)(jnp.zeros(4))
    through = jax.grad(lambda z: jnp.mean((model.decoder(z) - shown) ** 2))(chosen)
    error = jnp.mean((model.decoder(chosen) - shown) ** 2)
    plain = graph_ode.autoencoding_loss(model, shown), jnp.mean((model.decoder(latents) - shown) ** 2)
    return loss, slope, averages, latents, codes, chosen, through, error, plain


def test_the_averages_move_as_written_and_the_loss_is_error_and_commitment(parts, histories):
    sizes, sums = (np.asarray(parts[2][name][...]) for name in ("sizes", "sums"))
    loss, _, averages, latents, codes, chosen, _, error, plain = looked_into(parts, histories[:50].astype(float))
    # All sizes are one, so smoothing changes nothing.
    assert_allclose(chosen, sums[codes], rtol=1e-12)
    for k in range(8):
        assert_allclose(averages[0][k], 0.6 * sizes[k] + 0.4 * np.sum(codes == k))
        own = np.asarray(latents)[codes == k].sum(axis=0)
        assert_allclose(averages[1][k], 0.6 * sums[k] + 0.4 * own, atol=1e-12)
    assert_allclose(loss, error + np.mean((latents - chosen) ** 2), rtol=1e-12)
    assert_allclose(*plain, rtol=1e-12)


def test_the_gradient_passes_straight_through_and_commits(parts, histories):
    """d loss / d E = d error / d z_q + 2 (E - c) / size."""
    _, slope, _, latents, _, chosen, through, *_ = looked_into(parts, histories[:50].astype(float))
    expected = np.sum(through + 2 * (latents - chosen) / latents.size, axis=0)
    assert_allclose(slope, expected, rtol=1e-9, atol=1e-12)


def test_a_collapse_is_refused(parts, histories):
    structure, params, rest = parts
    # All codewords but one are far from every latent, whose norm is 2.
    far = jnp.full((8, 4), 100.0).at[0].set(0.0)
    rest = jax.tree.map(lambda leaf: jnp.ones(8) if leaf.ndim == 1 else far, rest)
    live = jax.jit(lambda state, h: graph_ode.live_codes(nnx.merge(structure, params, state), h))(
        rest, histories.astype(float)
    )
    with pytest.raises(ValueError, match="1 of 8 codes are live"):
        graph_ode.require_live(live, 8)


def test_two_devices_share_a_batch(parts, histories):
    """Loss and averages to rounding, on the batch that the training draws."""
    mesh = Mesh(np.array(jax.local_devices()[:2]), ("batch",))

    @partial(jax.jit, static_argnums=1)
    def lost(state, mesh):
        model = nnx.merge(parts[0], *jax.tree.map(jnp.copy, state))
        loss = vq._drawn(graph_ode.quantised_loss, 64, mesh)(model, KEY, histories.astype(float))
        return loss, model.sizes[...], model.sums[...]

    jax.tree.map(partial(assert_allclose, rtol=1e-9, atol=1e-9), lost(parts[1:], None), lost(parts[1:], mesh))
    with pytest.raises(ValueError, match="`batch` must divide among 2 devices, but is 65"):
        graph_ode.fit_quantiser(KEY, build(), histories, SCHEDULE._replace(batch=65), mesh=mesh)


def test_sizes_are_checked():
    with pytest.raises(ValueError, match="`codes` must be at least 1, but is 0"):
        graph_ode.VectorQuantiser(KEY, codes=0)
    assert vq.START_ITERATIONS == 10
