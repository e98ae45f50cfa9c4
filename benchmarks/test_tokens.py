"""The tokens row: cost of the layer against its length and its O(L^2) form, and ensembles of flows against SciPy."""

from __future__ import annotations

import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from benchmarks.conftest import RACES
from dynamics.tokens import line_fates, make_layer, make_line, selective_layer
from theory import tokens as theory

CHANNELS, STATES = 16, 8


def layer_and_tokens(length, dtype=np.float32):
    rng = np.random.default_rng(0)
    maps = [rng.normal(size=(STATES, CHANNELS)).astype(dtype) / 4 for _ in range(2)]
    step_map = rng.normal(size=(CHANNELS, CHANNELS)).astype(dtype) / 4
    layer = make_layer(*maps, step_map, dtype(0.5) * np.ones(CHANNELS, dtype), dtype(-2.0))
    return layer, jnp.asarray(rng.normal(size=(length, CHANNELS)).astype(dtype))


def least_seconds(function, rounds=5):
    """Least processor time and least wall-clock time of several rounds: a busy machine interrupts long runs and lets
    short ones pass."""
    jax.block_until_ready(function())
    seconds = []
    for _ in range(rounds):
        start = time.process_time(), time.perf_counter()
        jax.block_until_ready(function())
        seconds.append((time.process_time() - start[0], time.perf_counter() - start[1]))
    return np.min(seconds, axis=0)


def test_cost_is_linear_in_the_length(benchmark):
    """Slope of log seconds on log L from 2^10 to 2^17 (D = 16, N = 8): at most 1.1, by processor and by the clock."""
    lengths = 2 ** np.arange(10, 18)
    run = jax.jit(selective_layer)

    def at(length):
        layer, x = layer_and_tokens(int(length))
        return least_seconds(lambda: run(x, layer))

    seconds = np.array(benchmark.pedantic(lambda: [at(length) for length in lengths], rounds=1))
    slopes = np.polyfit(np.log(lengths), np.log(seconds), 1)[0]
    benchmark.extra_info["slopes"] = slopes.tolist()
    for kind, slope, column in zip(("processor", "clock"), slopes, seconds.T, strict=True):
        per_token = (1e9 * column / lengths).round(0)
        RACES.append(f"test_cost_is_linear_in_the_length: slope by {kind} {slope:.3f}; ns per token {per_token}")
    assert (slopes <= 1.1).all()


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
    """One flow with DOP853 in the same combined variable: T*, and ln|x_l| at the end."""
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
    return (np.expm1(end[-1]) if solved.t_events[1].size else np.inf), end[:-1]


def ensemble(rate, tolerance):
    """Our fates of the random flows, and a function that follows them again."""
    x0, _, slope, decay = random_flows()
    lines = jax.vmap(make_line)(jnp.broadcast_to(rate, FLOWS), slope, decay)
    return lambda: line_fates(x0, lines, LOG_HORIZON, tolerance=tolerance)


def errors(ends, times, reference, chosen=slice(None)):
    """Worst error of all tokens at the horizon, and of T* relative to itself, against a solve at 1e-12."""
    ended = np.isfinite(reference.time[chosen])
    off = np.abs(ends - reference.log_size[chosen])[~ended].max()
    late = np.abs(times / reference.time[chosen] - 1)[ended].max(initial=0.0)
    return np.array([off, late])


def test_ensemble_of_flows(race):
    """1000 random flows of 8 tokens to ln t = 40, all regimes: at least 10 times faster than DOP853 in a loop.

    Both at tolerance 1e-9. Their errors are measured on the first token against its closed form and on all against a
    solve at 1e-12; ours must not be the larger.
    """
    with jax.enable_x64(True):
        x0, rate, slope, decay = random_flows()
        ours, reference = ensemble(rate, 1e-9), ensemble(rate, 1e-12)()
        found = ours()
        assert set(np.unique(found.status)) <= {0, 2}
        law = np.asarray(jax.jit(jax.vmap(theory.token_at))(np.full(FLOWS, np.exp(LOG_HORIZON)), x0[:, 0], rate, slope))
        calm = (np.asarray(found.status) == 0) & (rate < 0)
        np.testing.assert_allclose(found.log_size[calm, 0], np.log(np.abs(law[calm])), atol=1e-7)
        sample = np.random.default_rng(2).choice(FLOWS, SAMPLED, replace=False)
        solved = [scipy_flow(x0[i], rate[i], slope[i], decay[i], 1e-9) for i in sample]
        times, ends = (np.array(part) for part in zip(*solved, strict=True))
        assert (np.isfinite(times) == np.isfinite(found.time[sample])).all()
        theirs = errors(ends, times, reference, sample)
        own = errors(found.log_size[sample], found.time[sample], reference, sample)
        known = calm[sample]
        first = [
            np.abs(end[known, 0] - np.log(np.abs(law[sample][known]))).max() for end in (ends, found.log_size[sample])
        ]

        def loop():
            for i in sample:
                scipy_flow(x0[i], rate[i], slope[i], decay[i], 1e-9)

        ratio = race(ours, loop, rounds=3) * FLOWS / SAMPLED
        steps = np.asarray(found.steps)
        RACES.append(
            f"test_ensemble_of_flows: DOP853 on all {FLOWS} flows would take {ratio:.1f} times as long; worst error of "
            f"tokens, T* and first token: DOP853 {theirs[0]:.1e} {theirs[1]:.1e} {first[0]:.1e}, "
            f"ours {own[0]:.1e} {own[1]:.1e} {first[1]:.1e}; our steps {steps.mean():.0f} a flow, at most {steps.max()}"
        )
    assert (own <= theirs).all()
    assert ratio >= 10


