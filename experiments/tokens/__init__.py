"""Token dynamics (arXiv 2410.03292): its sweeps and its claims, one topic a pair of modules."""

from experiments.tokens import (
    frames,
    frames_claims,
    layer_checks,
    layer_checks_claims,
    networks,
    networks_claims,
    plane,
    plane_claims,
    reordering,
    reordering_claims,
    sphere,
    sphere_claims,
)

# Each topic adds its own `*topic.EXPERIMENTS` and `*topic_claims.CLAIMS`, a line each.
EXPERIMENTS = (
    *networks.EXPERIMENTS,
    *reordering.EXPERIMENTS,
    *plane.EXPERIMENTS,
    *frames.EXPERIMENTS,
    *sphere.EXPERIMENTS,
    *layer_checks.EXPERIMENTS,
)
CLAIMS = (
    *networks_claims.CLAIMS,
    *reordering_claims.CLAIMS,
    *plane_claims.CLAIMS,
    *frames_claims.CLAIMS,
    *sphere_claims.CLAIMS,
    *layer_checks_claims.CLAIMS,
)
