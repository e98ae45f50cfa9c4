"""Graphs, codes, patterns and diffusion behind SparseDiff (arXiv 2505.17459): a closed form for every block."""

# ---- fields
from theory.graph_ode.brusselator import brusselator_band as brusselator_band
from theory.graph_ode.brusselator import brusselator_growth_rate as brusselator_growth_rate
from theory.graph_ode.brusselator import brusselator_hopf as brusselator_hopf
from theory.graph_ode.brusselator import brusselator_state as brusselator_state
from theory.graph_ode.brusselator import brusselator_turing as brusselator_turing
from theory.graph_ode.brusselator import brusselator_turing_limit as brusselator_turing_limit
from theory.graph_ode.cylinder import lattice_relaxation as lattice_relaxation
from theory.graph_ode.cylinder import shedding_period as shedding_period
from theory.graph_ode.cylinder import strouhal_roshko as strouhal_roshko
from theory.graph_ode.cylinder import strouhal_williamson as strouhal_williamson
from theory.graph_ode.gray_scott import gray_scott_growth_rate as gray_scott_growth_rate
from theory.graph_ode.gray_scott import gray_scott_hopf as gray_scott_hopf
from theory.graph_ode.gray_scott import gray_scott_saddle_node as gray_scott_saddle_node
from theory.graph_ode.gray_scott import gray_scott_state as gray_scott_state
from theory.graph_ode.lambda_omega import lo_perturbation_growth as lo_perturbation_growth
from theory.graph_ode.lambda_omega import lo_plane_wave as lo_plane_wave
from theory.graph_ode.lambda_omega import lo_stability_limit as lo_stability_limit
from theory.graph_ode.navier_stokes import backward_difference_gain as backward_difference_gain
from theory.graph_ode.navier_stokes import ns_diagonal_forcing as ns_diagonal_forcing
from theory.graph_ode.navier_stokes import ns_laminar_gain as ns_laminar_gain
from theory.graph_ode.navier_stokes import taylor_green_residual as taylor_green_residual
from theory.graph_ode.swift_hohenberg import sh_dissipation as sh_dissipation
from theory.graph_ode.swift_hohenberg import sh_free_energy as sh_free_energy
from theory.graph_ode.swift_hohenberg import sh_growth_rate as sh_growth_rate
from theory.graph_ode.swift_hohenberg import sh_hexagon as sh_hexagon
from theory.graph_ode.swift_hohenberg import sh_hexagon_onset as sh_hexagon_onset
from theory.graph_ode.swift_hohenberg import sh_hexagon_remainder as sh_hexagon_remainder
from theory.graph_ode.swift_hohenberg import sh_leading_stripe as sh_leading_stripe
from theory.graph_ode.swift_hohenberg import sh_stripe as sh_stripe
from theory.graph_ode.swift_hohenberg import sh_stripe_remainder as sh_stripe_remainder
from theory.graph_ode.swift_hohenberg import sh_uniform_states as sh_uniform_states
from theory.graph_ode.swift_hohenberg import sh_unstable_band as sh_unstable_band
from theory.graph_ode.swift_hohenberg import sh_unstable_modes as sh_unstable_modes
