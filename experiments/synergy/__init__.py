"""Budgeted multi-agent synergy (arXiv 2601.17311): its sweeps and its claims, one topic a pair of modules."""

EXPERIMENTS = ()
CLAIMS = ()
