"""Tokens on a line against the specification's digits, the O(L^2) form, equivariances and gradients."""

import itertools
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from dynamics.tokens import (
    blow_up,
    line_attention,
    line_fate,
    line_fates,
    line_flow,
    line_layer,
    line_phase,
    make_line,
)
from dynamics.tokens.regimes import BLOW_UP, NON_FINITE, OK, REGIMES, STEP_LIMIT
from experiments import codes

MOST_TOKENS, MOST_POINTS = 5, 4


def filled(run, earlier=None):
    """A compiled run at one shape for all tests: tokens at 0, whom no other sees, come after the last, and
    `earlier` points before the first."""
    compiled = jax.jit(run)

    def at_one_shape(x, line, points):
        x, given, count = np.asarray(x), np.size(points), np.size(x)
        if earlier is not None:
            points = np.concatenate([earlier(x, points)[: MOST_POINTS - given], points])
        found = compiled(np.append(x, np.zeros(MOST_TOKENS - count, x.dtype)), line, points)
        wanted = {0: (), 1: (slice(count),), 2: (slice(-given, None), slice(count))}
        return jax.tree.map(lambda leaf: leaf[wanted[leaf.ndim]], found)

    return at_one_shape


fate = filled(line_fate)
flow = filled(line_flow, lambda x, points: points[0] - np.arange(MOST_POINTS, 0, -1.0))
# On the way from the first token's size to the first point.
phase = filled(line_phase, lambda x, points: np.linspace(np.log(abs(x[0])), points[0], MOST_POINTS + 1)[1:-1])
ending = jax.jit(blow_up, static_argnums=2)

FOUR = np.array([1.0, -0.8, 1.6, 0.4])
TRAJECTORIES = {
    (0.0, False): {
        0.1: (0.9386494213, -0.7473583051, 1.3121892885, 0.3508590917),
        1: (0.6628170035, -0.5113898637, 0.6532044621, 0.2181272411),
        10: (0.2848989485, -0.2012988184, 0.2070383040, 0.0958089235),
        100: (0.0979094364, -0.0634586607, 0.0613949953, 0.0378907225),
    },
    (0.0, True): {
        1: (0.7087144081, -0.5436915132, 0.7313393648, 0.2354741411),
        100: (0.1085439293, -0.0697794718, 0.0686678749, 0.0412622657),
    },
    (-2.0, False): {
        1: (0.8858542829, -0.6891146397, 1.0703267629, 0.2738467350),
        100: (0.2137253798, -0.1194089425, 0.1037802005, 0.0303775327),
    },
}
FAST = make_line(1.0, 1.0, 0.5)
SIZES = np.array([0.9, 0.7, 0.8])
# Signs, T_3, and each token's regime with its finite value or its limiting ratio to the leader.
PATTERNS = {
    (1, 1, 1): (0.3331191647, [("finite", 1.9767611), ("finite", 1.6191871), ("blow-up", None)]),
    (1, 1, -1): (0.3749647533, [("blow-up", None), ("follower-loglog", None), ("follower-loglog", None)]),
    (1, -1, 1): (0.3408110730, [("finite", 2.1196169), ("finite", -1.6179617), ("blow-up", None)]),
    (1, -1, -1): (0.3749647533, [("blow-up", None), ("follower-power", -0.7451068), ("follower-power", -0.8528907)]),
    (-1, 1, 1): (0.3971313504, [("finite", -1.0124098), ("finite", 1.0554809), ("blow-up", None)]),
    (-1, 1, -1): (0.6299454854, [("finite", -1.0936140), ("blow-up", None), ("follower-power", -1 / 0.7843362)]),
    (-1, -1, 1): (0.4428994390, [("finite", -1.0273609), ("finite", -0.8639870), ("blow-up", None)]),
    (-1, -1, -1): (np.inf, [("slow", None)] * 3),
}


