"""Bodies, agents and runs against loops in NumPy; the sentinel's exact counts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from dynamics import governance as gov

RNG = np.random.default_rng(7)
D, WARM, ROUNDS = 6, 9, 40
BODY = gov.Body(0.3 * RNG.normal(size=(D, D)), 0.5 * RNG.normal(size=(D, 2)), 0.3 * RNG.normal(size=D))
READOUT = gov.Readout(RNG.normal(size=D), np.float64(0.4))
NOISE = 0.15 * RNG.normal(size=(WARM + ROUNDS, D))
SCHEDULE = (RNG.random(ROUNDS) > 0.3).astype(float)
BASELINE = gov.Baseline(0.1 * RNG.normal(size=D), np.float64(0.8))
SENTINEL = gov.sentinel()


def as_jax(tree, dtype=jnp.float64):
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype), tree)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def by_hand(agent):
    """The official order of operations, one number after another."""
    w, (w1, w2) = BODY.recurrent, BODY.inputs.T
    x = np.zeros(D)
    for xi in NOISE[:WARM]:
        x = np.tanh(w @ x + w1 + w2 + BODY.bias) + xi
    alpha, xbar, abar = float(agent.share), BASELINE.state.copy(), float(BASELINE.action)
    e, seen = float(agent.expected), 1.0 if agent.trusting else SCHEDULE[0]
    rows, states = [], []
    for o, xi in zip(SCHEDULE, NOISE[WARM:], strict=True):
        body = sigmoid(READOUT.weights @ x + READOUT.intercept)
        e = agent.memory * e + (1 - agent.memory) * seen
        strange, changed, torn = np.linalg.norm(x - xbar) / D**0.5, abs(body - abar), abs(body - e)
        total = agent.state_weight * strange + agent.output_weight * changed + agent.disagreement_weight * torn
        abar, xbar = (1 - agent.drift) * abar + agent.drift * body, (1 - agent.drift) * xbar + agent.drift * x
        alpha += agent.recovery * (agent.share - alpha) - agent.intervention * max(0, total - agent.threshold)
        alpha = min(max(alpha, agent.floor), 1.0)
        a = alpha * body + (1 - alpha) * e
        x = np.tanh(w @ x + w1 * a + w2 * o + BODY.bias) + xi
        rows.append((a, body, e, alpha, strange, changed, torn, total))
        states.append(x)
        seen = o
    return np.array(rows).T, np.array(states)


AGENTS = {
    "sentinel": SENTINEL,
    "static": gov.static(0.4),
    "tft": gov.tit_for_tat(),
    "smoothed": gov.smoothed_tit_for_tat(0.7),
    "constant": gov.constant(0.25),
}


@pytest.mark.parametrize(("dtype", "tolerance"), [(jnp.float64, 1e-12), (jnp.float32, 1e-5)])
def test_t2_every_agent_plays_like_a_loop_in_numpy(dtype, tolerance):
    agents = gov.stacked(*AGENTS.values())
    over = (None, None, 0, None, None, None)
    run = jax.vmap(gov.play, over)(*as_jax((BODY, READOUT, agents, SCHEDULE, NOISE, BASELINE), dtype))
    for i, agent in enumerate(AGENTS.values()):
        rows, states = by_hand(gov.Agent(*map(float, agent)))
        assert_allclose(np.stack([field[i] for field in run.decisions]), rows, atol=tolerance)
        assert_allclose(run.states[i], states, atol=tolerance)
        assert run.states.dtype == dtype


def test_corner_agents_are_what_their_names_say():
    def played(agent):
        return np.asarray(gov.play(*as_jax((BODY, READOUT, agent, SCHEDULE, NOISE, BASELINE))).decisions.action)

    assert_allclose(played(gov.tit_for_tat()), np.concatenate([SCHEDULE[:1], SCHEDULE[:-1]]))
    assert_allclose(played(gov.constant(0.0)), np.zeros(ROUNDS))
    e, wanted = 1.0, []
    for seen in [1.0, *SCHEDULE[:-1]]:
        e = 0.9 * e + 0.1 * seen
        wanted.append(e)
    assert_allclose(played(gov.smoothed_tit_for_tat(0.9)), wanted, rtol=1e-14)


def test_states_pass_tanh_before_the_noise_and_copies_share_a_product():
    body, states = as_jax(BODY), jnp.asarray(RNG.normal(size=(3, D)))
    noise, own = jnp.asarray(RNG.normal(size=(3, D))), jnp.array([0.0, 0.5, 1.0])
    together = gov.step(body, states, own, 1.0, noise)
    for i in range(3):
        assert_allclose(together[i], gov.step(body, states[i], own[i], 1.0, noise[i]), rtol=1e-14)
    silent = gov.step(body, states, own, 1.0, 0 * noise)
    assert np.all(abs(silent) <= 1)
    assert_allclose(together - silent, noise, atol=1e-14)
    driven = gov.drive(body, states, 1.0, 0.0, jnp.stack([noise, noise]))
    assert_allclose(driven[1], gov.step(body, gov.step(body, states, 1.0, 0.0, noise), 1.0, 0.0, noise))


def test_a_body_padded_with_dead_neurons_plays_the_same_game():
    def padded(array, *axes):
        return np.pad(array, [(0, 3 if axis in axes else 0) for axis in range(array.ndim)])

    wide = gov.Body(padded(BODY.recurrent, 0, 1), padded(BODY.inputs, 0), padded(BODY.bias, 0))
    readout, noise = READOUT._replace(weights=padded(READOUT.weights, 0)), padded(NOISE, 1)
    baseline = BASELINE._replace(state=padded(BASELINE.state, 0))
    thin = gov.play(*as_jax((BODY, READOUT, SENTINEL, SCHEDULE, NOISE, BASELINE)))
    thick = gov.play(*as_jax((wide, readout, SENTINEL, SCHEDULE, noise, baseline)), neurons=D)
    for one, other in zip(thin.decisions, thick.decisions, strict=True):
        assert_allclose(one, other, atol=1e-14)
    assert not np.any(thick.states[:, D:])


def constant_discomfort(level, rounds):
    """Shares of a sentinel whose discomfort is a given number: a readout that always says 1, and a filter that hears
    what makes the disagreement that number."""
    agent = gov.sentinel(weights=(0.0, 0.0, 1.0))._replace(drift=0.0)
    readout = gov.Readout(jnp.zeros(D), jnp.float64(60.0))
    mind = gov.at_first(agent, gov.Baseline(jnp.zeros(D), jnp.float64(1.0)))
    shares = []
    for _ in range(rounds):
        mind, decision = gov.decide(agent, mind, readout, jnp.zeros(D), 1.0 - level)
        assert_allclose(decision.discomfort, level, atol=1e-12)
        shares.append(float(decision.share))
    return np.array(shares)


@pytest.mark.parametrize(("level", "rounds"), [(0.40, 7), (0.43, 6), (0.48, 5)])
def test_t12_rounds_to_the_floor_are_exact_integers(level, rounds):
    shares = constant_discomfort(level, rounds + 1)
    assert shares[rounds - 1] == 0.05
    assert shares[rounds - 2] > 0.05


@pytest.mark.parametrize(("level", "rest"), [(0.05, 0.85), (0.12, 0.65), (0.15, 0.35), (0.18, 0.05), (0.5, 0.05)])
def test_4_6_sentinel_comes_to_rest_at_its_equilibrium(level, rest):
    shares = constant_discomfort(level, 60)
    assert abs(shares[-1] - rest) <= 0.8 * 0.95**60 + 1e-12


def test_recovery_from_the_floor_takes_33_updates():
    share, updates = 0.05, 0
    while share <= 0.7:
        share += 0.05 * (0.85 - share)
        updates += 1
    assert updates == 33
    agent = gov.sentinel()
    mind = gov.Mind(jnp.float64(0.05), jnp.float64(0.0), gov.Baseline(jnp.zeros(D), jnp.float64(1.0)))
    readout = gov.Readout(jnp.zeros(D), jnp.float64(60.0))
    for update in range(1, 40):
        mind, decision = gov.decide(agent, mind, readout, jnp.zeros(D), 1.0)
        assert (float(decision.share) > 0.7) == (update >= 33)


def test_baselines_are_means_over_the_whole_run_from_rest():
    noise = jnp.asarray(NOISE)
    found = gov.acclimatised(*as_jax((BODY, READOUT)), noise)
    states = gov.drive(as_jax(BODY), jnp.zeros(D), 1.0, 1.0, noise)
    assert_allclose(found.state, states.mean(0))
    assert_allclose(found.action, gov.body_action(as_jax(READOUT), states).mean())
    nothing = gov.unfamiliar(as_jax(BODY))
    assert nothing.state.shape == (D,)
    assert float(nothing.action) == 0


def test_bad_arguments_are_refused_by_name():
    with pytest.raises(ValueError, match="`share` must lie"):
        gov.sentinel(share=1.2)
    with pytest.raises(ValueError, match="`share` must lie"):
        gov.static(float("nan"))
    with pytest.raises(ValueError, match="`noise` must cover"):
        gov.play(*as_jax((BODY, READOUT, SENTINEL, SCHEDULE, NOISE[:5], BASELINE)))
