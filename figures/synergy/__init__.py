"""Figures of budgeted multi-agent synergy (arXiv 2601.17311)."""

<<<<<<< HEAD
from figures.synergy import majority, transition

FIGURES = (
    *majority.FIGURES,
    *transition.FIGURES,
=======
from figures.synergy import baselines, continuous

FIGURES = (
    *continuous.FIGURES,
    *baselines.FIGURES,
>>>>>>> row-continuous
)
