"""Laws of plain arrays on labelled points: how a claim or a figure asks `theory` for its predictions."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

import jax
import numpy as np
import xarray as xr

from experiments.labels import Values


def elementwise(law: Callable, *arguments: Values) -> xr.DataArray:
    """`law(*arguments)` at every point; the arguments broadcast by the names of their dimensions."""
    return xr.apply_ufunc(lambda *arrays: np.asarray(law(*arrays)), *arguments)


@lru_cache(maxsize=256)
def _compiled(law: Callable, number: int) -> Callable:
    return jax.jit(partial(law, number))


def by_number(law: Callable, number: xr.DataArray, *arguments: Values) -> xr.DataArray | tuple[xr.DataArray, ...]:
    """`law(number, *arguments)` at every point, the first argument (a fan-in, say) reaching it as a Python integer.

    The law is compiled once for each number. The arguments broadcast by the names of their dimensions. A law that
    returns several arrays gives several.
    """
    named = [argument if isinstance(argument, xr.DataArray) else xr.DataArray(argument) for argument in arguments]
    # Coordinates of arguments may differ in more than their points (a prediction is made at one depth).
    numbers, *arrays = xr.broadcast(*(array.reset_coords(drop=True) for array in (number, *named)))
    results: dict[int, np.ndarray] = {}
    for one in np.unique(numbers.values):
        at = numbers.values == one
        found = _compiled(law, int(one))(*(array.values[at] for array in arrays))
        for i, values in enumerate(jax.tree.leaves(found)):
            results.setdefault(i, np.full(numbers.shape, np.nan))[at] = values
    named_results = tuple(numbers.copy(data=result) for result in results.values())
    return named_results if isinstance(found, tuple) else named_results[0]


def points(array: xr.DataArray, where: xr.DataArray) -> xr.DataArray:
    """The points of `array` at which `where` is true, as one list that still knows their coordinates."""
    mask, array = xr.broadcast(where.reset_coords(drop=True), array)
    dims = array.dims
    flat = array.stack(case=dims, create_index=False)
    return flat.isel(case=np.flatnonzero(mask.transpose(*dims).values))
