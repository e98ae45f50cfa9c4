"""Heat on graphs: spectra of regular graphs, flows on random ones, explicit steps, and a five-point grid's symbol."""

from __future__ import annotations

import jax.numpy as jnp
import jax.random as jr
import numpy as np

from dynamics import graph_ode as dynamics
from experiments.experiment import Experiment, Quantity
from experiments.space import Axis, Space, cases, grid, listing, replicates

NODES = Quantity("n", "nodes of the graph")
REPLICATE = Quantity("i", "replicate")
TIME = Quantity("t", "time")
ORDERS = {"euler": 1, "heun": 2, "kutta3": 3, "rk4": 4}

KINDS = ("ring", "path", "star", "complete", "torus", "grid")
MOST = 48
RANDOM_NODES = 12
# Largest t times degree of the quick and paper spaces: 5 times 12 weights below 1.1.
LONGEST = 80.0
CHAIN, SEEN = 101, 25
STEPS = 6


def graph_spectrum(key, *, kind, rows, columns):
    """Eigenvalues of a graph's Laplacian, ascending, then zeros up to `MOST`; `columns` is 1 but for products."""
    del key
    rows, columns = int(rows), int(columns)
    one = {"ring": dynamics.ring_graph, "path": dynamics.path_graph, "star": dynamics.star_graph}
    if kind in ("torus", "grid"):
        part = one["ring" if kind == "torus" else "path"]
        weights = dynamics.product_graph(part(rows), part(columns))
    else:
        weights = {**one, "complete": dynamics.complete_graph}[kind](rows)
    values = np.linalg.eigvalsh(np.diag(weights.sum(axis=1)) - weights)
    return {"eigenvalues": np.concatenate([values, np.zeros(MOST - len(values))])}


def _random_case(key):
    graph_key, start_key = jr.split(key)
    return dynamics.random_graph(graph_key, RANDOM_NODES), jr.normal(start_key, (RANDOM_NODES,))


def random_heat(key, *, time):
    """A random graph's heat flow: what is kept, what decays, and what a relabelling of its nodes changes."""
    weights, start = _random_case(key)
    generator = dynamics.laplacian(weights)
    state = dynamics.heat_flow(generator, start, time, longest=LONGEST)
    order = (5 * np.arange(RANDOM_NODES) + 3) % RANDOM_NODES
    moved = dynamics.heat_flow(generator[order][:, order], start[order], time, longest=LONGEST)

    def deviation(x):
        return jnp.linalg.norm(x - jnp.mean(start))

    return {
        "weights": weights,
        "mass": jnp.sum(state) - jnp.sum(start),
        "deviation": deviation(state) / deviation(start),
        "energy": (state @ generator @ state) / (start @ generator @ start),
        "excess": jnp.maximum(jnp.max(state) - jnp.max(start), jnp.min(start) - jnp.min(state)),
        "relabelled": jnp.max(jnp.abs(moved - state[order])),
    }


def chain_heat(key, *, time):
    """Heat after a unit source on a ring of 101 nodes, which is the infinite chain at these times."""
    del key
    source = jnp.zeros(CHAIN).at[0].set(1.0)
    generator = dynamics.laplacian(dynamics.ring_graph(CHAIN))
    return {"heat": dynamics.heat_flow(generator, source, time, longest=20.0)[:SEEN]}


def explicit_steps(key, *, reduced):
    """Six steps of size reduced/lambda_max from a random graph's top eigenvector, and an Euler step from each node.

    growth: what stands along the eigenvector, for each method.  rate: log |growth| a step.  own: least of what the
    Euler step, of size reduced/(largest degree), leaves at its own node.
    """
    weights, _ = _random_case(key)
    generator = dynamics.laplacian(weights)
    values, vectors = jnp.linalg.eigh(generator)
    field = dynamics.heat_field(generator)
    top = vectors[:, -1]
    step = reduced / values[-1]
    growth = jnp.stack([top @ dynamics.explicit_flow(method, field, top, step, STEPS) for method in ORDERS])
    degree = jnp.max(jnp.diagonal(generator))
    one = dynamics.explicit_step("euler", field, jnp.eye(RANDOM_NODES), reduced / degree)
    return {
        "growth": growth,
        "rate": jnp.log(jnp.abs(growth)) / STEPS,
        "own": jnp.min(jnp.diagonal(one)),
    }


