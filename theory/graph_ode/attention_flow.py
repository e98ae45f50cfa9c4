"""Attention as a flow, x' = (A - I) x with A row-stochastic: what is kept, how fast it contracts, what one step does.

`attention` is A; `coefficient` its Dobrushin coefficient; `order` that of an explicit Runge-Kutta method with as many
stages (on linear problems one polynomial an order); `step` its step h; `score` a softmax's logit.
"""

import math
from typing import SupportsIndex

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float, Real

from .._arguments import floats, positive, unit, whole, within
from .heat_flow import REACH, step_polynomial

# Scaled down by 2^4 a flow of time 8 is one of time 1/2, for which so many terms are exact to rounding.
HALVINGS, TERMS = 4, 14


def attention_kernel(
    attention: Float[ArrayLike, "nodes nodes"], time: Real[ArrayLike, ""]
) -> Float[Array, "nodes nodes"]:
    """e^(t (A - I)), row-stochastic for every time in [0, 8]; ValueError outside.  (P8; eq. of the method figure)

    Scaling and squaring of a Taylor polynomial: 2^4 times as small a time, then four squarings.
    """
    within("time", time, 0.0, 8.0)
    dtype = jnp.result_type(float, time)
    attention = jnp.asarray(attention, dtype)
    own = jnp.eye(len(attention), dtype=dtype)
    # The exponential of A itself has no negative terms; that of -I is a number.
    share = jnp.asarray(time, dtype) / 2**HALVINGS
    kernel = own
    for k in range(TERMS, 0, -1):
        kernel = own + (share / k) * attention @ kernel
    kernel = jnp.exp(-share) * kernel
    for _ in range(HALVINGS):
        kernel = kernel @ kernel
    return kernel


def stationary_distribution(attention: Float[ArrayLike, "nodes nodes"]) -> Float[Array, " nodes"]:
    """pi >= 0 with pi A = pi and sum 1, whose mean pi x the flow keeps; unique if A is positive.  (P8; derived here)"""
    attention = jnp.asarray(attention, float)
    # The balance of the first node follows from the others, and is replaced by the sum.
    balance = (attention - jnp.eye(len(attention))).T.at[0].set(1.0)
    return jnp.linalg.solve(balance, jnp.zeros(len(attention)).at[0].set(1.0))


def dobrushin_coefficient(attention: Float[ArrayLike, "nodes nodes"]) -> Float[Array, ""]:
    """delta = 1 - min_(i, j) sum_k min(A_ik, A_jk), in [0, 1]: osc(A x) <= delta osc(x).  (P9; Dobrushin)"""
    attention = jnp.asarray(attention, float)
    return 1 - jnp.min(jnp.sum(jnp.minimum(attention[:, None], attention[None]), axis=-1))


