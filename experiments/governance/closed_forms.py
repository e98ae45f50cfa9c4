"""What theory predicts without Monte Carlo, simulated: noisy games of many copies of a body, and bodies at rest."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr

from dynamics.governance import (
    Keyed,
    body_action,
    clamped,
    drive,
    grown,
    oja,
    payoff,
    play,
    second_moments,
    static,
    step,
    unfamiliar,
)
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, listing

DIMENSION, WARM_UP = 10, 100

ALPHA = Quantity(r"\alpha", "share of the body")
BODY = Quantity("s", "number of the body: the seed it is grown from")
COOPERATION = Quantity("q", "chance that the opponent cooperates")
NOISE = Quantity(r"\sigma_\xi", "standard deviation of the body's noise")


def _described():
    """A grown body's parameters, as outputs that theory can be asked about."""
    vector = {"dims": ("neuron",)}
    return {
        "recurrent": Quantity("W", "recurrent weights after habituation", dims=("neuron", "from_neuron")),
        "own_input": Quantity("w_1", "input weights of the own action", **vector),
        "other_input": Quantity("w_2", "input weights of the opponent's action", **vector),
        "bias": Quantity("b", "biases", **vector),
        "readout": Quantity("w", "readout weights", **vector),
        "offset": Quantity("b_o", "readout offset"),
    }


def _grown(body, epochs):
    return grown(Keyed(jr.fold_in(jr.key(2602), body)), DIMENSION, epochs)


def _description(found):
    return {
        "recurrent": found.body.recurrent,
        "own_input": found.body.inputs[:, 0],
        "other_input": found.body.inputs[:, 1],
        "bias": found.body.bias,
        "readout": found.readout.weights,
        "offset": found.readout.intercept,
    }


def noisy_games(key, *, body, share, cooperation, noise, copies, rounds, epochs):
    """Copies of one body against opponents of their own: mean and variance of the action over the rounds of each."""
    found = _grown(body, epochs)
    noise_key, opponent_key = jr.split(key)
    xi = noise * jr.normal(noise_key, (copies, WARM_UP + rounds, DIMENSION))
    schedules = (jr.uniform(opponent_key, (copies, rounds)) < cooperation).astype(xi.dtype)
    agent = jax.tree.map(jnp.asarray, static(share))
    run = jax.vmap(lambda schedule, xi: play(found.body, found.readout, agent, schedule, xi, unfamiliar(found.body)))(
        schedules, xi
    )
    action = run.decisions.action
    return _description(found) | {
        "mean_action": action.mean(1),
        "variance": action.var(1),
        "body_mean": run.decisions.body.mean(1),
        "mean_payoff": payoff(action, schedules).mean(1),
        "opponent": schedules.mean(1),
        "together": (action * schedules).mean(1),
    }


def at_rest(key, *, body, epochs):
    """A body without noise: its closed loop's rest, Jacobian and response, a dyad in its place, and Oja's own rest."""
    found = _grown(body, epochs)
    rounds = 300

    def loop(body, state, opponent):
        return step(body, state, body_action(found.readout, state), opponent, jnp.zeros(DIMENSION))

    def rest(body, start, opponent):
        return jax.lax.fori_loop(0, rounds, lambda _, x: loop(body, x, opponent), start)

    start = jnp.zeros(DIMENSION)
    state = rest(found.body, start, 1.0)

    # The derivative of a loop of known length, pushed through round by round.
    def settled_action(opponent):
        last, _ = jax.lax.scan(lambda x, _: (loop(found.body, x, opponent), None), start, length=rounds)
        return body_action(found.readout, last)

    _, response = jax.jvp(settled_action, (jnp.ones(()),), (jnp.ones(()),))
    left, singular, right = jnp.linalg.svd(found.body.recurrent)
    dyad = found.body._replace(recurrent=singular[0] * jnp.outer(left[:, 0], right[0]))
    dyad_state = rest(dyad, start, 1.0)
    xi = 0.15 * jr.normal(key, (400, DIMENSION))
    moments = second_moments(drive(found.body, start, 1.0, 1.0, xi))
    oja_rest = jax.lax.fori_loop(0, 600, lambda _, w: clamped(oja(w, moments)), found.fresh.recurrent)
    return _description(found) | {
        "state": state,
        "action": body_action(found.readout, state),
        "jacobian": jax.jacfwd(lambda x: loop(found.body, x, 1.0))(state),
        "response": response,
        "left": singular[0] * left[:, 0],
        "right": right[0],
        "singular": singular,
        "dyad_state": dyad_state,
        "dyad_jacobian": jax.jacfwd(lambda x: loop(dyad, x, 1.0))(dyad_state),
        "moments": moments,
        "oja_rest": oja_rest,
    }