def plane_wave(key, *, spacing, angle, size):
    """-(five-point Laplacian)/wave of a plane wave of |k| = size in direction `angle`, at a crest."""
    del key
    places = spacing * jnp.arange(-1, 2)
    x, y = jnp.meshgrid(places, places, indexing="ij")
    wave = jnp.cos(size * (x * jnp.cos(angle) + y * jnp.sin(angle)))
    return {"symbol": -dynamics.five_point(wave, spacing)[0, 0]}


def _kinds(sizes: tuple[int, ...], sides: tuple[tuple[int, int], ...]) -> Axis:
    simple = [(kind, n, 1) for kind in KINDS[:4] for n in sizes]
    both = [(kind, *side) for kind in KINDS[4:] for side in sides]
    kind, rows, columns = zip(*simple, *both, strict=True)
    return cases("graph", kind=kind, rows=rows, columns=columns)


SPECTRA = Experiment(
    name="graph_ode/spectra",
    title="Spectra of regular graphs",
    cell=graph_spectrum,
    parameters={
        "kind": Quantity("G", "kind of graph"),
        "rows": NODES,
        "columns": Quantity("m", "nodes of the second factor"),
    },
    outputs={"eigenvalues": Quantity(r"\lambda_k", "eigenvalues, then zeros", dims=("k",))},
    scales={
        "quick": Space((_kinds((5, 12, 17), ((5, 7), (3, 4))),)),
        "paper": Space((_kinds(tuple(range(3, 41)), tuple((a, b) for a in range(3, 7) for b in range(3, 9))),)),
    },
    static=("kind",),
    compiled=False,
)

HEAT = Experiment(
    name="graph_ode/heat",
    title="Heat on random graphs",
    cell=random_heat,
    parameters={"time": TIME, "replicate": REPLICATE},
    outputs={
        "weights": Quantity("W", "weights of the graph", dims=("node", "other")),
        "mass": Quantity(r"\sum\Delta x", "change of the sum"),
        "deviation": Quantity(r"\|x-\bar x\|", "deviation from the mean over that at the start"),
        "energy": Quantity("E", "Dirichlet energy over that at the start"),
        "excess": Quantity("e", "by how much the state leaves the range of the start"),
        "relabelled": Quantity("d", "largest change by a relabelling of the nodes"),
    },
    scales={
        name: Space((listing("time", (0.1, 0.5, 1.0, 2.0, 5.0)), replicates(count)))
        for name, count in (("quick", 24), ("paper", 1000))
    },
)

CHAIN_HEAT = Experiment(
    name="graph_ode/chain",
    title="Heat on the infinite chain",
    cell=chain_heat,
    parameters={"time": TIME},
    outputs={"heat": Quantity("u_j", "heat at distance j", dims=("distance",))},
    scales={
        "quick": Space((listing("time", (0.1, 1.0, 2.3, 5.0)),)),
        "paper": Space((grid("time", 0.05, 10.0, 200),)),
    },
)

EXPLICIT_STEPS = Experiment(
    name="graph_ode/explicit-steps",
    title="Explicit steps of heat on random graphs",
    cell=explicit_steps,
    parameters={
        "reduced": Quantity(r"h\lambda", "step times the largest eigenvalue, or times the largest degree"),
        "replicate": REPLICATE,
    },
    outputs={
        "growth": Quantity("R^m", "six steps' factor along the top eigenvector", dims=("method",)),
        "rate": Quantity(r"\ln|R|", "growth rate a step", dims=("method",)),
        "own": Quantity("w_{ii}", "least weight of a node on itself after one Euler step"),
    },
    scales={
        name: Space((grid("reduced", 0.0125, 3.4875, steps), replicates(graphs)))
        for name, steps, graphs in (("quick", 140, 2), ("paper", 1390, 20))
    },
    coordinates={"method": tuple(ORDERS)},
)

PLANE_WAVE = Experiment(
    name="graph_ode/five-point",
    title="The five-point Laplacian's answer to a plane wave",
    cell=plane_wave,
    parameters={
        "spacing": Quantity("h", "grid spacing"),
        "angle": Quantity(r"\theta", "direction of the wave vector", "rad"),
        "size": Quantity("|k|", "wavenumber"),
    },
    outputs={"symbol": Quantity(r"\kappa^2", "what stands for the squared wavenumber")},
    scales={
        name: Space(
            (
                listing("spacing", (0.1, 0.2, 0.4, 0.8)),
                grid("angle", 0.0, np.pi / 2, count),
                grid("size", 0.25, 1.5, count),
            )
        )
        for name, count in (("quick", 11), ("paper", 101))
    },
)

EXPERIMENTS = (SPECTRA, HEAT, CHAIN_HEAT, EXPLICIT_STEPS, PLANE_WAVE)
