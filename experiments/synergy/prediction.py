"""A law of `theory` on the points of a dataset."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jax
import numpy as np
import xarray as xr


def by_fan_in(ds: xr.Dataset, law: Callable, *names: str) -> xr.DataArray:
    """`law(fan_in, *values)` at the dataset's fan-ins and the named coordinates or variables, which broadcast.

    The law takes its fan-in as a static whole number; it may return a tuple, whose entries become the last
    dimension `part`.
    """
    compiled = jax.jit(law, static_argnums=0)

    def at(fan_in: int) -> xr.DataArray:
        here = ds.sel(fan_in=fan_in) if ds.fan_in.ndim else ds
        arrays = xr.broadcast(*(here[name] for name in names)) if names else ()
        result = compiled(fan_in, *(np.asarray(array.values, float) for array in arrays))
        dims, values = (arrays[0].dims if arrays else ()), result
        if isinstance(result, tuple):
            dims, values = (*dims, "part"), np.stack([np.asarray(part) for part in result], axis=-1)
        coords = {d: here[d] for d in dims if d in here.coords}
        return xr.DataArray(np.asarray(values), coords, dims)

    if not ds.fan_in.ndim:
        return at(int(ds.fan_in))
    return xr.concat([at(int(b)) for b in ds.fan_in.values], dim=ds.fan_in)


def elementwise(law: Callable, *arrays: xr.DataArray | float) -> xr.DataArray:
    """`law` on broadcast arrays."""
    return xr.apply_ufunc(partial(_plain, law), *arrays)


def _plain(law: Callable, *arrays) -> np.ndarray:
    return np.asarray(law(*arrays))
