"""Figures of sparse encoders and graph ODEs (arXiv 2505.17459)."""

from figures.graph_ode import (
    attention,
    codes,
    decoder,
    forecasts,
    patterns,
    pipeline_panel,
    reynolds,
    sampling,
    staleness,
)

# Each topic adds its own `*topic.FIGURES`, a line each.
FIGURES = (
    *attention.FIGURES,
    *patterns.FIGURES,
    *codes.FIGURES,
    *decoder.FIGURES,
    *sampling.FIGURES,
    *staleness.FIGURES,
    *forecasts.FIGURES,
    *pipeline_panel.FIGURES,
    *reynolds.FIGURES,
)
