"""Figures of body-reservoir governance (arXiv 2602.20846)."""

FIGURES = ()