@pytest.mark.parametrize(("bias", "exact_zoh"), TRAJECTORIES)
def test_eq_17_1_trajectories(bias, exact_zoh):
    rows = TRAJECTORIES[bias, exact_zoh]
    line = make_line(-0.7, 0.5, 0.6, bias, exact_zoh=exact_zoh)
    found = flow(FOUR, line, np.log(list(rows)))
    assert int(found.status) == OK
    # The printed digits end at 5e-11.
    assert_allclose(found.tokens, list(rows.values()), atol=2e-10)


def test_eq_17_2_slow_and_before_blow_up():
    slow = flow(np.array([-1.0, -2.5, -0.6]), make_line(1.2, 0.9, 0.5), np.log([1.0, 20.0]))
    digits = [(-1.7123341963, -6.6966302793, -2.2246777690), (-10.6860727650, -43.1327589941, -22.5803787895)]
    assert_allclose(slow.tokens, digits, atol=1e-9)
    before = flow(np.array([0.6, -1.0, 0.5]), FAST, np.log([0.3, 0.5]))
    digits = [(0.6835620944, -1.2441033844, 0.6271004500), (0.7686371818, -1.5033259885, 0.7785699053)]
    assert_allclose(before.tokens, digits, atol=2e-10)


@pytest.mark.parametrize("signs", PATTERNS)
def test_eq_17_3_sign_patterns(signs):
    time, tokens = PATTERNS[signs]
    found = fate(SIZES * signs, FAST, 40.0)
    assert int(found.status) == (BLOW_UP if np.isfinite(time) else OK)
    assert_allclose(found.time, time, atol=2e-10)
    assert [REGIMES[regime] for regime in found.regime] == [regime for regime, _ in tokens]
    leader = np.max(np.abs(found.tokens[np.asarray(found.regime) == REGIMES.index("blow-up")]), initial=1.0)
    for token, (regime, value) in zip(found.tokens, tokens, strict=True):
        if value is not None:
            # Printed to 1e-7; ratios to 1e-8 of their own.
            assert_allclose(token / (leader if regime == "follower-power" else 1.0), value, atol=2e-7)


def test_an_ensemble_comes_back_in_its_own_order():
    x = np.array([*(SIZES * signs for signs in PATTERNS), SIZES])
    lines = jax.vmap(lambda rate: make_line(rate, 1.0, 0.5))(np.array([1.0] * len(PATTERNS) + [-1.0]))
    # Three groups of four on two workers: the last is filled up with copies.
    found = line_fates(x, lines, 40.0, together=4, workers=2)
    assert_allclose(found.time, [*(time for time, _ in PATTERNS.values()), np.inf], atol=2e-10)
    names = [[regime for regime, _ in tokens] for _, tokens in PATTERNS.values()] + [["convergent"] * 3]
    assert [[REGIMES[regime] for regime in flow] for flow in found.regime] == names
    assert_allclose(found.log_time[np.isinf(found.time)], 40.0, rtol=1e-8)
    traced = jax.eval_shape(lambda x: line_fates(x, lines, 40.0), x)
    assert jax.tree.map(jnp.shape, traced) == jax.tree.map(jnp.shape, found)


def test_workers_of_an_ensemble_compute_in_the_callers_precision():
    with jax.enable_x64(False):
        found = line_fates(np.array([[0.5]]), make_line(1.0, 1.0, 0.5), 5.0, together=1, max_steps=64)
    assert found.time.dtype == jnp.float32
    assert_allclose(found.time, 1.67693920994, rtol=1e-4)


@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, 1, -1)])
def test_eq_18_2_blow_up_variable_agrees_and_names_who_does_not_blow_up_by_itself(signs):
    for last in range(3):
        found, whole = ending(SIZES * signs, FAST, last), fate((SIZES * signs)[: last + 1], FAST, 40.0)
        itself = REGIMES[whole.regime[-1]] == "blow-up"
        assert (int(found.status) == BLOW_UP) == itself
        if itself:
            assert_allclose(found.time, whole.time, rtol=1e-10)
            assert_allclose(found.tokens, whole.tokens[:-1], rtol=1e-10)
        else:
            assert np.isinf(found.time)
            assert np.isinf(found.tokens).all()


