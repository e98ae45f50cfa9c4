"""The sentinel: how the share of the body answers discomfort, alpha' = clip(alpha + eta_up (alpha0 - alpha) - eta_dn
(D - theta)_+, alpha_min, 1), slow to recover and quick to intervene.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int, Real

from .._arguments import floats, positive, unit, within


class Sentinel(NamedTuple):
    """Constants of the sentinel; the defaults are the paper's.

    baseline alpha0, floor alpha_min, recovery eta_up, intervention eta_dn, threshold theta, weights of the state's,
    the output's and the disagreement's discomfort, and memory_rate gamma_ema of its baselines.
    """

    baseline: float = 0.85
    floor: float = 0.05
    recovery: float = 0.05
    intervention: float = 0.5
    threshold: float = 0.1
    state_weight: float = 0.3
    output_weight: float = 0.3
    disagreement_weight: float = 0.4
    memory_rate: float = 0.02


PAPER = Sentinel()


def _excess(discomfort: Array, sentinel: Sentinel) -> Array:
    return jnp.maximum(discomfort - sentinel.threshold, 0)


def sentinel_step(
    body_share: Real[ArrayLike, "..."], discomfort: Real[ArrayLike, "..."], sentinel: Sentinel = PAPER
) -> Float[Array, "..."]:
    """One update of alpha under discomfort D.

    body_share alpha in [0, 1], discomfort D >= 0; ValueError otherwise.  (arXiv 2602.20846, sentinel dynamics)
    """
    unit("body_share", body_share)
    positive("discomfort", discomfort, "[)")
    share, discomfort = floats(body_share, discomfort)
    moved = share + sentinel.recovery * (sentinel.baseline - share)
    return jnp.clip(moved - sentinel.intervention * _excess(discomfort, sentinel), sentinel.floor, 1)


def sentinel_equilibrium(discomfort: Real[ArrayLike, "..."], sentinel: Sentinel = PAPER) -> Float[Array, "..."]:
    """alpha* under constant discomfort: alpha0 up to theta, then falling with slope eta_dn/eta_up to the floor.

    discomfort D >= 0; ValueError otherwise.  (arXiv 2602.20846, Prop. sentinel equilibrium)
    """
    positive("discomfort", discomfort, "[)")
    (discomfort,) = floats(discomfort)
    lowered = sentinel.baseline - sentinel.intervention / sentinel.recovery * _excess(discomfort, sentinel)
    return jnp.maximum(lowered, sentinel.floor)


def discomfort_at_floor(sentinel: Sentinel = PAPER) -> Float[Array, ""]:
    """Discomfort theta + (eta_up/eta_dn)(alpha0 - alpha_min) from which on alpha* is the floor: 0.18 by default.

    (arXiv 2602.20846, Prop. sentinel equilibrium)
    """
    width = sentinel.recovery / sentinel.intervention * (sentinel.baseline - sentinel.floor)
    return jnp.asarray(sentinel.threshold + width, float)


class StabilityBand(NamedTuple):
    """Slopes dD/dalpha between which an equilibrium inside the linear band attracts."""

    low: Float[Array, "..."]
    high: Float[Array, "..."]


def stability_band(recovery: Real[ArrayLike, "..."], intervention: Real[ArrayLike, "..."]) -> StabilityBand:
    """-eta_up/eta_dn < dD/dalpha < (2 - eta_up)/eta_dn: |1 - eta_up - eta_dn dD/dalpha| < 1; (-0.1, 3.9) by default.

    The paper asks for eta_dn dD/dalpha < 1, which forgets the lower side, where discomfort that falls as alpha rises
    feeds back on itself.  recovery and intervention positive; ValueError otherwise.  (derived here)
    """
    positive("recovery", recovery)
    positive("intervention", intervention)
    recovery, intervention = floats(recovery, intervention)
    return StabilityBand(-recovery / intervention, (2 - recovery) / intervention)


def is_stable_as_published(
    discomfort_slope: Real[ArrayLike, "..."], intervention: Real[ArrayLike, "..."]
) -> Bool[Array, "..."]:
    """The paper's condition eta_dn dD/dalpha < 1, neither necessary nor sufficient.

    intervention positive; ValueError otherwise.  (arXiv 2602.20846, Remark circularity)
    """
    positive("intervention", intervention)
    within("discomfort_slope", discomfort_slope, -jnp.inf, jnp.inf)
    discomfort_slope, intervention = floats(discomfort_slope, intervention)
    return intervention * discomfort_slope < 1


def share_after(
    rounds: Real[ArrayLike, "..."],
    start: Real[ArrayLike, "..."],
    discomfort: Real[ArrayLike, "..."],
    sentinel: Sentinel = PAPER,
) -> Float[Array, "..."]:
    """alpha after n updates under constant discomfort: alpha* + (start - alpha*)(1 - eta_up)^n, not below the floor.

    alpha* is here the equilibrium of the unclipped line, so that the floor is met in finite time.
    rounds n >= 0, start in [0, 1], discomfort D >= 0; ValueError otherwise.  (derived here)
    """
    positive("rounds", rounds, "[)")
    unit("start", start)
    positive("discomfort", discomfort, "[)")
    rounds, start, discomfort = floats(rounds, start, discomfort)
    target = sentinel.baseline - sentinel.intervention / sentinel.recovery * _excess(discomfort, sentinel)
    return jnp.maximum(target + (start - target) * (1 - sentinel.recovery) ** rounds, sentinel.floor)


def rounds_to_fall(
    level: Real[ArrayLike, "..."], discomfort: Real[ArrayLike, "..."], sentinel: Sentinel = PAPER
) -> Float[Array, "..."]:
    """Updates until alpha, falling from alpha0 under constant discomfort, is at `level` or below; inf if never.

    ceil(ln(1 - eta_up (alpha0 - level)/(eta_dn (D - theta)))/ln(1 - eta_up)). A sentinel that sees a defection one
    round late has updated so often at this index of the block: with alpha < 0.75 as its mark, detection is at index 1.
    level in [0, 1], discomfort D >= 0; ValueError otherwise.  (derived here)
    """
    unit("level", level)
    positive("discomfort", discomfort, "[)")
    level, discomfort = floats(level, discomfort)
    push = sentinel.intervention * _excess(discomfort, sentinel)
    drop = sentinel.recovery * (sentinel.baseline - level)
    reached = push > drop
    left = jnp.where(reached, 1 - drop / jnp.where(reached, push, 1), 0.5)
    # A quotient that is whole but for rounding is whole.
    steps = jnp.log(left) / jnp.log1p(-jnp.asarray(sentinel.recovery, left.dtype))
    rounds = jnp.ceil(steps - 16 * jnp.finfo(left.dtype).eps * jnp.abs(steps))
    return jnp.where(reached, jnp.maximum(rounds, 0), jnp.inf)


def rounds_to_floor(discomfort: Real[ArrayLike, "..."], sentinel: Sentinel = PAPER) -> Float[Array, "..."]:
    """Updates from alpha0 to the floor: 7 at D = 0.40, 6 at 0.42 to 0.44, 5 at 0.46 to 0.50; inf up to D = 0.18.

    discomfort D >= 0; ValueError otherwise.  (derived here)
    """
    return rounds_to_fall(sentinel.floor, discomfort, sentinel)


def rounds_to_recover(
    start: Real[ArrayLike, "..."], level: Real[ArrayLike, "..."], sentinel: Sentinel = PAPER
) -> Int[Array, "..."]:
    """Updates below threshold until alpha exceeds `level`: 33 from the floor to above 0.7 by default.

    The smallest n with alpha0 - (alpha0 - start)(1 - eta_up)^n > level.
    start and level in [0, alpha0); ValueError otherwise.  (derived here)
    """
    for name, value in (("start", start), ("level", level)):
        within(name, value, 0.0, sentinel.baseline, "[)")
    start, level = floats(start, level)
    share = (sentinel.baseline - level) / (sentinel.baseline - start)
    steps = jnp.log(share) / jnp.log1p(-jnp.asarray(sentinel.recovery, share.dtype))
    return jnp.maximum(jnp.floor(steps) + 1, 0).astype(int)


def mean_share(mean_excess: Real[ArrayLike, "..."], sentinel: Sentinel = PAPER) -> Float[Array, "..."]:
    """Stationary mean alpha0 - (eta_dn/eta_up) E (D - theta)_+ while nothing is clipped; at the floor, a lower bound.

    mean_excess E (D - theta)_+ >= 0; ValueError otherwise.  (derived here)
    """
    positive("mean_excess", mean_excess, "[)")
    (mean_excess,) = floats(mean_excess)
    return sentinel.baseline - sentinel.intervention / sentinel.recovery * mean_excess


def mean_drift(
    shares_before: Float[ArrayLike, "*batch rounds"],
    discomforts: Float[ArrayLike, "*batch rounds"],
    sentinel: Sentinel = PAPER,
) -> Float[Array, "*batch"]:
    """(alpha_T - alpha_0)/T of an unclipped path: eta_up (alpha0 - mean alpha) - eta_dn mean (D - theta)_+; exact.

    shares_before: alpha before each update, in [0, 1].  discomforts: D at each update, >= 0; ValueError otherwise.
    (derived here)
    """
    unit("shares_before", shares_before)
    positive("discomforts", discomforts, "[)")
    shares, discomforts = floats(shares_before, discomforts)
    pull = sentinel.recovery * (sentinel.baseline - jnp.mean(shares, axis=-1))
    return pull - sentinel.intervention * jnp.mean(_excess(discomforts, sentinel), axis=-1)


def discomfort(
    state_distance: Real[ArrayLike, "..."],
    output_distance: Real[ArrayLike, "..."],
    disagreement: Real[ArrayLike, "..."],
    sentinel: Sentinel = PAPER,
) -> Float[Array, "..."]:
    """D = w_x D_state + w_a D_out + w_e D_dis; in the quiet state about 0.3 sigma_xi + 0.4 (1 - a_body) = 0.054.

    All not negative; ValueError otherwise.  (arXiv 2602.20846, sentinel dynamics)
    """
    named = {"state_distance": state_distance, "output_distance": output_distance, "disagreement": disagreement}
    for name, value in named.items():
        positive(name, value, "[)")
    state, output, dispute = floats(*named.values())
    return sentinel.state_weight * state + sentinel.output_weight * output + sentinel.disagreement_weight * dispute


def restless_body_action(state_distance: Real[ArrayLike, "..."], sentinel: Sentinel = PAPER) -> Float[Array, "..."]:
    """The body action below which a cooperative opponent alone keeps D above theta: alpha never rests at alpha0.

    1 - (theta - w_x D_state)/w_e: about 0.86 at D_state = sigma_xi = 0.15.
    state_distance D_state >= 0; ValueError otherwise.  (derived here)
    """
    positive("state_distance", state_distance, "[)")
    (state,) = floats(state_distance)
    return 1 - (sentinel.threshold - sentinel.state_weight * state) / sentinel.disagreement_weight


def baseline_drift(block: Real[ArrayLike, "..."], sentinel: Sentinel = PAPER) -> Float[Array, "..."]:
    """Share 1 - (1 - gamma_ema)^L by which a block of L rounds draws the sentinel's baselines to itself.

    block L >= 0; ValueError otherwise.  (derived here)
    """
    positive("block", block, "[)")
    (block,) = floats(block)
    return -jnp.expm1(block * jnp.log1p(-jnp.asarray(sentinel.memory_rate, block.dtype)))
