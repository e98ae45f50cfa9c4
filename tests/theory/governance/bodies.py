"""Small bodies, and the size of the paper, for tests: the same ones in every file."""

from functools import cache, partial

import jax
import numpy as np

from theory import governance

NOISE = 0.15


@cache
def fresh(size: int, seed: int = 0) -> governance.Body:
    """An undeveloped body of the paper's scales, its spectral radius exactly 0.9, with an arbitrary readout."""
    rng = np.random.default_rng([size, seed])
    recurrent = rng.normal(size=(size, size)) / np.sqrt(size)
    recurrent *= 0.9 / np.max(np.abs(np.linalg.eigvals(recurrent)))
    own, other = 0.5 * rng.normal(size=(2, size))
    readout = rng.normal(size=size) * 2 / np.sqrt(size)
    return governance.Body(recurrent, own, other, 0.3 * rng.normal(size=size), readout, np.float64(0.5), NOISE)


# Compilation is nearly all that these tests cost.
quickly = partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})


@cache
def compiled(name: str, **static):
    """A law, compiled once for all tests of a worker."""
    law = getattr(governance, name)
    return quickly(lambda *arguments: law(*arguments, **static))


_grown = quickly(lambda body: governance.habituated_body(governance.developed_body(body, 0.001), 0.99))


@cache
def grown(size: int, seed: int = 0) -> governance.Body:
    """Developed and habituated on paper."""
    return jax.tree.map(np.asarray, _grown(fresh(size, seed)))


@quickly
def _portrait(body):
    alone = governance.closed_loop_state(body, 1.0, 1.0)
    jacobian = governance.loop_jacobian(body, alone)
    return {
        "state": alone,
        "radius": governance.spectral_radius(jacobian),
        "norm": jax.numpy.linalg.norm(jacobian, 2),
        "everywhere": governance.global_contraction(body),
        "quiet": governance.linear_response(body, 1.0, 1.0),
        "noisy": governance.linear_response(body, 1.0, 0.9),
        "published": governance.published_smoothing_bound(body, 0.9),
        "bound": governance.smoothing_bound(body, 0.9),
        "bound_parts": governance.smoothing_bound_parts(body, 0.9),
        "parts": governance.variance_parts(body, 0.9),
        "leading": governance.first_pulse_variance(body, 0.9),
        "strength": governance.pulse_strength(body, 0.9),
        "pulses": governance.pulse_response(body, 0.9),
        "insulated": governance.body_action(body, governance.closed_loop_state(body, 1.0, 0.0)),
    }


@cache
def portrait(size: int, seed: int) -> dict:
    """What the theory says of a grown body against cooperation and against ten percent of defection."""
    return _portrait(grown(size, seed))


def states(body: governance.Body, share: float, cooperation: float, rounds: int, copies: int, seed: int = 1):
    """A plain NumPy loop: states (rounds, copies, d), body actions and actions (rounds, copies), after 60 rounds."""
    rng = np.random.default_rng(seed)
    state, echo = np.zeros((copies, body.bias.size)), np.ones(copies)
    found = []
    for _ in range(rounds + 60):
        output = 1 / (1 + np.exp(-(state @ body.readout + body.offset)))
        action = share * output + (1 - share) * echo
        found.append((state, output, action))
        echo = (rng.random(copies) < cooperation).astype(float)
        drive = np.outer(action, body.own_input) + np.outer(echo, body.other_input) + body.bias
        state = np.tanh(state @ body.recurrent.T + drive) + body.noise * rng.normal(size=state.shape)
    return tuple(np.stack(part) for part in zip(*found[60:], strict=True))
