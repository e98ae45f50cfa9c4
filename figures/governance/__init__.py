"""Figures of body-reservoir governance (arXiv 2602.20846)."""

from figures.governance import dimension, habituation, histories, landscape, memory, responses, sentinel

FIGURES = (
    *responses.FIGURES,
    *landscape.FIGURES,
    *habituation.FIGURES,
    *sentinel.FIGURES,
    *dimension.FIGURES,
    *memory.FIGURES,
    *histories.FIGURES,
)
