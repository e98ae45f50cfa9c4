"""Laws of plain arrays with a static fan-in, on labelled arrays that hold many fan-ins."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

import jax
import numpy as np
import xarray as xr

from experiments.labels import Values


@lru_cache(maxsize=256)
def _compiled(law: Callable, fan_in: int) -> Callable:
    return jax.jit(partial(law, fan_in))


def by_fan_in(law: Callable, fan_in: xr.DataArray, *arguments: Values) -> xr.DataArray | tuple[xr.DataArray, ...]:
    """`law(fan_in, *arguments)` at every point, the fan-in reaching the law as a Python integer.

    The arguments broadcast by the names of their dimensions. A law that returns several arrays gives several.
    """
    named = [argument if isinstance(argument, xr.DataArray) else xr.DataArray(argument) for argument in arguments]
    # Coordinates of arguments may differ in more than their points (a prediction is made at one depth).
    fan_ins, *arrays = xr.broadcast(*(array.reset_coords(drop=True) for array in (fan_in, *named)))
    results: dict[int, np.ndarray] = {}
    for b in np.unique(fan_ins.values):
        at = fan_ins.values == b
        found = _compiled(law, int(b))(*(array.values[at] for array in arrays))
        for i, values in enumerate(jax.tree.leaves(found)):
            results.setdefault(i, np.full(fan_ins.shape, np.nan))[at] = values
    named_results = tuple(fan_ins.copy(data=result) for result in results.values())
    return named_results if isinstance(found, tuple) else named_results[0]


def points(array: xr.DataArray, where: xr.DataArray) -> xr.DataArray:
    """The points of `array` at which `where` is true, as one list that still knows their coordinates."""
    mask, array = xr.broadcast(where.reset_coords(drop=True), array)
    dims = array.dims
    flat = array.stack(case=dims, create_index=False)
    return flat.isel(case=np.flatnonzero(mask.transpose(*dims).values))
