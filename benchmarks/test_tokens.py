"""The tokens row: cost of the layer against its length and its O(L^2) form, and ensembles of flows against SciPy."""

from __future__ import annotations

import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from benchmarks.conftest import RACES
from dynamics.tokens import line_fate, make_layer, make_line, selective_layer
from theory import tokens as theory

CHANNELS, STATES = 16, 8


def layer_and_tokens(length, dtype=np.float32):
    rng = np.random.default_rng(0)
    maps = [rng.normal(size=(STATES, CHANNELS)).astype(dtype) / 4 for _ in range(2)]
    step_map = rng.normal(size=(CHANNELS, CHANNELS)).astype(dtype) / 4
    layer = make_layer(*maps, step_map, dtype(0.5) * np.ones(CHANNELS, dtype), dtype(-2.0))
    return layer, jnp.asarray(rng.normal(size=(length, CHANNELS)).astype(dtype))


def processor_seconds(function, rounds=5):
    """Least processor time of several rounds: a busy machine interrupts long runs and lets short ones pass."""
    jax.block_until_ready(function())
    seconds = []
    for _ in range(rounds):
        start = time.process_time()
        jax.block_until_ready(function())
        seconds.append(time.process_time() - start)
    return min(seconds)


def test_cost_is_linear_in_the_length(benchmark):
    """Slope of log processor seconds on log L from 2^10 to 2^17 (D = 16, N = 8): at most 1.1."""
    lengths = 2 ** np.arange(10, 18)
    run = jax.jit(selective_layer)

    def at(length):
        layer, x = layer_and_tokens(int(length))
        return processor_seconds(lambda: run(x, layer))

    seconds = benchmark.pedantic(lambda: [at(length) for length in lengths], rounds=1)
    slope = np.polyfit(np.log(lengths), np.log(seconds), 1)[0]
    benchmark.extra_info["slope"] = slope
    per_token = 1e9 * np.array(seconds) / lengths
    RACES.append(f"test_cost_is_linear_in_the_length: slope {slope:.3f}; ns per token {per_token.round(0)}")
    assert slope <= 1.1


def test_scan_against_pairs(race):
    """L = 4096: the scan at least 20 times faster than the O(L^2) form, compiled the same way."""
    layer, x = layer_and_tokens(4096)
    run = jax.jit(selective_layer, static_argnames="how")
    scan, pairs = (run(x, layer, how=how) for how in (None, "attention"))
    np.testing.assert_allclose(scan, pairs, atol=1e-4 * float(jnp.abs(pairs).max()))
    ratio = race(
        lambda: jax.block_until_ready(run(x, layer)),
        lambda: jax.block_until_ready(run(x, layer, how="attention")),
        rounds=3,
    )
    assert ratio >= 20


def test_memory_of_the_backward_pass_is_linear(benchmark):
    """Scratch of the compiled gradient is O(L): the inputs of each chunk are kept, its states are made again."""
    gradient = jax.jit(jax.grad(lambda x, layer: selective_layer(x, layer, "chunked").sum()))

    def scratch(length):
        layer, x = layer_and_tokens(length)
        return gradient.lower(x, layer).compile().memory_analysis().temp_size_in_bytes

    lengths = (4096, 16384, 65536)
    scratches = benchmark.pedantic(lambda: [scratch(length) for length in lengths], rounds=1)
    states = [4 * length * CHANNELS * STATES for length in lengths]
    told = [f"{used / 2**20:.1f} of {all_ / 2**20:.0f}" for used, all_ in zip(scratches, states, strict=True)]
    RACES.append(f"test_memory_of_the_backward_pass_is_linear: MiB of scratch (of states) at L = {lengths}: {told}")
    assert scratches[2] <= 4.2 * scratches[1] <= 4.2**2 * scratches[0]


FLOWS, TOKENS, LOG_HORIZON = 1000, 8, 40.0
# SciPy is timed on so many of the flows, one after another, and its time is scaled up.
SAMPLED = 40


