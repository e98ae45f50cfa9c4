"""The continuous warm-up: averaging organisations drawn with Gaussian errors, and their risks without sampling."""

from __future__ import annotations

import jax.numpy as jnp
import jax.random as jr
import numpy as np

from dynamics.synergy import (
    GLOBAL_CAUSE,
    RECEIVED_COPIED,
    SENT_COPIED,
    gaussian_chain,
    gaussian_star,
    gaussian_tree,
    level_risks,
)
from experiments.experiment import Experiment, Quantity
from experiments.space import Axis, Space, cases, listing, random_design, replicates
from experiments.synergy.quantities import (
    CORRELATION,
    DEPTH,
    EXCESS,
    FAN_IN,
    LEAF_VARIANCE,
    NOISE_VARIANCE,
    REPLICATE,
    RISK,
    RISK_FLOOR,
    ROOTS,
)


def gaussian_organisations(key, *, fan_in, depth, roots, correlation, noise_variance, leaf_variance):
    """Mean squared errors of a tree under three readings of rho, of a star of as many leaves and of a chain as deep.

    The star hears the very leaves of the tree whose leaves all correlate: one key draws both.
    """
    sent_key, received_key, leaves_key, chain_key = jr.split(key, 4)

    def tree(key, sharing):
        return gaussian_tree(key, fan_in, correlation, noise_variance, leaf_variance, depth, roots, sharing)

    errors = {
        "sibling_tree": tree(sent_key, SENT_COPIED),
        "received_tree": tree(received_key, RECEIVED_COPIED),
        "global_tree": tree(leaves_key, GLOBAL_CAUSE),
        "star": gaussian_star(leaves_key, fan_in**depth, correlation, noise_variance, leaf_variance, roots),
        "chain": gaussian_chain(chain_key, noise_variance, leaf_variance, depth, fan_in * roots),
    }
    return {name: jnp.mean(error**2) for name, error in errors.items()}


LEVELS = 13
# By then a <= 0.87 has worn the leaves down to 1e-24 of themselves.
ENDLESS = 400


def continuous_levels(key, *, fan_in, correlation, noise_variance, leaf_variance, excess):
    """Risks level by level from covariance matrices, the level where they end, and the first that is near that end."""
    del key
    risks = level_risks(fan_in, correlation, noise_variance, leaf_variance, ENDLESS)
    copied = level_risks(fan_in, correlation, noise_variance, leaf_variance, LEVELS - 1, RECEIVED_COPIED)
    near = risks <= (1 + excess) * risks[-1]
    return {
        "risk": risks[:LEVELS],
        "received_risk": copied,
        "floor": risks[-1],
        "depth_to_floor": jnp.argmax(near).astype(risks.dtype),
    }


def _organisations(*rows: tuple[int, int, int]) -> Axis:
    fan_in, depth, roots = zip(*rows, strict=True)
    return cases("organisation", fan_in=fan_in, depth=depth, roots=roots)


def _settings(*rows: tuple[float, float, float]) -> Axis:
    correlation, noise_variance, leaf_variance = zip(*rows, strict=True)
    return cases("setting", correlation=correlation, noise_variance=noise_variance, leaf_variance=leaf_variance)


# Above the tree's floor 1/64, at about a dozen times it, and below it, where depth harms.
_FLOORS = ((0.2, 0.05, 1.0), (0.2, 0.05, 0.2), (0.2, 0.05, 0.005))

GAUSSIAN_ORGANISATIONS = Experiment(
    name="synergy/gaussian-organisations",
    title="Star, chain and tree of averaging agents",
    cell=gaussian_organisations,
    parameters={
        "fan_in": FAN_IN,
        "depth": DEPTH,
        "roots": ROOTS,
        "correlation": CORRELATION,
        "noise_variance": NOISE_VARIANCE,
        "leaf_variance": LEAF_VARIANCE,
        "replicate": REPLICATE,
    },
    outputs={
        "sibling_tree": RISK,
        "received_tree": Quantity("v_L^{post}", "error variance of the root, received messages copied"),
        "global_tree": Quantity("v_L^{glob}", "error variance of the root, all leaves equicorrelated"),
        "star": Quantity("v_{star}", "error variance of a star of N = b^L leaves"),
        "chain": Quantity("v_{chain}", "error variance of a chain of L edges"),
    },
    scales={
        # Squared errors of copied subtrees have a skewness near 20 (measured). Over 7e4 roots that of their mean is
        # below 0.07, which moves its 1e-7 quantile by 0.4 standard errors; Student's t with 31 degrees adds 1.4.
        "quick": Space((_organisations((5, 2, 4_000), (5, 3, 2_200)), _settings(*_FLOORS), replicates(32))),
        "paper": Space(
            (
                _organisations(
                    *((5, 1, 40_000), (5, 2, 10_000), (5, 3, 4_000), (5, 4, 1_300)),
                    *((3, 2, 12_000), (3, 4, 4_000), (9, 2, 4_000)),
                ),
                _settings(*_FLOORS, (0.1, 0.1, 1.0)),
                replicates(48),
            )
        ),
    },
    static=("fan_in", "depth", "roots"),
    cost=lambda columns: columns["roots"] * columns["fan_in"] ** columns["depth"],
    # Normal numbers in single precision are seven times cheaper, and their rounding is far below the noise.
    precision="float32",
    side_by_side=False,
)


def _design(count: int) -> Axis:
    """Half of the designs start far below every floor they can have, half well above it."""
    shapes = dict(correlation=(0.0, 0.8), noise_variance=(0.02, 0.1), leaf=(0.0, 1.0), excess=(0.0, 1.0))
    below, above = (random_design("design", count // 2, seed, **shapes).columns for seed in (1, 2))

    def column(name: str) -> np.ndarray:
        return np.concatenate([below[name], above[name]])

    start = np.concatenate([np.geomspace(1e-5, 1e-3, count // 2), 0.5 * 20 ** np.asarray(above["leaf"])])
    return cases(
        "design",
        correlation=column("correlation").tolist(),
        noise_variance=column("noise_variance").tolist(),
        leaf_variance=start.tolist(),
        excess=(0.01 * 50 ** column("excess")).tolist(),
    )


CONTINUOUS_LEVELS = Experiment(
    name="synergy/continuous-levels",
    title="Risk of averaging trees level by level",
    cell=continuous_levels,
    parameters={
        "fan_in": FAN_IN,
        "correlation": CORRELATION,
        "noise_variance": NOISE_VARIANCE,
        "leaf_variance": LEAF_VARIANCE,
        "excess": EXCESS,
    },
    outputs={
        "risk": Quantity("v_l", "error variance at level l", dims=("level",)),
        "received_risk": Quantity("v_l^{post}", "error variance at level l, received copies", dims=("level",)),
        "floor": RISK_FLOOR,
        "depth_to_floor": Quantity(r"L(\varepsilon)", "first level within (1 + epsilon) of the floor"),
    },
    scales={
        "quick": Space((listing("fan_in", (3, 5, 9)), _design(120))),
        "paper": Space((listing("fan_in", (3, 5, 7, 9)), _design(2000))),
    },
    static=("fan_in",),
    coordinates={"level": tuple(range(LEVELS))},
)

EXPERIMENTS = (GAUSSIAN_ORGANISATIONS, CONTINUOUS_LEVELS)
