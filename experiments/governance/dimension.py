"""Experiments 8 and 9: bodies of 5 to 100 neurons, and blocks of defection of 10 to 500 rounds.

The paper's critical dimension (the smallest d tested with alpha*(d) > 1/2, its "minimum richness") is no claim here:
with the stored alpha*(5) = 1.0 it is the smallest d of whatever is tested, and the free energy of five neurons is so
flat beside its scatter over bodies that one bad body decides on which side of 1/2 its minimum falls.

Bodies of up to 30 neurons share one compilation, padded with dead neurons; larger ones share another.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from dynamics import governance as gov
from experiments.experiment import Experiment, Quantity
from experiments.governance.common import (
    DIMENSION,
    GRID,
    LENGTH,
    REPLICATE,
    WIDTH,
    divergences,
    outcome,
    outcomes,
    scaled,
    shares,
    statics,
)
from experiments.space import Axis, Space, cases, listing, replicates

DIMENSIONS = (5, 10, 15, 20, 30, 50, 75, 100)
GRID_DIMENSIONS = (5, 10, 20, 30, 50, 75)
GRID_LENGTHS = (10, 50, 100, 200, 500)
LENGTHS = (10, 20, 50, 100, 200, 500)
REGIMES = ("scaled", "fixed")
ROUNDS, QUIET = 2000, 200
BEFORE, AFTER = 500, 500
RIDGE = 0.001


def dimension_of(draws: gov.Keyed | gov.Published, dimension, width: int, values) -> dict:
    """Experiment 8: static mixtures in one body with two readouts, of scaled and of fixed ridge strength."""
    fresh = gov.new_body(draws, width)
    readouts = gov.developed(draws, fresh, (RIDGE * dimension / 30, RIDGE))
    body = fresh._replace(recurrent=gov.habituation_of(draws, fresh, 200).recurrent[-1])
    schedule = gov.noisy(draws.uniforms(8000, ROUNDS))
    agents, offsets = statics(values), scaled(7000, values, 1000)
    run = jax.vmap(lambda readout: gov.runs(draws, body, readout, agents, schedule, offsets))(readouts)
    readout = jax.tree.map(lambda leaf: leaf[0], readouts)
    reference = gov.reference_states(draws, body, readout)
    steady = gov.runs(draws, body, readout, gov.alone(), gov.cooperative(QUIET), [9000]).decisions.body[0]
    off = jnp.abs(steady - steady[-50:].mean()) >= 0.01
    return {
        "share": jnp.asarray(values, float),
        "neighbour_kl": divergences(run.states[0], reference, dimension),
        **outcome(run, schedule),
        "opponent": schedule.mean(),
        "weights_squared": jnp.sum(readouts.weights**2, axis=-1),
        # The first round from which on the action stays near its last mean, 200 if it never does.
        "settling": jnp.max(jnp.where(off, jnp.arange(1, QUIET + 1), 0)),
    }


def blocks_of(draws: gov.Keyed | gov.Published, dimension, width: int, lengths) -> dict:
    """Experiment 9: sentinel and Tit-for-Tat through blocks of several lengths, in one body."""
    grown = gov.grown(draws, width, strength=RIDGE * dimension / 30)
    lengths = jnp.asarray(lengths)
    lanes = len(lengths)
    time = jnp.arange(BEFORE + max(LENGTHS) + AFTER)
    end = BEFORE + lengths[:, None]
    block, after = (time >= BEFORE) & (time < end), (time >= end) & (time < end + AFTER)
    schedule = 1.0 - block.astype(float)

    def played(agents, offset, baseline=None):
        offsets = offset + lengths
        return gov.runs(draws, grown.body, grown.readout, agents, schedule, offsets, baseline).decisions

    def each(agent):
        return gov.stacked(*[agent] * lanes)

    used_to = gov.baselines(draws, grown.body, grown.readout, 5500 + lengths)
    watched = played(each(gov.sentinel()), 5000, used_to)
    mirrored = played(each(gov.tit_for_tat()), 6000)

    def first(where, start, otherwise):
        place = jnp.argmax(where, axis=-1)
        return jnp.where(where.any(-1), place - start, otherwise).astype(float)

    def added(values, mask):
        return jnp.sum(jnp.where(mask, values, 0.0), axis=-1)

    def total(decisions, mask):
        return added(gov.payoff(decisions.action, schedule), mask)

    played_on = time < end + AFTER
    cooperating = {"kind": played_on & ~block, "hostile": block}
    return {
        "detection": first(block & (watched.share < 0.75), BEFORE, lengths),
        "lowest": jnp.min(jnp.where(block, watched.share, 1.0), axis=-1),
        "recovery": first(after & (watched.share > 0.7), BEFORE + lengths, AFTER),
        "sentinel_payoff": total(watched, played_on),
        "mirror_payoff": total(mirrored, played_on),
        "block_payoff": total(watched, block) / lengths,
        **{f"sentinel_{name}": added(watched.action, mask) for name, mask in cooperating.items()},
        **{f"mirror_{name}": added(mirrored.action, mask) for name, mask in cooperating.items()},
    }


def _draws(key, dimension, width):
    return gov.Keyed(key, alive=(jnp.arange(width) < dimension).astype(float))


def dimension_sweep(key, *, dimension, width, points):
    """One body of experiment 8."""
    return dimension_of(_draws(key, dimension, width), dimension, width, shares(points))


def phase_diagram(key, *, dimension, width):
    """One body of experiment 9's grid."""
    return blocks_of(_draws(key, dimension, width), dimension, width, GRID_LENGTHS)