def random_flows():
    rng = np.random.default_rng(1)
    x0 = rng.normal(size=(FLOWS, TOKENS))
    x0[: FLOWS // 4] = -np.abs(x0[: FLOWS // 4])
    rate = np.where(rng.random(FLOWS) < 0.4, -1.0, 1.0) * rng.uniform(0.3, 1.5, FLOWS)
    return x0, rate, rng.uniform(0.3, 1.5, FLOWS), rng.uniform(0.2, 1.5, FLOWS)


def scipy_flow(x0, rate, slope, decay, rtol):
    """One flow with DOP853 in the same combined variable; its ln t and its first token at the end, and T*."""
    sign, start = np.sign(x0), np.log(np.abs(x0))

    def sums(y, s):
        z = slope * sign * np.exp(np.minimum(y, 500))
        with np.errstate(over="ignore"):
            delta = np.logaddexp(0, z)
            log_delta = np.where(z < -30, z, np.log(np.where(z < -30, 1.0, delta)))
            own, gate = np.exp(2 * y + log_delta + s), np.exp(-decay * delta)
        g, total = np.empty(TOKENS), 0.0
        for place in range(TOKENS):
            total = g[place] = own[place] + gate[place] * total
        return g

    def velocity(_, state):
        g = abs(rate) * sums(state[:-1], state[-1])
        clock = 1 / (1 + g.sum())
        return np.append(np.sign(rate) * g * clock, clock)

    def horizon(_, state):
        return state[-1] - np.logaddexp(0, LOG_HORIZON)

    def top(_, state):
        return state[:-1].max() - max(start.max(), -np.log(slope)) - 35

    horizon.terminal = top.terminal = True
    solved = solve_ivp(velocity, (0, 1e7), np.append(start, 0.0), "DOP853", rtol=rtol, atol=rtol, events=(horizon, top))
    end = solved.y[:, -1]
    return (np.expm1(end[-1]) if solved.t_events[1].size else np.inf), end[0]


def test_ensemble_of_flows(race):
    """1000 random flows of 8 tokens to ln t = 40, all regimes: at least 10 times faster than DOP853 in a loop.

    Both are held to the closed form of one token (its blow-up time, or its value at the horizon), at 1e-8.
    """
    with jax.enable_x64(True):
        x0, rate, slope, decay = random_flows()

        @jax.jit
        def ours(x0, rate, slope, decay):
            def one(x0, rate, slope, decay):
                fate = line_fate(x0, make_line(rate, slope, decay), LOG_HORIZON, tolerance=1e-9)
                return fate.time, fate.log_size[0], fate.status

            return jax.vmap(one)(x0, rate, slope, decay)

        time_, log_first, status = map(np.asarray, ours(x0, rate, slope, decay))
        assert set(np.unique(status)) <= {0, 2}
        law = np.asarray(jax.jit(jax.vmap(theory.token_at))(np.full(FLOWS, np.exp(LOG_HORIZON)), x0[:, 0], rate, slope))
        calm = (status == 0) & (rate < 0)
        np.testing.assert_allclose(log_first[calm], np.log(np.abs(law[calm])), atol=1e-7)
        sample = np.random.default_rng(2).choice(FLOWS, SAMPLED, replace=False)
        theirs = np.array([scipy_flow(x0[i], rate[i], slope[i], decay[i], 1e-9) for i in sample])
        finite = np.isfinite(theirs[:, 0])
        assert (finite == np.isfinite(time_[sample])).all()
        np.testing.assert_allclose(theirs[finite, 0], time_[sample][finite], rtol=1e-6)

        def loop():
            for i in sample:
                scipy_flow(x0[i], rate[i], slope[i], decay[i], 1e-9)

        ratio = race(lambda: jax.block_until_ready(ours(x0, rate, slope, decay)), loop, rounds=3)
        ratio *= FLOWS / SAMPLED
        RACES.append(f"test_ensemble_of_flows: DOP853 on all {FLOWS} flows would take {ratio:.1f} times as long")
    assert ratio >= 10


def test_ensemble_against_torchdiffeq(race):
    """The same flows as one torchdiffeq batch (dopri8 in log time, convergent flows, which it can follow)."""
    torch = pytest.importorskip("torch")
    torchdiffeq = pytest.importorskip("torchdiffeq")
    x0, _, slope, decay = random_flows()
    sign, start = torch.tensor(np.sign(x0)), torch.tensor(np.log(np.abs(x0)))
    slopes, decays = torch.tensor(slope)[:, None], torch.tensor(decay)[:, None]

    def velocity(s, y):
        delta = torch.nn.functional.softplus(slopes * sign * torch.exp(y), threshold=50)
        own, gate = torch.exp(2 * y + torch.log(delta) + s), torch.exp(-decays * delta)
        total, sums = torch.zeros_like(own[:, 0]), []
        for place in range(TOKENS):
            total = own[:, place] + gate[:, place] * total
            sums.append(total)
        return -torch.stack(sums, 1)

    with jax.enable_x64(True):
        ours = jax.jit(
            jax.vmap(
                lambda x, s, a: line_fate(x, make_line(-1.0, s, a), LOG_HORIZON, tolerance=1e-9).log_size,
            )
        )
        times = torch.tensor([0.0, np.logaddexp(0, LOG_HORIZON)], dtype=torch.float64)

        def theirs():
            return torchdiffeq.odeint(velocity, start, times, rtol=1e-9, atol=1e-9, method="dopri8")[-1]

        np.testing.assert_allclose(ours(x0, slope, decay), theirs().numpy(), atol=1e-5)
        ratio = race(lambda: jax.block_until_ready(ours(x0, slope, decay)), theirs, rounds=3)
    assert ratio >= 10


@pytest.mark.parametrize("backward", [False, True])
def test_scan_against_a_plain_recurrence(race, backward):
    """L = 4096: our scan, forward and backward, against the same recurrence token by token in PyTorch."""
    torch = pytest.importorskip("torch")
    layer, x = layer_and_tokens(4096)
    maps = [torch.tensor(np.array(part)) for part in (layer.input_map, layer.output_map, layer.step_map, layer.decay)]
    into, out, step_map, decay = maps
    tokens = torch.tensor(np.array(x), requires_grad=backward)

    def recurrence():
        delta = torch.nn.functional.softplus(tokens @ step_map.T - 2.0)
        b, c = tokens @ into.T, tokens @ out.T
        state, total = torch.zeros(CHANNELS, STATES), torch.zeros(())
        for place in range(tokens.shape[0]):
            state = (
                torch.exp(-decay * delta[place][:, None]) * state + (delta[place] * tokens[place])[:, None] * b[place]
            )
            total = total + (state @ c[place]).sum()
        if backward:
            tokens.grad = None
            total.backward()
        return total

    total = jax.jit(lambda x, layer: selective_layer(x, layer).sum())
    run = jax.jit(jax.grad(lambda x, layer: selective_layer(x, layer).sum())) if backward else total
    np.testing.assert_allclose(float(total(x, layer)), float(recurrence().detach()), rtol=1e-3, atol=1e-2)
    ratio = race(lambda: jax.block_until_ready(run(x, layer)), recurrence, rounds=3)
    assert ratio >= 1
