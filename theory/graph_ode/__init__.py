"""Graphs, codes, patterns and diffusion behind SparseDiff (arXiv 2505.17459): a closed form for every block."""

from .heat_flow import chain_kernel as chain_kernel
from .heat_flow import complete_spectrum as complete_spectrum
from .heat_flow import deviation_bound as deviation_bound
from .heat_flow import energy_bound as energy_bound
from .heat_flow import grid_symbol as grid_symbol
from .heat_flow import heat_kernel as heat_kernel
from .heat_flow import mode_after as mode_after
from .heat_flow import monotone_step as monotone_step
from .heat_flow import path_spectrum as path_spectrum
from .heat_flow import product_spectrum as product_spectrum
from .heat_flow import ring_spectrum as ring_spectrum
from .heat_flow import selected_wavenumber as selected_wavenumber
from .heat_flow import spectral_gap as spectral_gap
from .heat_flow import stable_step as stable_step
from .heat_flow import star_spectrum as star_spectrum
from .heat_flow import step_polynomial as step_polynomial
from .heat_flow import symbol_defect as symbol_defect
