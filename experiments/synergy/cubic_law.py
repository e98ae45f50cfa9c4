r"""How far a trajectory can stray from the law of its cubic term, proven from the trajectory itself.

With w = 1/mu^2 one level T(u) = alpha u (1 - q) reads w_{l+1} = w_l/(alpha^2 (1 - q_l)^2). The majority's slope
A (1 - u^2)^k alternates in u^2, so q lies between (kappa3 u^2 - kappa5 u^4)/alpha and kappa3 u^2/alpha, where
kappa3 <= alpha gamma^2 (b-1)/6 and kappa5 <= alpha gamma^4 (b-1)(b-3)/40. With s = gamma^2 u^2 (b-1)/6 these are
q <= s and kappa5 u^4/alpha <= 0.9 s^2, whence

    |(1 - q)^{-2} - 1 - 2 kappa3 u^2/alpha| <= 3 (s/(1 - s))^2                                (level law of w)
    |u T'(u)/T(u) / (w_l/w_{l+1}) - 1| <= 5.7 s^2/(1 - s)^3   at alpha = 1                   (level law of dw)

for s < 1, which a trajectory satisfies from any start below sqrt(6/(b-1))/gamma. Nothing here knows kappa3.  (derived
here)
"""

from __future__ import annotations

import numpy as np
import xarray as xr

EPS = float(np.finfo(float).eps)


def share(fan_in: xr.DataArray, fidelity: xr.DataArray, bias: xr.DataArray) -> xr.DataArray:
    """s = gamma^2 u^2 (b - 1)/6, an upper bound on the relative loss q of a level; refuses s >= 1."""
    s = fidelity**2 * bias**2 * (fan_in - 1) / 6
    if (s >= 1).any():
        raise ValueError("`bias` must stay below sqrt(6/(b-1))/gamma for the cubic law's remainder to be bounded.")
    return s


def _accumulated(decay: xr.DataArray, source: xr.DataArray, along: str) -> xr.DataArray:
    """x_0 = 0, x_{l+1} = decay_l x_l + source_l, at every level."""
    decay, source = xr.broadcast(decay, source)
    decay, source = (array.transpose(along, ...) for array in (decay, source))
    total = np.zeros(source.shape)
    for level in range(1, source.sizes[along]):
        total[level] = decay.values[level - 1] * total[level - 1] + source.values[level - 1]
    return source.copy(data=total)


def law_of_w(
    biases: xr.DataArray, fan_in: xr.DataArray, fidelity: xr.DataArray, gain: xr.DataArray, along: str
) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """At every level: alpha^{-2L}/mu_0^2 (what the start still weighs), the rest of 1/mu_L^2, and a bound on how far
    the rest is from 2 kappa3 alpha^{-3} (1 - alpha^{-2L})/(1 - alpha^{-2}).

    The bound includes the rounding of the trajectory, b + 8 errors a level.
    """
    s = share(fan_in, fidelity, biases)
    w, level = biases**-2.0, biases[along]
    memory = gain ** (-2 * level) * w.isel({along: 0}, drop=True)
    strayed = _accumulated(gain**-2.0, gain**-2.0 * w * 3 * (s / (1 - s)) ** 2, along)
    return memory, w - memory, strayed + 2 * (fan_in + 8) * (level + 1) * EPS * w


def discreteness(gain: xr.DataArray, depth: xr.DataArray) -> xr.DataArray:
    """Exponential relaxation over its discrete form, [L (1 - e^{-2z})/z]/[2 alpha^{-3} (1 - alpha^{-2L})/(1 -
    alpha^{-2})] with z = (alpha - 1) L; it tends to 1 as alpha -> 1 and is 1 at alpha = 1.
    """
    excess = gain - 1
    critical = abs(excess) < 16 * EPS
    safe = excess.where(~critical, 0.1)
    smooth = -np.expm1(-2 * safe * depth) / safe
    # 2 alpha^{-3}/(1 - alpha^{-2}) = 2/(alpha (alpha - 1)(alpha + 1))
    steps = -np.expm1(-2 * depth * np.log1p(safe)) * 2 / ((1 + safe) * safe * (2 + safe))
    return (smooth / steps).where(~critical, 1.0)


def slope_weights(
    biases: xr.DataArray, fan_in: xr.DataArray, fidelity: xr.DataArray, along: str
) -> tuple[xr.DataArray, xr.DataArray]:
    """Bounds (low, high) at every level on [d log mu_L/d rho]/[-gamma (A - 1)] along a critical trajectory (alpha = 1).

    It is sum_l a_l prod_{l<j<L} u_j T'(u_j)/T(u_j), where a_l in [1 - 3 s, 1/(1 - s)] is what the level's own slope
    in rho adds; about (w_1 + ... + w_L)/w_L, so L/2 plus O(log L).
    """
    s = share(fan_in, fidelity, biases)
    w = biases**-2.0
    passed = (w / w.shift({along: -1})).fillna(0.0)
    stray = 5.7 * s**2 / (1 - s) ** 3
    low = _accumulated(passed * (1 - stray), 1 - 3 * s, along)
    return low, _accumulated(passed * (1 + stray), 1 / (1 - s), along)