def block_length(key, *, length):
    """One body of experiment 9, panels b and c: a new body for every length."""
    return {name: value[0] for name, value in blocks_of(gov.Keyed(key), 30, 30, jnp.array([length])).items()}


def _sizes(values) -> Axis:
    return cases("dimension", dimension=values, width=[30 if d <= 30 else max(values) for d in values])


def _measured(dims: tuple[str, ...]) -> dict[str, Quantity]:
    return {
        "detection": Quantity(r"\tau_{detect}", "rounds of the block before alpha < 0.75", unit="rounds", dims=dims),
        "lowest": Quantity(r"\min\alpha", "least share during the block", dims=dims),
        "recovery": Quantity(r"\tau_{rec}", "rounds after the block before alpha > 0.7", unit="rounds", dims=dims),
        "sentinel_payoff": Quantity("U_S", "the sentinel's payoff over all rounds", dims=dims),
        "mirror_payoff": Quantity("U_T", "Tit-for-Tat's payoff over all rounds", dims=dims),
        "block_payoff": Quantity("u_D", "the sentinel's mean payoff of a round of the block", dims=dims),
        **{
            f"{agent}_{name}": Quantity(f"A_{symbol}", f"{whose} cooperation over the rounds of {what}", dims=dims)
            for agent, symbol, whose in (("sentinel", "S", "the sentinel's"), ("mirror", "T", "Tit-for-Tat's"))
            for name, what in (("kind", "cooperation"), ("hostile", "defection"))
        },
    }


_EACH = ("regime", "share_index")

DIMENSION_SWEEP = Experiment(
    name="governance/dimension",
    title="Bodies of 5 to 100 neurons (experiment 8)",
    cell=dimension_sweep,
    parameters={"dimension": DIMENSION, "width": WIDTH, "points": GRID, "replicate": REPLICATE},
    outputs={
        "share": Quantity(r"\alpha", "body's share", dims=("share_index",)),
        "neighbour_kl": Quantity(
            r"\hat{KL}_{kNN}", "k-NN divergence from the habituated states (scaled ridge)", dims=("share_index",)
        ),
        **outcomes(_EACH),
        "opponent": Quantity(r"\bar o", "mean action of the opponent"),
        "weights_squared": Quantity(r"\|w\|^2", "squared norm of the readout", dims=("regime",)),
        "settling": Quantity(r"\tau", "rounds until the action stays within 0.01 of its last mean", unit="rounds"),
    },
    scales={
        name: Space((_sizes(DIMENSIONS), replicates(count)), {"points": points})
        for name, count, points in (("quick", 4, 6), ("paper", 20, 11))
    },
    static=("width", "points"),
    shard_cells=20,
    precision="float32",
    coordinates={"regime": REGIMES},
)

PHASE_DIAGRAM = Experiment(
    name="governance/phase-diagram",
    title="Dimension and length of defection (experiment 9, grid)",
    cell=phase_diagram,
    parameters={"dimension": DIMENSION, "width": WIDTH, "replicate": REPLICATE},
    outputs=_measured(("length",)),
    scales={name: Space((_sizes(GRID_DIMENSIONS), replicates(count))) for name, count in (("quick", 4), ("paper", 20))},
    static=("width",),
    shard_cells=40,
    precision="float32",
    coordinates={"length": GRID_LENGTHS},
    lightly=True,
)

BLOCK_LENGTH = Experiment(
    name="governance/block-length",
    title="Blocks of defection, a new body for each (experiment 9, panels b and c)",
    cell=block_length,
    parameters={"length": LENGTH, "replicate": REPLICATE},
    outputs=_measured(()),
    scales={
        name: Space((listing("length", LENGTHS), replicates(count))) for name, count in (("quick", 8), ("paper", 20))
    },
    shard_cells=60,
    precision="float32",
    lightly=True,
)

EXPERIMENTS = (DIMENSION_SWEEP, PHASE_DIAGRAM, BLOCK_LENGTH)
