"""Laws of plain arrays on labelled points."""

from __future__ import annotations

import numpy as np
import xarray as xr

from experiments.laws import by_number, elementwise, points

FAN_IN = xr.DataArray([3, 5], coords={"fan_in": [3, 5]}, dims="fan_in")
BIAS = xr.DataArray([0.1, 0.2, 0.3], coords={"bias": [0.1, 0.2, 0.3]}, dims="bias")


def power(fan_in, bias):
    assert isinstance(fan_in, int)
    return bias**fan_in


def test_a_law_of_a_number_is_called_with_it_at_every_point():
    found = by_number(power, FAN_IN, BIAS)
    assert set(found.dims) == {"fan_in", "bias"}
    np.testing.assert_allclose(found.sel(fan_in=5, bias=0.2), 0.2**5, rtol=1e-6)
    np.testing.assert_allclose(by_number(power, FAN_IN[0], BIAS).sel(bias=0.3), 0.027, rtol=1e-6)


def test_a_law_with_several_results_gives_several_arrays():
    square, cube = by_number(lambda b, u: (b * u**2, b * u**3), FAN_IN, BIAS)
    np.testing.assert_allclose(cube.sel(fan_in=3), square.sel(fan_in=3) * BIAS, rtol=1e-6)


def test_elementwise_broadcasts_by_name():
    found = elementwise(np.hypot, BIAS, FAN_IN)
    assert found.dims == ("bias", "fan_in")
    np.testing.assert_allclose(found.sel(bias=0.3, fan_in=5), np.hypot(0.3, 5))


def test_points_keep_their_coordinates():
    chosen = points(BIAS, BIAS > 0.15)
    np.testing.assert_array_equal(chosen.values, [0.2, 0.3])
    np.testing.assert_array_equal(chosen["bias"].values, [0.2, 0.3])