def test_eq_3_2_blow_up_times():
    # At 2 the specification prints ...1875; quadrature with 25 digits gives ...12174604.
    digits = {0.1: 63.3285723866, 0.5: 1.67693920994, 1: 0.282963287508, 2: 0.0404488912175, 5: 0.00266554083570}
    for size, time in digits.items():
        assert_allclose(ending(np.array([size]), FAST, 0).time, time, rtol=1e-10)


def test_eq_3_1_example_a_predecessor_is_finite_at_the_blow_up():
    found = fate(np.array([-1.0, 0.5]), FAST, 40.0)
    assert_allclose(found.time, 1.19508914, atol=1e-8)
    assert_allclose(found.tokens[0], -1.59334, atol=1e-5)


def test_eq_18_3_slow_limits():
    digits = {0.5: (1, 1.6626997, 1.7560283, 3.4052848), 0.0: (1, 1.6655048, 1.7665039, 3.4250541)}
    digits[3.0] = (1, 1.6488496, 1.7065425, 3.3128463)
    for decay, limits in digits.items():
        found = phase(-np.array([2.5, 3, 2.2, 4]), make_line(1.0, 1.0, decay), np.log([150.0]))
        assert_allclose(np.exp(found.log_size[0]) / 150, limits, atol=1e-7)


def test_eq_3_5_followers_far_beyond_every_threshold():
    from scipy.special import expi

    found = phase(np.array([1.0, 0.5]), FAST, np.array([50.0, 200.0, 5000.0]))
    law = expi(0.5 * np.exp(found.log_size[:, 1])) - found.log_size[:, 0]
    assert_allclose(law, [-0.7344, -0.73478, -0.73483], atol=6e-5)
    power = phase(np.array([1.0, -0.5]), FAST, np.array([46.0]))
    assert_allclose(np.exp(power.log_size[0, 1] - 46.0), 0.41354, atol=6e-6)


def test_eq_3_5_order_of_two_positive_tokens():
    times = {0.8: 0.2829632875, 0.84: 0.27710963, 0.9: 0.25578618, 1.0: 0.21612351, 1.2: 0.14867380}
    for second, time in times.items():
        assert_allclose(fate(np.array([1.0, second]), FAST, 40.0).time, time, atol=6e-9)
    # The separatrix attracts backwards: from u_2 = u_1 = 300 down to u_1 = 1.
    back = phase(np.array([300.0, 300.0]), FAST, np.array([0.0]))
    assert_allclose(np.exp(back.log_size[0, 1]), 0.81771274, atol=2e-8)


def _thousandths(low, high):
    """Numbers of a size that a change of units leaves normal."""
    return st.floats(low, high).map(lambda number: round(number, 3))


LINES = st.builds(
    partial(dict),
    rate=_thousandths(-1.5, 1.5),
    slope=_thousandths(-1.5, 1.5),
    decay=_thousandths(0, 3),
    bias=_thousandths(-4, 1),
)
TOKENS = st.lists(_thousandths(-3, 3), min_size=5, max_size=5).map(np.array)
layers = {
    flags: (
        jax.jit(lambda x, line, f=flags: line_layer(x, make_line(**line, exact_zoh=f[0], causal=f[1]))),
        jax.jit(lambda x, line, f=flags: line_attention(x, make_line(**line, exact_zoh=f[0], causal=f[1]))),
    )
    for flags in itertools.product((False, True), repeat=2)
}


@given(line=LINES, x=TOKENS, flags=st.sampled_from(list(layers)))
def test_layer_is_the_hidden_attention(line, x, flags):
    layer, attention = layers[flags]
    pairs = np.asarray(attention(x, line))
    # Rounding of five products of ten factors each.
    assert_allclose(layer(x, line), pairs @ x, atol=1e-14 * np.abs(pairs).sum(axis=1).max() * 3 + 1e-300)
    if flags[1]:
        assert not np.triu(pairs, 1).any()


