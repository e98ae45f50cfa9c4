"""Two bodies in one loop without noise: where it rests, how small disturbances of it die, when it has a second rest."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jax.flatten_util import ravel_pytree

from dynamics import governance as gov
from experiments.experiment import Experiment, Quantity
from experiments.governance.company import NUMBER, body_cut, one_of, static_player
from experiments.space import Space, cases, listing

DIMENSION, BODIES = 10, 8
ROUNDS, LATE, SHOWN, SLIP = 5000, 300, 24, 0.1
FOLD_ROUNDS, WARM = 3000, 60
SHARES = ((1.0, 1.0), (0.6, 0.6), (0.3, 0.3), (0.1, 0.1), (0.8, 0.2), (0.5, 0.0))
RULES = (gov.copycat(), gov.generous(), gov.win_stay_lose_shift())
RULE_NAMES = ("TfT", "GTFT", "WSLS")


def _heard(carry):
    """What of a meeting's state the future depends on, if nobody's sentinel stirs."""
    return tuple((who.state, who.seen) if isinstance(who, gov.Inner) else who for who in carry)


def _with(carry, heard):
    """The meeting's state with that part replaced."""
    inner, memory = carry
    (state, seen), rest = heard
    rest = memory._replace(state=rest[0], seen=rest[1]) if isinstance(memory, gov.Inner) else rest
    return inner._replace(state=state, seen=seen), rest


def _quiet(player, opponent):
    """One round without noise."""
    silent = (
        jnp.zeros_like(player.body.bias),
        jnp.zeros_like(opponent.body.bias) if isinstance(opponent, gov.Player) else jnp.zeros(0),
    )
    return lambda carry: gov.exchange(player, opponent, carry, silent)


def _opened(player, opponent, opening, warm=0):
    other = len(opponent.body.bias) if isinstance(opponent, gov.Player) else 0
    quiet = player.begin(jnp.zeros((warm, len(player.body.bias))), opening)
    return quiet, opponent.begin(jnp.zeros((warm, other)), opening)


def _at_rest(key, player, opponent, opening) -> dict:
    """The end of a meeting; its Jacobian; two disturbances after 300 rounds, kept apart; and what one slip sets off."""
    play = _quiet(player, opponent)
    carry = jax.lax.fori_loop(0, ROUNDS, lambda _, c: play(c)[0], _opened(player, opponent, opening))
    flat, unravel = ravel_pytree(_heard(carry))

    def step(y):
        return ravel_pytree(_heard(play(_with(carry, unravel(y)))[0]))[0]

    pushed = jax.linearize(step, flat)[1]

    def orthonormal(pair):
        first = pair[0] / jnp.linalg.norm(pair[0])
        second = pair[1] - (pair[1] @ first) * first
        # Twice is enough.
        second = second - (second @ first) * first
        return jnp.stack([first, second / jnp.linalg.norm(second)])

    def later(_, pair):
        return orthonormal(jax.vmap(pushed)(pair))

    kept = jax.lax.fori_loop(0, LATE, later, orthonormal(jr.normal(key, (2, flat.size))))

    def told(carry, _):
        carry, (decision, other) = play(carry)
        return carry, jnp.stack([decision.action, other])

    slipped = carry[0]._replace(seen=carry[0].seen - SLIP), carry[1]
    acted = play(carry)[1]
    acted = jnp.stack([acted[0].action, acted[1]])
    return {
        "action": acted[0],
        "other_action": acted[1],
        "moved": jnp.max(jnp.abs(step(flat) - flat)),
        "jacobian": jax.vmap(pushed)(jnp.eye(flat.size)).T,
        "disturbed": kept,
        "pushed": jax.vmap(pushed)(kept),
        "slip": jax.lax.scan(told, slipped, length=SHOWN)[1] - acted,
    }


def _described(prefix, body, readout) -> dict:
    return {f"{prefix}{name}": value for name, value in {**body._asdict(), **readout._asdict()}.items()}


def two_bodies(key, *, pair, habituated, share, other_share, opening):
    """Two bodies of constant shares, both fresh or both habituated."""
    players = []
    outputs = {}
    for i, (prefix, own) in enumerate((("", share), ("other_", other_share))):
        grown = body_cut(DIMENSION, 2 * pair + i)
        recurrent = jnp.where(habituated > 0, grown.body.recurrent, grown.fresh.recurrent)
        body = grown.fresh._replace(recurrent=recurrent)
        players.append(static_player(body, grown.readout, own))
        outputs |= _described(prefix, body, grown.readout)
    return outputs | _at_rest(key, *players, opening)


def before_rules(key, *, body, share, rule):
    """A habituated body of constant share before an opponent with a memory of one round."""
    grown = body_cut(DIMENSION, body)
    rules = jax.tree.map(lambda *values: jnp.stack([jnp.asarray(value, float) for value in values]), *RULES)
    player = static_player(grown.body, grown.readout, share)
    found = _at_rest(key, player, one_of(rules, rule), 1.0)
    return found | _described("", grown.body, grown.readout)


