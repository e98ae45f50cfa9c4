"""Ground truth: pattern-forming equations, flows and a stand-in for weather, each from a key and a recipe.

    frames = simulate(jax.random.key(0), recipe("sh_release", frames=20))     # (frames, channels, height, width)

A module a system. Linearly unstable equations are stepped with real transforms: with complex ones the rounding in the
imaginary part grows at the linear rate and is never saturated.
"""

from dynamics.graph_ode.fields.brusselator import brusselator_stepper as brusselator_stepper
from dynamics.graph_ode.fields.etdrk import etdrk2 as etdrk2
from dynamics.graph_ode.fields.etdrk import phi as phi
from dynamics.graph_ode.fields.gray_scott import gray_scott_stepper as gray_scott_stepper
from dynamics.graph_ode.fields.lambda_omega import lambda_omega_stepper as lambda_omega_stepper
from dynamics.graph_ode.fields.lattice_boltzmann import lattice_boltzmann_stepper as lattice_boltzmann_stepper
from dynamics.graph_ode.fields.navier_stokes import navier_stokes_stepper as navier_stokes_stepper
from dynamics.graph_ode.fields.recipes import RECIPES as RECIPES
from dynamics.graph_ode.fields.recipes import channels as channels
from dynamics.graph_ode.fields.recipes import recipe as recipe
from dynamics.graph_ode.fields.recipes import simulate as simulate
from dynamics.graph_ode.fields.spectral import squared_wavenumber as squared_wavenumber
from dynamics.graph_ode.fields.spectral import to_grid as to_grid
from dynamics.graph_ode.fields.spectral import to_spectrum as to_spectrum
from dynamics.graph_ode.fields.spectral import wavenumbers as wavenumbers
from dynamics.graph_ode.fields.swift_hohenberg import exponax_swift_hohenberg_stepper as exponax_swift_hohenberg_stepper
from dynamics.graph_ode.fields.swift_hohenberg import swift_hohenberg_stepper as swift_hohenberg_stepper
from dynamics.graph_ode.fields.system import Recipe as Recipe
from dynamics.graph_ode.fields.system import System as System
from dynamics.graph_ode.fields.system import advanced as advanced