@given(line=LINES, x=TOKENS)
def test_c1_signs_stay_and_sizes_are_monotone(line, x):
    found = flow(x, make_line(**line), np.array([-3.0, -1.0, 0.0]))
    reached = np.isfinite(np.asarray(found.log_size))
    sizes = np.where(reached, found.log_size, 0.0)
    steps = np.where(reached[1:], np.diff(sizes, axis=0), 0.0)
    assert (np.sign(line["rate"]) * steps >= -1e-10).all()
    assert int(found.status) in (OK, BLOW_UP)
    assert reached.all() == (int(found.status) == OK)


@given(line=LINES, x=TOKENS, scale=_thousandths(0.3, 3))
def test_c14_clock_and_scale_symmetry(line, x, scale):
    base = fate(x, make_line(**line), 1.0)
    slower = line | {"rate": line["rate"] / scale}
    smaller = line | {"rate": line["rate"] * scale**2, "slope": line["slope"] * scale}
    for other, tokens, shift, time in (
        (fate(x, make_line(**slower), 1.0 + np.log(scale)), 0.0, np.log(scale), scale),
        (fate(x / scale, make_line(**smaller), 1.0), np.log(scale), 0.0, 1.0),
    ):
        assert int(other.status) == int(base.status)
        assert_allclose(other.time, base.time * time, rtol=1e-8)
        if int(base.status) == OK:
            assert_allclose(other.log_time, base.log_time + shift, atol=1e-8)
            assert_allclose(np.where(x == 0, 0, other.log_size + tokens), base.log_size, atol=1e-8)


def test_c6_maximal_times_never_increase():
    x = np.array([0.3, -0.5, 0.4, 0.9, -1.0])
    times = [float(fate(x[:count], make_line(1.3, 0.7, 0.4, -1.0), 40.0).time) for count in range(1, 6)]
    assert (np.diff(times) <= 1e-9 * np.array(times[1:])).all()


def test_causality_later_tokens_have_no_influence():
    at = np.log([1.0, 5.0])
    whole = flow(FOUR, make_line(-0.7, 0.5, 0.6), at).tokens
    assert_allclose(flow(FOUR[:2], make_line(-0.7, 0.5, 0.6), at).tokens, whole[:, :2], rtol=1e-9)
    jacobian = jax.jit(jax.jacobian(line_layer))(jnp.asarray(FOUR), make_line(-0.7, 0.5, 0.6))
    assert not np.triu(jacobian, 1).any()


def test_gradients_of_the_blow_up_time_by_three_routes():
    def both(size, slope):
        return line_fate(jnp.stack([-1.0 * size, size]), make_line(1.0, slope, 0.5), 40.0, max_steps=64).time

    def alone(size, slope):
        return blow_up(jnp.stack([-1.0 * size, size]), make_line(1.0, slope, 0.5), 1, max_steps=64).time

    both, alone = (jax.jit(jax.value_and_grad(function, (0, 1))) for function in (both, alone))
    (_, first), (_, second) = both(0.8, 1.1), alone(0.8, 1.1)
    assert_allclose(first, second, rtol=1e-7)
    step = 1e-5
    numeric = [
        (alone(0.8 + step, 1.1)[0] - alone(0.8 - step, 1.1)[0]) / (2 * step),
        (alone(0.8, 1.1 + step)[0] - alone(0.8, 1.1 - step)[0]) / (2 * step),
    ]
    assert_allclose(second, numeric, rtol=1e-7)