def twins(key, *, body, share, other_share, gain):
    """A fresh body and its twin, their readouts steepened by a gain, after cooperation and after defection."""
    del key
    grown = body_cut(DIMENSION, body)
    readout = gov.Readout(gain * grown.readout.weights, gain * grown.readout.intercept)
    players = [static_player(grown.fresh, readout, own) for own in (share, other_share)]
    play = _quiet(*players)

    def ended(opening):
        carry = jax.lax.fori_loop(0, FOLD_ROUNDS, lambda _, c: play(c)[0], _opened(*players, opening, WARM))
        following, (decision, _) = play(carry)
        return decision.action, jnp.max(jnp.abs(following[0].state - carry[0].state))

    action, moved = jax.vmap(ended)(jnp.array([1.0, 0.0]))
    return {"action": action, "moved": moved, **_described("", grown.fresh, grown.readout)}


def _body(prefix, whose):
    vector = {"dims": ("neuron",)}
    named = {
        "recurrent": Quantity("W", f"{whose} recurrent weights", dims=("neuron", "origin")),
        "inputs": Quantity("W_{in}", f"{whose} input weights", dims=("neuron", "player")),
        "bias": Quantity("b", f"{whose} bias", **vector),
        "weights": Quantity("w", f"{whose} readout weights", **vector),
        "intercept": Quantity("b_o", f"{whose} readout intercept"),
    }
    return {prefix + name: quantity for name, quantity in named.items()}


_ALPHA = Quantity(r"\alpha_1", "share of the body")
_OTHER_ALPHA = Quantity(r"\alpha_2", "share of the other body")
_REST = {
    "action": Quantity("a_1^*", "action at rest"),
    "other_action": Quantity("a_2^*", "the other's action at rest"),
    "moved": Quantity(r"|y(t+1) - y(t)|", "what the last round still moved"),
    "jacobian": Quantity("J", "derivative of a round of play there", dims=("entry", "from_entry")),
    "disturbed": Quantity("Q", "two disturbances after 300 rounds, made orthonormal", dims=("which", "entry")),
    "pushed": Quantity("JQ", "both a round later", dims=("which", "entry")),
    "slip": Quantity(r"\delta a(t)", "both actions after one action was seen as 0.1 less", dims=("later", "who")),
}

TWO_BODIES = Experiment(
    name="governance/two-bodies",
    title="Two bodies in one loop, at rest and disturbed",
    cell=two_bodies,
    parameters={
        "pair": Quantity("s", "number of the pair"),
        "habituated": Quantity("H > 0", "1 if both bodies are habituated"),
        "share": _ALPHA,
        "other_share": _OTHER_ALPHA,
        "opening": Quantity("o_0", "what both are taken to have played before"),
    },
    outputs={**_body("", "first body's"), **_body("other_", "second body's"), **_REST},
    scales={
        name: Space(
            (
                listing("pair", range(pairs)),
                listing("habituated", (0, 1)),
                cases("shares", share=[a for a, _ in SHARES], other_share=[b for _, b in SHARES]),
                listing("opening", (1.0, 0.0)),
            )
        )
        for name, pairs in (("quick", 3), ("paper", BODIES // 2))
    },
    coordinates={"who": ("first", "second")},
    lightly=True,
)

BEFORE_RULES = Experiment(
    name="governance/before-rules",
    title="A body before opponents with a memory of one round, at rest and disturbed",
    cell=before_rules,
    parameters={"body": NUMBER, "share": _ALPHA, "rule": Quantity("r", "number of the rule: TfT, GTFT, WSLS")},
    outputs={**_body("", "body's"), **_REST},
    scales={
        name: Space((listing("body", range(bodies)), listing("share", shares), listing("rule", range(len(RULES)))))
        for name, bodies, shares in (
            ("quick", 4, (0.1, 0.3, 0.5, 0.7, 0.85, 1.0)),
            ("paper", 8, (*(round(0.1 * i, 1) for i in range(1, 10)), 0.85, 1.0)),
        )
    },
    coordinates={"who": ("agent", "opponent")},
    lightly=True,
)

TWINS = Experiment(
    name="governance/twins",
    title="A fresh body and its twin: one rest or two",
    cell=twins,
    parameters={
        "body": NUMBER,
        "share": _ALPHA,
        "other_share": _OTHER_ALPHA,
        "gain": Quantity("g", "gain of the readout"),
    },
    outputs={
        "action": Quantity("a^*", "action in the end, after cooperation and after defection", dims=("opening",)),
        "moved": Quantity("|x(t+1) - x(t)|", "what the last round still moved", dims=("opening",)),
        **_body("", "fresh body's"),
    },
    scales={
        name: Space(
            (
                listing("body", range(bodies)),
                cases("shares", share=[1.0, 0.5, 0.4], other_share=[1.0, 0.5, 0.0]),
                listing("gain", np.round(np.geomspace(0.3, 6.0, count), 4)),
            )
        )
        for name, bodies, count in (("quick", 4, 73), ("paper", BODIES, 145))
    },
    coordinates={"opening": (1.0, 0.0)},
    lightly=True,
)

EXPERIMENTS = (TWO_BODIES, BEFORE_RULES, TWINS)
