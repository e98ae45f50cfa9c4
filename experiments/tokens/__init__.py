"""Token dynamics (arXiv 2410.03292): its sweeps and its claims, one topic a pair of modules."""

from experiments.tokens import networks, networks_claims, reordering, reordering_claims

# Each topic adds its own `*topic.EXPERIMENTS` and `*topic_claims.CLAIMS`, a line each.
EXPERIMENTS = (
    *networks.EXPERIMENTS,
    *reordering.EXPERIMENTS,
)
CLAIMS = (
    *networks_claims.CLAIMS,
    *reordering_claims.CLAIMS,
)
