"""P32, Swift-Hohenberg: what is true of growth, stripes, hexagons, the free energy and uniform states; and oddity 5."""

from __future__ import annotations

import math

import jax
import numpy as np
import xarray as xr

from experiments.claim import Agreement, Bound, Claim, Decoy, Sharp, Source
from experiments.evidence import Crossing, Exact
from experiments.graph_ode.patterns import SPACING, UNIFORM_STEP, UNIFORM_STEPS
from experiments.laws import elementwise
from theory import graph_ode as theory

DERIVED = Source("derived here")
CONTROL, QUADRATIC = 0.7, 1.0


def _growth(released):
    """The closed form, with the flag that `released` makes of the stored one."""

    def predict(ds):
        flag = released(ds.released)
        return elementwise(theory.sh_growth_rate, ds.wavenumber, ds.control) + flag + 0 * ds.growth

    return predict


def _stripes(name, law):
    return lambda ds: ds[name].copy(data=np.asarray(law(ds.control.values)))


def _leading_third(control):
    return -(theory.sh_leading_stripe(control) ** 3) / 4 / (64 - control)


def _stripe_errors(name):
    """Twice the leading effect of the fifth harmonic, whose own correction is a^2 / 40 of it, and rounding."""

    def observe(ds):
        share = theory.sh_stripe_remainder(ds.control.values)
        stripe = theory.sh_stripe(ds.control.values)
        if name == "first":
            share = share * np.abs(stripe.third / stripe.first)
        error = 2 * np.asarray(share) * abs(ds[name]) + 1e-13 * ds["first"]
        return Exact(ds[name], error, "twice the leading effect of the fifth harmonic, and rounding")

    return observe


def _steady(ds):
    """The cases well above the saddle-node, first mode."""
    return ds.isel(case=np.flatnonzero(ds.control.values > 0), mode=0)


def _hexagon(law):
    return lambda ds: (
        lambda kept: kept.amplitude.copy(data=np.asarray(law(kept.control.values, kept.quadratic.values)))
    )(_steady(ds))


def _hexagons_seen(ds):
    kept = _steady(ds)
    error = np.asarray(theory.sh_hexagon_remainder(kept.control.values, kept.quadratic.values)) * kept.amplitude
    # The terms are sized at the leading amplitude, which they change by a few percent.
    return Exact(kept.amplitude, 1.1 * error / kept.amplitude, "size of the next order of the amplitude equation")


def _survivors(ds):
    """Amplitude above half of that at the saddle-node, by control parameter."""
    kept = ds.isel(case=np.flatnonzero(ds.control.values < 0), mode=0)
    kept = kept.swap_dims(case="control").sortby("control")
    return Crossing(Exact(kept.amplitude - kept.quadratic / 30, 0.0, "the simulation's own end"), "control")


def _energies(ds):
    def energy(field, released):
        box = (field.shape[0] * 20 * math.pi / 64,) * 2
        return theory.sh_free_energy(field, box, CONTROL + released, QUADRATIC)

    field = ds.field.transpose("released", ..., "sample", "y", "x")
    stacked = field.values.reshape(field.sizes["released"], -1, *field.shape[-2:])
    values = jax.jit(jax.vmap(jax.vmap(energy, (0, None))))(stacked, field.released.values)
    return xr.DataArray(np.reshape(values, field.shape[:-2]), dims=field.dims[:-2])


def _falls(ds):
    energy = _energies(ds)
    # Sums over the grid of terms of order one.
    return Exact(energy.diff("sample"), 1e-12, "rounding of the free energy")


def _steady_fall(ds):
    falls = _energies(ds).diff("sample")
    return falls.mean("sample") + 0 * falls


def _uniform(swap):
    def predict(ds):
        ends = []
        for released in ds.released.values:
            states = theory.sh_uniform_states(CONTROL, QUADRATIC, released=bool(released) != swap)
            pair = np.nan_to_num(np.array([states.lower, states.upper]))
            ends.append(np.where(ds.start.values > 0, pair[1], pair[0]))
        return ds.end.transpose("released", "start").copy(data=np.stack(ends))

    return predict


def _settled(ds):
    # The slowest approach is that to zero of the standard equation, at rate 1 - r.
    left = math.exp(-(1 - CONTROL) * UNIFORM_STEP * UNIFORM_STEPS) * 2
    return Exact(ds.end.transpose("released", "start"), left + 1e-13, "what is left of the approach, and rounding")


def _derivative(sign):
    """The mode's growth rate (its u_t) times the gain of a central difference."""

    def predict(ds):
        gain = -elementwise(theory.backward_difference_gain, ds.growth, SPACING)
        return sign * gain * ds.growth

    return predict


