"""Arrays whose points have names, so that a verdict can say where it was decided."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

Values = Any  # whatever np.asarray takes (jax arrays included), or an xr.DataArray


def labelled(values: Values, name: str) -> xr.DataArray:
    """The values in float64 with their dimension names and coordinates; refuses what no verdict may rest on.

    Raises ValueError naming the argument if it is complex, empty, or not finite anywhere.
    """
    array = values if isinstance(values, xr.DataArray) else xr.DataArray(np.asarray(values))
    if array.dtype.kind == "c":
        raise ValueError(f"`{name}` must be real, but is {array.dtype}.")
    array = array.copy(data=np.asarray(array.values, float))
    if array.size == 0:
        raise ValueError(f"`{name}` is empty: its shape is {array.shape}.")
    bad = np.flatnonzero(~np.isfinite(array.values))
    if bad.size:
        first = array.values.flat[bad[0]]
        where = in_words(place(array, int(bad[0])))
        share = f"{bad.size} of {array.size} points"
        raise ValueError(f"`{name}` must be finite, but is {first}{where} ({share}).")
    return array


def aligned(values: Values, like: xr.DataArray, name: str) -> xr.DataArray:
    """The values on the points of `like`: scalars everywhere, DataArrays by name, bare arrays by shape.

    A DataArray may lack dimensions of `like` (it is then constant along them); its coordinates must be equal.
    A bare array must have the very shape of `like`: NumPy's broadcasting by position pairs the wrong points
    silently.
    Raises ValueError naming the argument.
    """
    array = labelled(values, name)
    if array.ndim == 0:
        return like.copy(data=np.full(like.shape, float(array)))
    if not isinstance(values, xr.DataArray):
        if array.shape != like.shape:
            raise ValueError(f"`{name}` has shape {array.shape}, but the points it is for have {like.shape}.")
        return like.copy(data=array.values)
    if not set(array.dims) <= set(like.dims):
        raise ValueError(f"`{name}` has dimensions {array.dims}, but the points it is for have {like.dims}.")
    try:
        array, _ = xr.align(array, like, join="exact", copy=False)
    except ValueError as error:
        raise ValueError(f"`{name}` has other coordinates than the points it is for: {error}") from error
    return like.copy(data=array.broadcast_like(like).transpose(*like.dims).values)


def place(array: xr.DataArray, index: int) -> dict[str, Any]:
    """Names of the point with this flat index: its coordinates, or its position where there are none."""
    position = dict(zip(array.dims, map(int, np.unravel_index(index, array.shape)), strict=True))
    coords = array.isel(position).coords.items()
    entries = {str(name): coord.item() for name, coord in coords if coord.ndim == 0}
    named = {name: entry for name, entry in entries.items() if isinstance(entry, int | float | str)}
    return {str(dim): i for dim, i in position.items() if str(dim) not in named} | named


def in_words(at: dict[str, Any]) -> str:
    """` at rho=0.2, depth=10`, or nothing for a single unnamed point."""
    numbers = {name: f"{entry:.6g}" if isinstance(entry, float) else entry for name, entry in at.items()}
    return f" at {', '.join(f'{name}={entry}' for name, entry in numbers.items())}" if at else ""
