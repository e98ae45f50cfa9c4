"""What the official code of arXiv 2505.17459 calls the residuals of an equation, and a flow's full one."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Complex, Float, Real

from dynamics.graph_ode.fields.navier_stokes import velocity_spectra
from dynamics.graph_ode.fields.spectral import squared_wavenumber, to_grid, to_spectrum, wavenumbers


def released_time_derivative(
    frames: Float[Array, frames * field], spacing: Real[ArrayLike, ""]
) -> Float[Array, inner * field]:
    """Its time derivative of all frames but the first and last: cross-correlation with [1, 0, -1] / (2 dt).

    A convolution layer does not flip its kernel, so that the later frame gets the minus sign.
    """
    return (frames[:-2] - frames[2:]) / (2 * spacing)


class FlowResiduals(NamedTuple):
    """Both components, (2, height, width)."""

    released: Float[Array, "2 height width"]
    pressure_gradient: Float[Array, "2 height width"]


def flow_residuals(
    vorticity: Complex[Array, "height half"],
    points: tuple[int, int],
    extent: tuple[float, float],
    viscosity: Real[ArrayLike, ""],
) -> FlowResiduals:
    """Its u . grad u - nu lap u, which has neither pressure nor time derivative; and the pressure gradient beside it.

    The full residual of an unforced flow is the sum of both and u_t. The pressure solves lap p = -div(u . grad u).
    """
    square = jnp.asarray(squared_wavenumber(points, extent), float)
    along = jnp.stack(jnp.broadcast_arrays(*(1j * k for k in reversed(wavenumbers(points, extent)))))
    spectra = velocity_spectra(vorticity, points, extent)
    velocity = to_grid(spectra, points)
    gradients = to_grid(along[:, None] * spectra[None], points)
    advection = to_spectrum(jnp.einsum("ihw,ijhw->jhw", velocity, gradients), 2)
    # Along the wave vector, advection and pressure gradient cancel.
    lengthwise = jnp.sum(along * advection, axis=0) / jnp.where(square > 0, square, jnp.inf)
    released = advection + viscosity * square * spectra
    return FlowResiduals(to_grid(released, points), to_grid(along * lengthwise, points))