def test_gradient_of_a_trajectory_is_its_finite_difference():
    @jax.jit
    @jax.value_and_grad
    def last(start):
        return line_flow(start, make_line(-0.7, 0.5, 0.6), np.log([2.0]), max_steps=64).tokens[0, -1]

    step, start = 1e-5, jnp.asarray(FOUR[:2])
    numeric = [(last(start + step * e)[0] - last(start - step * e)[0]) / (2 * step) for e in np.eye(2)]
    assert_allclose(last(start)[1], numeric, atol=1e-8)


def test_long_horizons_stay_finite():
    line = make_line(-0.8, 0.7, 0.5)
    converging = flow(np.array([1.2, -0.6, 2.0]), line, np.array([80.0, 3000.0]))
    assert int(converging.status) == OK
    # x sqrt(t) is constant once t^(-1/2) is below rounding.
    assert_allclose(np.diff(converging.log_size, axis=0)[0], -(3000 - 80) / 2, rtol=1e-9)
    slow = flow(np.array([-2.5, -3.0]), FAST, np.array([300.0, 3000.0]))
    assert int(slow.status) == OK
    assert (np.exp(slow.log_size[-1]) > 2900).all()


def test_a_token_at_zero_stays_and_only_lets_memories_fade():
    found = fate(np.array([0.5, 0.0, -0.7]), make_line(-1.0, 1.0, 0.5), 2.0)
    assert REGIMES[found.regime[1]] == "static"
    assert float(found.tokens[1]) == 0.0
    assert [REGIMES[regime] for regime in fate(np.ones(2), make_line(0.0, 1.0, 0.5), 2.0).regime] == ["static"] * 2


def test_two_sided_tokens_keep_sign_rate_and_classification():
    @jax.jit
    def run(rate, x):
        return line_fate(x, make_line(rate, 1.0, 0.5, causal=False), 40.0)

    x = np.array([0.7, -0.4, 0.6])
    assert [REGIMES[regime] for regime in run(-1.0, x).regime] == ["convergent"] * 3
    # The rate of C2 survives: sizes fall as the square root of time.
    sizes = jax.jit(line_flow)(x, make_line(-1.0, 1.0, 0.5, causal=False), np.array([38.0, 40.0])).log_size
    # Corrections fall like a small power of t.
    assert_allclose(np.diff(sizes, axis=0), -1.0, atol=5e-3)
    assert int(run(1.0, x).status) == BLOW_UP
    assert [REGIMES[regime] for regime in run(1.0, -np.abs(x)).regime] == ["slow"] * 3
    with pytest.raises(ValueError, match="causal"):
        blow_up(x, make_line(1.0, 1.0, 0.5, causal=False), 0)


def test_float32_follows_float64():
    for rate in (-0.7, 0.7):
        wide = fate(-FOUR, make_line(rate, 0.5, 0.6), 3.0)
        narrow = fate(np.float32(-FOUR), make_line(*np.float32([rate, 0.5, 0.6])), np.float32(3.0))
        assert narrow.tokens.dtype == jnp.float32
        assert (narrow.regime == wide.regime).all()
        assert_allclose(narrow.time, wide.time, rtol=1e-5)
        if rate < 0:
            assert_allclose(narrow.log_size, wide.log_size, atol=1e-4)


def test_statuses_are_the_houses_codes():
    assert (OK, NON_FINITE, BLOW_UP, STEP_LIMIT) == (codes.OK, codes.NON_FINITE, codes.BLOW_UP, codes.STEP_LIMIT)
    assert int(line_flow(FOUR, make_line(-0.7, 0.5, 0.6), np.array([40.0]), max_steps=3).status) == STEP_LIMIT


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: make_line(1.0, 1.0, -0.1), "decay"),
        (lambda: make_line(np.nan, 1.0, 0.1), "rate"),
        (lambda: line_flow(np.array([1.0, np.inf]), FAST, np.array([0.0])), "x0"),
        (lambda: line_flow(np.array([1.0]), FAST, np.array([1.0, 0.0])), "log_times"),
    ],
)
def test_bad_arguments_are_refused_by_name(call, named):
    with pytest.raises(ValueError, match=named):
        call()
