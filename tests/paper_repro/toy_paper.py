"""A paper small enough to reproduce in a test: two sweeps, one figure, a claim that holds and one that is refuted."""

from __future__ import annotations

import numpy as np

from experiments.claim import Agreement, Claim, Decoy, Sharp, Source
from experiments.estimates import rounding
from experiments.ledger import parse_ledger
from figures import style
from figures.figure import Figure
from paper_repro.registry import Paper
from tests.experiments.toys import GROWTH, MOODY, POWERS

LEDGER = """
[claims.P1]
title = "powers are powers"
expect = "holds"
[claims.P2]
title = "cubes are squares"
expect = "refuted"
[experiments.powers]
title = "Powers with noise"
quick_seconds = 1.0
paper_seconds = 2.0
[experiments.growth]
title = "Growth"
quick_seconds = 1.0
paper_seconds = 2.0
[figures.F1]
name = "curve"
title = "Powers"
experiments = ["powers"]
"""


def observed(ds):
    return rounding(ds["power"].isel(replicate=0), 8)


CLAIMS = (
    Claim(
        id="toys/P1",
        kind="identity",
        statement="the cell returns x^d",
        source=Source("derived here"),
        experiment="toys/powers",
        predict=lambda ds: ds["x"] ** ds["degree"],
        observe=observed,
        comparison=Agreement(),
        decoy=Decoy("one percent too much", lambda ds: 1.01 * ds["x"] ** ds["degree"]),
    ),
    Claim(
        id="toys/P2",
        kind="identity",
        statement="the cell returns x^2 whatever d",
        source=Source("2601.17311", "nowhere"),
        experiment="toys/powers",
        predict=lambda ds: ds["x"] ** 2 + 0 * ds["degree"],
        observe=observed,
        comparison=Agreement(),
        decoy=Decoy("x^4", lambda ds: ds["x"] ** 4 + 0 * ds["degree"]),
        sharp=Sharp("it returns x^d", lambda ds: ds["x"] ** ds["degree"]),
    ),
)


def curve(ds):
    figure, axes = style.canvas(width=style.SINGLE)
    style.theory_line(axes[0, 0], ds["x"], np.asarray(ds["x"]) ** 2, label="$x^2$")
    values = ds["power"].isel(degree=1, replicate=0)
    style.simulation_points(axes[0, 0], ds["x"], values, (values - 0.1, values + 0.1))
    style.phase_boundary(axes[0, 0], 0.5, "$x_c$")
    axes[0, 0].set(xlabel="$x$", ylabel="$x^2$")
    return figure


FIGURES = (Figure("toys/curve", ("toys/powers",), curve, "A parabola."),)


class ToyPaper(Paper):
    """The toys as a row of the house."""

    def ledger(self):
        return parse_ledger("toys", LEDGER)

    def experiments(self):
        return {e.name: e for e in (POWERS, GROWTH, MOODY)}

    def claims(self):
        return CLAIMS

    def figures(self):
        return {f.name: f for f in FIGURES}


TOYS = ToyPaper("toys", "Toys", ("Ada Lovelace", "Alan Turing"), 2026, "2601.17311")
