"""The ten experiments in official mode: the official code's seeds and random numbers, float64, one body at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import jax
import numpy as np
import xarray as xr

from dynamics import governance as gov
from experiments.errors import UserError
from experiments.governance import common, dimension, habituating, landscape, memory, responses, sentinel
from experiments.space import Space, listing


@dataclass(frozen=True)
class Official:
    """How the official code seeds one experiment, and what is done with the draws.

    base: its first base seed; body i has base + 1000 i, and `stride` more for each unit of `along`, if that is given.
    pipeline: draws (and the value of `along`) to outputs, as the reference cells have them.
    """

    like: str
    base: int
    bodies: int
    pipeline: Callable[..., Mapping]
    along: str = ""
    values: tuple[int, ...] = ()
    stride: int = 0


def _free_energy(draws, epochs):
    grown = gov.grown(draws, epochs=epochs)
    return landscape.free_energy_of(draws, grown.body, grown.readout, common.shares(11))


def _block(draws, length):
    found = dimension.blocks_of(draws, 30, 30, np.array([length]))
    return {name: value[0] for name, value in found.items()}


_OFFICIAL = (
    Official("convergence", 100, 10, responses.convergence_of),
    Official("kl-landscape", 200, 20, lambda draws: landscape.landscape_of(draws, common.shares(21))),
    Official("perturbation", 300, 20, responses.perturbation_of),
    Official("habituation", 500, 20, lambda draws: habituating.habituation_modes_of(draws, 15)),
    Official("free-energy", 400, 20, _free_energy, "epochs", landscape.HABITUATED, 10),
    Official("sentinel", 500, 20, sentinel.phases_of),
    Official("sensitivity", 700, 20, sentinel.sensitivity_of),
    Official(
        "dimension",
        900,
        20,
        lambda draws, d: dimension.dimension_of(draws, d, d, common.shares(11)),
        "dimension",
        dimension.DIMENSIONS,
        100_000,
    ),
    Official(
        "phase-diagram",
        2000,
        20,
        lambda draws, d: dimension.blocks_of(draws, d, d, np.array(dimension.GRID_LENGTHS)),
        "dimension",
        dimension.GRID_DIMENSIONS,
        100_000,
    ),
    Official("block-length", 1100, 20, _block, "length", dimension.LENGTHS, 10),
    Official("memory", 300, 20, memory.memory_of),
)
OFFICIAL = {one.like: one for one in _OFFICIAL}


def official_of(name: str) -> Official:
    """The official experiment of this name; an unknown one is refused with the known ones."""
    if name not in OFFICIAL:
        raise UserError(f"Unknown experiment `{name}` in official mode: choose from {', '.join(OFFICIAL)}.")
    return OFFICIAL[name]


def bodies_of(official: Official, count: int | None = None) -> Iterator[tuple[int, int, dict]]:
    """(value of `along` or 0, body's index, outputs) one after another, for the first `count` bodies of each value."""
    count = official.bodies if count is None else count
    if not 1 <= count <= official.bodies:
        raise UserError(f"Argument `bodies` must lie in 1 .. {official.bodies}, but is {count}.")
    for value in official.values or (0,):
        arguments = (value,) if official.along else ()
        for i in range(count):
            with jax.enable_x64(True):
                draws = gov.Published(official.base + 1000 * i + official.stride * value)
                found = {n: np.asarray(v) for n, v in official.pipeline(draws, *arguments).items()}
            yield value, i, found


def collected(official: Official, rows: list[tuple[int, int, dict]]) -> xr.Dataset:
    """The outputs of `bodies_of` with the dimensions of the reference sweep (bodies of unequal size lose their own)."""
    from experiments.governance import EXPERIMENTS

    experiment = next(e for e in EXPERIMENTS if e.name == f"governance/{official.like}")
    count = 1 + max(i for _, i, _ in rows)
    axes = (*([listing(official.along, official.values)] if official.along else []), listing("replicate", range(count)))
    space = Space(axes)
    variables = {}
    for name, quantity in experiment.outputs.items():
        values = np.stack([row[name] for _, _, row in rows])
        dims = (*(axis.name for axis in axes), *quantity.dims)
        attributes = {"symbol": quantity.symbol, "long_name": quantity.meaning, "units": quantity.unit}
        variables[name] = (dims, values.reshape(space.shape + values.shape[1:]), attributes)
    coords = {axis.name: list(axis.columns[axis.name]) for axis in axes}
    coords |= {
        dim: list(v)
        for dim, v in experiment.coordinates.items()
        if any(dim in q.dims for q in experiment.outputs.values())
    }
    return xr.Dataset(variables, coords, {"mode": "official"})