def torch_flows(torch, x0, rate, slope, decay):
    """Velocity of one torchdiffeq batch in the combined variable, and its start: ln|x_l| and ln(1 + t).

    A batch has one step and one end for all flows, so each flow's clock slows down to a stop as it comes to the
    horizon, or to its top in a blow-up: by 1 - e^-room, at a rate of 1, which no step is limited by.
    """
    sign, start = torch.tensor(np.sign(x0)), torch.tensor(np.log(np.abs(x0)))
    rates, slopes, decays = (
        torch.tensor(np.broadcast_to(part, FLOWS).copy())[:, None] for part in (rate, slope, decay)
    )
    top = torch.maximum(start.amax(1), -torch.log(slopes[:, 0])) + 35
    end = float(np.logaddexp(0, LOG_HORIZON))

    def speeds(y, s):
        z = slopes * sign * torch.exp(y)
        delta = torch.nn.functional.softplus(z, threshold=50)
        log_delta = torch.where(z < -30, z, torch.log(torch.where(z < -30, 1.0, delta)))
        own = torch.exp(2 * y + log_delta + s + torch.log(rates.abs()))
        gate, total, sums = torch.exp(-decays * delta), torch.zeros_like(own[:, 0]), []
        for place in range(TOKENS):
            total = own[:, place] + gate[:, place] * total
            sums.append(total)
        return torch.stack(sums, 1)

    def velocity(_, state):
        y, s = state
        g = speeds(y, s[:, None])
        room = torch.minimum(end - s, top - y.amax(1)).clamp(min=0)
        clock = -torch.expm1(-room) / (1 + g.sum(1))
        return torch.sign(rates) * g * clock[:, None], clock

    return velocity, speeds, (start, torch.zeros(FLOWS, dtype=torch.float64))


# The longest of these flows is over by tau = 300; what is left of its room there is e^-30.
TAU = 330.0


def test_ensemble_against_torchdiffeq(race):
    """The same flows of all regimes as one torchdiffeq batch (dopri8, the combined variable): at least 10 times.

    Ours are solved at the tolerance at which our worst flow errs as little as the peer's at 1e-8.
    """
    torch, torchdiffeq = pytest.importorskip("torch"), pytest.importorskip("torchdiffeq")
    x0, rate, slope, decay = random_flows()
    velocity, _, start = torch_flows(torch, x0, rate, slope, decay)
    span = torch.tensor([0.0, TAU], dtype=torch.float64)

    def theirs():
        y, s = torchdiffeq.odeint(velocity, start, span, rtol=1e-8, atol=1e-8, method="dopri8")
        return y[-1].numpy(), np.expm1(s[-1].numpy())

    with jax.enable_x64(True):
        ours, reference = ensemble(rate, 3e-10), ensemble(rate, 1e-12)()
        ratio = race_of_batches(race, ours, theirs, reference, "test_ensemble_against_torchdiffeq")
    assert ratio >= 10


def test_convergent_ensemble_against_torchdiffeq(race):
    """The peer's best case: convergent flows alone, in log time, where one step suits all. Not slower there either."""
    torch, torchdiffeq = pytest.importorskip("torch"), pytest.importorskip("torchdiffeq")
    x0, _, slope, decay = random_flows()
    _, speeds, (start, _) = torch_flows(torch, x0, -1.0, slope, decay)
    span = torch.tensor([0.0, np.logaddexp(0, LOG_HORIZON)], dtype=torch.float64)

    def theirs():
        y = torchdiffeq.odeint(lambda s, y: -speeds(y, s), start, span, rtol=1e-10, atol=1e-10, method="dopri8")
        return y[-1].numpy(), np.full(FLOWS, np.inf)

    with jax.enable_x64(True):
        ours, reference = ensemble(-1.0, 1e-9), ensemble(-1.0, 1e-12)()
        ratio = race_of_batches(race, ours, theirs, reference, "test_convergent_ensemble_against_torchdiffeq")
    assert ratio >= 1


def race_of_batches(race, ours, theirs, reference, name):
    """The ratio; our worst flow must be no worse than theirs, in tokens and in T*."""
    found = ours()
    own, other = errors(found.log_size, found.time, reference), errors(*theirs(), reference)
    ratio = race(ours, theirs, rounds=3)
    RACES.append(
        f"{name}: worst error of tokens and of T*: torchdiffeq {other[0]:.1e} {other[1]:.1e}, "
        f"ours {own[0]:.1e} {own[1]:.1e}"
    )
    assert (own <= other).all()
    return ratio


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
