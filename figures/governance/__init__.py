"""Figures of body-reservoir governance (arXiv 2602.20846)."""

from figures.governance import (
    dimension,
    guarding,
    habituation,
    histories,
    landscape,
    memory,
    reactive,
    responses,
    sentinel,
    sources,
    two_bodies,
)

FIGURES = (
    *responses.FIGURES,
    *landscape.FIGURES,
    *habituation.FIGURES,
    *sentinel.FIGURES,
    *dimension.FIGURES,
    *memory.FIGURES,
    *histories.FIGURES,
    *sources.FIGURES,
    *two_bodies.FIGURES,
    *reactive.FIGURES,
    *guarding.FIGURES,
)
