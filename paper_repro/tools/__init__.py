"""Commands that belong to one row, a module of the row's name each: `COMMANDS` maps a word to a function.

Importing them must stay instant, like `paper_repro.cli`: what computes is imported inside the functions, from
`experiments/ROW` (what is computed), `figures/ROW` (what is drawn) and `paper_repro` (how it is told).
"""

from paper_repro.tools import governance, graph_ode, synergy, tokens, training

COMMANDS: dict = {
    **governance.COMMANDS,
    **graph_ode.COMMANDS,
    **synergy.COMMANDS,
    **tokens.COMMANDS,
    **training.COMMANDS,
}