CLAIMS = (
    Claim(
        id="graph_ode/P32-sh-growth",
        kind="equality",
        statement="small Swift-Hohenberg modes grow at r - (1 - k^2)^2, and at 1 more without the -u of the square",
        source=DERIVED,
        experiment="graph_ode/sh-growth",
        predict=_growth(lambda flag: flag),
        observe=lambda ds: Exact(ds.growth, 1e-8, "products of modes of 1e-12, and rounding"),
        comparison=Agreement(),
        decoy=Decoy("each equation has the -u that the other has", _growth(lambda flag: 1 - flag)),
    ),
    Claim(
        id="graph_ode/P32-sh-stripes",
        kind="equality",
        statement="stripes have the amplitude of r = 3/4 a^2 + 3/4 a a_3 + 3/2 a_3^2",
        source=DERIVED,
        experiment="graph_ode/sh-stripes",
        predict=_stripes("first", lambda control: theory.sh_stripe(control).first),
        observe=_stripe_errors("first"),
        comparison=Agreement(),
        decoy=Decoy("2 sqrt(r / 3), which is the leading order only", _stripes("first", theory.sh_leading_stripe)),
    ),
    Claim(
        id="graph_ode/P32-sh-third-harmonic",
        kind="equality",
        statement="their third harmonic is -(a^3 / 4 + 3/2 a^2 a_3 + 3/4 a_3^3) / (64 - r)",
        source=DERIVED,
        experiment="graph_ode/sh-stripes",
        predict=_stripes("third", lambda control: theory.sh_stripe(control).third),
        observe=_stripe_errors("third"),
        comparison=Agreement(),
        decoy=Decoy("-(a^3 / 4) / (64 - r), which is the leading order only", _stripes("third", _leading_third)),
    ),
    Claim(
        id="graph_ode/P32-sh-hexagons",
        kind="equality",
        statement="each mode of hexagons has amplitude (g + sqrt(g^2 + 15 r)) / 15, to leading order",
        source=DERIVED,
        experiment="graph_ode/sh-hexagons",
        predict=_hexagon(theory.sh_hexagon),
        observe=_hexagons_seen,
        comparison=Agreement(),
        decoy=Decoy(
            "two modes make the third once, not twice: g / 2 for g", _hexagon(lambda r, g: theory.sh_hexagon(r, g / 2))
        ),
    ),
    Claim(
        id="graph_ode/P32-sh-hexagon-onset",
        kind="threshold",
        statement="hexagons exist down to r = -g^2 / 15",
        source=DERIVED,
        experiment="graph_ode/sh-hexagons",
        predict=lambda ds: float(theory.sh_hexagon_onset(0.1)),
        observe=_survivors,
        comparison=Agreement(),
        decoy=Decoy("-g^2 / 60, with g for 2 g", lambda ds: float(theory.sh_hexagon_onset(0.05))),
    ),
    Claim(
        id="graph_ode/P32-sh-descent",
        kind="bound",
        statement="the free energy never rises while a pattern forms, in either equation",
        source=DERIVED,
        experiment="graph_ode/sh-descent",
        predict=lambda ds: 0 * _steady_fall(ds),
        observe=_falls,
        comparison=Bound(side="upper", scale=1.0),
        decoy=Decoy("it falls by its mean fall at least, at all times", _steady_fall),
    ),
    Claim(
        id="graph_ode/P32-sh-uniform",
        kind="equality",
        statement="uniform fields end at 0 in the standard equation, at (g +- sqrt(g^2 + 4 r)) / 2 in the released one",
        source=DERIVED,
        experiment="graph_ode/sh-uniform",
        predict=_uniform(swap=False),
        observe=_settled,
        comparison=Agreement(),
        decoy=Decoy("the two equations exchanged", _uniform(swap=True)),
    ),
    Claim(
        id="graph_ode/oddity-5",
        kind="identity",
        statement="the released residual's time derivative estimates u_t of the frames between first and last",
        source=Source("2505.17459", "official code, time derivative in the equation's residual"),
        experiment="graph_ode/sh-growth",
        predict=_derivative(1),
        observe=lambda ds: Exact(ds.derivative, 1e-8, "products of modes of 1e-12, and rounding"),
        comparison=Agreement(),
        decoy=Decoy("it vanishes", lambda ds: 0 * ds.derivative),
        sharp=Sharp(
            "it is -u_t times sinh(s h) / (s h) for growth e^(s t): the kernel is not flipped", _derivative(-1)
        ),
    ),
)