def _per_copy(symbol, meaning):
    return Quantity(symbol, meaning, dims=("copy",))


NOISY_GAMES = Experiment(
    name="governance/noisy-games",
    title="Copies of one body against noisy opponents",
    cell=noisy_games,
    parameters={
        "body": BODY,
        "share": ALPHA,
        "cooperation": COOPERATION,
        "noise": NOISE,
        "copies": Quantity("n", "copies"),
        "rounds": Quantity("T", "rounds"),
        "epochs": Quantity("H", "habituation epochs"),
    },
    outputs=_described()
    | {
        "mean_action": _per_copy(r"\bar a", "mean action of a copy"),
        "variance": _per_copy(r"\mathrm{Var}_\alpha[a]", "population variance of a copy's actions"),
        "body_mean": _per_copy(r"\bar a_{body}", "mean output of a copy's body"),
        "mean_payoff": _per_copy(r"\bar u", "mean payoff of a copy"),
        "opponent": _per_copy(r"\bar o", "mean action of a copy's opponent"),
        "together": _per_copy(r"\overline{ao}", "mean product of both actions"),
    },
    scales={
        name: Space(
            (listing("body", range(bodies)), listing("share", shares)),
            {"cooperation": 0.9, "noise": 0.15, "copies": copies, "rounds": 2000, "epochs": 120},
        )
        for name, bodies, shares, copies in (
            ("quick", 3, (0.0, 0.25, 0.5, 0.75, 1.0), 32),
            ("paper", 8, (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0), 64),
        )
    },
    static=("copies", "rounds", "epochs"),
    side_by_side=False,
    lightly=True,
)

WEAK_NOISE = Experiment(
    name="governance/weak-noise",
    title="A body alone under noise too weak to bend it",
    cell=noisy_games,
    parameters=NOISY_GAMES.parameters,
    outputs=NOISY_GAMES.outputs,
    scales={
        name: Space(
            (listing("body", range(bodies)),),
            {"share": 1.0, "cooperation": 1.0, "noise": 0.01, "copies": copies, "rounds": 2000, "epochs": 120},
        )
        for name, bodies, copies in (("quick", 3, 64), ("paper", 8, 128))
    },
    static=NOISY_GAMES.static,
    side_by_side=False,
    lightly=True,
)

AT_REST = Experiment(
    name="governance/at-rest",
    title="Bodies without noise: rest, response, and where habituation ends",
    cell=at_rest,
    parameters={"body": BODY, "epochs": NOISY_GAMES.parameters["epochs"]},
    outputs=_described()
    | {
        "state": Quantity("x^*", "state after 300 rounds of cooperation from x = 0", dims=("neuron",)),
        "action": Quantity("a^*", "the body's action in it"),
        "jacobian": Quantity("J", "derivative of one closed-loop round there", dims=("neuron", "from_neuron")),
        "response": Quantity(r"da^*/do", "derivative of the settled action by the opponent's"),
        "left": Quantity("l", "left vector of the leading dyad, with its singular value", dims=("neuron",)),
        "right": Quantity("r", "right vector of the leading dyad", dims=("neuron",)),
        "singular": Quantity("s", "singular values of the habituated W", dims=("order",)),
        "dyad_state": Quantity("x^*", "rest of the body with the dyad alone", dims=("neuron",)),
        "dyad_jacobian": Quantity("J", "derivative of a round at that rest", dims=("neuron", "from_neuron")),
        "moments": Quantity("M", "second moments of the driven states", dims=("neuron", "from_neuron")),
        "oja_rest": Quantity("W^*", "weights after 600 epochs of constant moments", dims=("neuron", "from_neuron")),
    },
    scales={
        name: Space((listing("body", range(bodies)),), {"epochs": 120})
        for name, bodies in (("quick", 6), ("paper", 20))
    },
    static=("epochs",),
    lightly=True,
)

EXPERIMENTS = (NOISY_GAMES, WEAK_NOISE, AT_REST)
