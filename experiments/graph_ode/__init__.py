"""Sparse encoders and graph ODEs (arXiv 2505.17459): its sweeps and its claims, one topic a pair of modules."""

# Each topic adds its own `*topic.EXPERIMENTS` and `*topic_claims.CLAIMS`, a line each.
EXPERIMENTS = ()
CLAIMS = ()
