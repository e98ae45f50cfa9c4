"""Token dynamics of deep selective state-space models: closed forms of arXiv 2410.03292 and sharper ones."""

from theory.tokens.low_rank import negative_share as negative_share
from theory.tokens.low_rank import spectrum_resolution as spectrum_resolution
from theory.tokens.low_rank import symmetric_spectrum as symmetric_spectrum
