"""Token dynamics of deep selective state-space models (arXiv 2410.03292): layers, flows and their solvers."""

from dynamics.tokens.fate import Fate as Fate
from dynamics.tokens.fate import line_fate as line_fate
from dynamics.tokens.line import Line as Line
from dynamics.tokens.line import line_attention as line_attention
from dynamics.tokens.line import line_layer as line_layer
from dynamics.tokens.line import make_line as make_line
from dynamics.tokens.line_flows import BlowUp as BlowUp
from dynamics.tokens.line_flows import Flow as Flow
from dynamics.tokens.line_flows import blow_up as blow_up
from dynamics.tokens.line_flows import line_flow as line_flow
from dynamics.tokens.line_flows import line_phase as line_phase
from dynamics.tokens.mamba import Mamba as Mamba
from dynamics.tokens.mamba import Mamba2 as Mamba2
from dynamics.tokens.mamba import Seen as Seen
from dynamics.tokens.mamba import apply_block as apply_block
from dynamics.tokens.mamba import causal_convolution as causal_convolution
from dynamics.tokens.mamba import head_scan as head_scan
from dynamics.tokens.mamba import mamba as mamba
from dynamics.tokens.mamba import mamba2 as mamba2
from dynamics.tokens.mamba import rms_norm as rms_norm