def oscillation_bound(coefficient: Real[ArrayLike, "..."], time: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """osc x(t) <= e^(-(1 - delta) t) osc x(0), exact for delta = 0; coefficient in [0, 1], time >= 0.  (P9; derived)"""
    unit("coefficient", coefficient)
    positive("time", time, "[)")
    coefficient, time = floats(coefficient, time)
    return jnp.exp(-(1 - coefficient) * time)


def coefficient_bound(spread: Real[ArrayLike, "..."]) -> Float[Array, "..."]:
    """delta <= 1 - e^(-2 B) if all logits lie in [-B, B]; spread B >= 0.  (P9; derived here)"""
    positive("spread", spread, "[)")
    (spread,) = floats(spread)
    return -jnp.expm1(-2 * spread)


def rencontres_weights(order: SupportsIndex) -> Float[Array, " powers"]:
    """c_k = (permutations of s things that fix k)/s!: one step of size 1 is sum_k c_k A^k; order s in 1..4.  (P10)

    (9, 8, 6, 0, 1)/24 for s = 4; non-negative with sum 1, so that the step is a stochastic matrix too.  (derived here)
    """
    order = _order(order)
    deranged = [round(math.factorial(n) * sum((-1) ** j / math.factorial(j) for j in range(n + 1))) for n in range(5)]
    return jnp.asarray(
        [math.comb(order, k) * deranged[order - k] / math.factorial(order) for k in range(order + 1)], float
    )


def step_weights(order: SupportsIndex, step: Real[ArrayLike, "..."]) -> Float[Array, "... powers"]:
    """c_k(h) = h^k/k! sum_(j <= s - k) (-h)^j/j! of the step sum_k c_k A^k; powers k = 0..s last.  (P11; derived here)

    All are non-negative iff h <= 1: c_(s-1) = h^(s-1) (1 - h)/(s - 1)!.  order s in 1..4, step >= 0.
    """
    order = _order(order)
    positive("step", step, "[)")
    (step,) = floats(step)
    return jnp.stack(
        [
            step**k / math.factorial(k) * step_polynomial(order - k, -step)
            if k < order
            else step**k / math.factorial(k)
            for k in range(order + 1)
        ],
        axis=-1,
    )


def monotone_attention_step(self_weight: Real[ArrayLike, "..."] = 0.0) -> Float[Array, "..."]:
    """Largest Euler step with a maximum principle, 1/(1 - a), a in [0, 1) the least self-weight.  (P12; derived here)

    For every order 1 to 4 and every A it is 1, the positivity threshold of `step_weights`.
    """
    within("self_weight", self_weight, 0.0, 1.0, "[)")
    (self_weight,) = floats(self_weight)
    return 1 / (1 - self_weight)


def stable_attention_step(order: SupportsIndex) -> Float[Array, ""]:
    """Largest step that is stable for every stochastic A: 1, 1, 1.2564, 1.3926 for orders 1 to 4.  (P12; derived here)

    The spectrum of A - I lies in the disc |z + 1| <= 1; of its multiples the point z = -2h is the first to leave the
    region of stability, but for order 1, all of whose circle leaves at once.
    """
    return jnp.asarray(REACH[_order(order)] / 2, float)


def step_multiplier(
    order: SupportsIndex, step: Real[ArrayLike, "..."], angle: Real[ArrayLike, "..."]
) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    """Real and imaginary part of R(h (e^(i a) - 1)): one step's factor on a directed cycle's mode.  (P12; derived here)

    order in 1..4, step >= 0.
    """
    order = _order(order)
    positive("step", step, "[)")
    within("angle", angle, -math.inf, math.inf, "()")
    step, angle = floats(step, angle)
    z_real, z_imag = -2 * step * jnp.sin(angle / 2) ** 2, step * jnp.sin(angle)
    real, imag = jnp.ones_like(step), jnp.zeros_like(step)
    for k in range(order, 0, -1):
        real, imag = 1 + (z_real * real - z_imag * imag) / k, (z_real * imag + z_imag * real) / k
    return real, imag


def exact_multiplier(
    time: Real[ArrayLike, "..."], angle: Real[ArrayLike, "..."]
) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    """Real and imaginary part of exp(t (e^(i a) - 1)), the flow's own factor; time >= 0.  (P13; derived here)"""
    positive("time", time, "[)")
    within("angle", angle, -math.inf, math.inf, "()")
    time, angle = floats(time, angle)
    size, turn = jnp.exp(-2 * time * jnp.sin(angle / 2) ** 2), time * jnp.sin(angle)
    return size * jnp.cos(turn), size * jnp.sin(turn)


def step_error(order: SupportsIndex) -> Float[Array, ""]:
    """max |R(z) - e^z| on the disc |z + 1| <= 1, at z = -2: 1/3 - e^(-2) = 0.198 for order 4.  (P13; derived here)

    For a normal A it bounds the error of one step of size 1 in the operator norm.
    """
    order = _order(order)
    return jnp.asarray(abs(sum((-2.0) ** k / math.factorial(k) for k in range(order + 1)) - math.exp(-2)), float)


def self_weight(
    nodes: SupportsIndex, score: Real[ArrayLike, "..."], self_score: Real[ArrayLike, "..."] = 0.0
) -> Float[Array, "..."]:
    """A_ii = 1/(1 + (K - 1) e^(b - b_0)) if every other node has score b and the diagonal is pinned to b_0.  (P14)

    The released code pins it to 0, so that the edges' bias alone moves A from I (b -> -inf) to no self-weight at all.
    nodes K >= 2.  (derived here)
    """
    nodes = whole("nodes", nodes, 2)
    within("score", score, -math.inf, math.inf, "()")
    within("self_score", self_score, -math.inf, math.inf, "()")
    score, self_score = floats(score, self_score)
    return jax.nn.sigmoid(self_score - score - math.log(nodes - 1))


def uniform_state(state: Float[ArrayLike, "nodes ..."], time: Real[ArrayLike, ""]) -> Float[Array, "nodes ..."]:
    """mean + e^(-t) (x - mean): where uniform attention, of zero scores, takes a state; time >= 0.  (P9, P15)"""
    positive("time", time, "[)")
    state = jnp.asarray(state, jnp.result_type(float, time))
    mean = state.mean(axis=0)
    return mean + jnp.exp(-jnp.asarray(time, state.dtype)) * (state - mean)


def _order(order: SupportsIndex) -> int:
    order = whole("order", order, 1)
    within("order", order, 1.0, 4.0)
    return order
