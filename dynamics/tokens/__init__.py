"""Token dynamics of deep selective state-space models (arXiv 2410.03292): layers, flows and their solvers."""

from dynamics.tokens.mamba import Mamba as Mamba
from dynamics.tokens.mamba import Mamba2 as Mamba2
from dynamics.tokens.mamba import Seen as Seen
from dynamics.tokens.mamba import apply_block as apply_block
from dynamics.tokens.mamba import causal_convolution as causal_convolution
from dynamics.tokens.mamba import head_scan as head_scan
from dynamics.tokens.mamba import mamba as mamba
from dynamics.tokens.mamba import mamba2 as mamba2
from dynamics.tokens.mamba import rms_norm as rms_norm
