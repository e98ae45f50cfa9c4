"""Token dynamics (arXiv 2410.03292): its sweeps and its claims, one topic a pair of modules."""

from experiments.tokens import (
    blow_up,
    blow_up_claims,
    convergent,
    convergent_claims,
    euler,
    euler_claims,
    frames,
    frames_claims,
    layer_checks,
    layer_checks_claims,
    networks,
    networks_claims,
    one_token,
    one_token_claims,
    plane,
    plane_claims,
    reordering,
    reordering_claims,
    slow,
    slow_claims,
    sphere,
    sphere_claims,
)

# Each topic adds its own `*topic.EXPERIMENTS` and `*topic_claims.CLAIMS`, a line each.
EXPERIMENTS = (
    *one_token.EXPERIMENTS,
    *convergent.EXPERIMENTS,
    *slow.EXPERIMENTS,
    *blow_up.EXPERIMENTS,
    *euler.EXPERIMENTS,
    *networks.EXPERIMENTS,
    *reordering.EXPERIMENTS,
    *plane.EXPERIMENTS,
    *frames.EXPERIMENTS,
    *sphere.EXPERIMENTS,
    *layer_checks.EXPERIMENTS,
)
CLAIMS = (
    *one_token_claims.CLAIMS,
    *convergent_claims.CLAIMS,
    *slow_claims.CLAIMS,
    *blow_up_claims.CLAIMS,
    *euler_claims.CLAIMS,
    *networks_claims.CLAIMS,
    *reordering_claims.CLAIMS,
    *plane_claims.CLAIMS,
    *frames_claims.CLAIMS,
    *sphere_claims.CLAIMS,
    *layer_checks_claims.CLAIMS,
)
