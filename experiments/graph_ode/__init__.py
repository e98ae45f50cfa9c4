"""Sparse encoders and graph ODEs (arXiv 2505.17459): its sweeps and its claims, one topic a pair of modules."""

from experiments.graph_ode import (
    attention,
    attention_claims,
    code_graphs,
    code_graphs_claims,
    codes,
    codes_claims,
    denoising,
    denoising_claims,
    denoising_networks,
    denoising_networks_claims,
    flows,
    flows_claims,
    graph_flow,
    graph_flow_claims,
    patterns,
    patterns_claims,
    sampling,
    sampling_claims,
    species,
    species_claims,
    staleness,
    staleness_claims,
)

# Each topic adds its own `*topic.EXPERIMENTS` and `*topic_claims.CLAIMS`, a line each.
EXPERIMENTS = (
    *graph_flow.EXPERIMENTS,
    *attention.EXPERIMENTS,
    *sampling.EXPERIMENTS,
    *codes.EXPERIMENTS,
    *code_graphs.EXPERIMENTS,
    *staleness.EXPERIMENTS,
    *denoising.EXPERIMENTS,
    *denoising_networks.EXPERIMENTS,
    *patterns.EXPERIMENTS,
    *species.EXPERIMENTS,
    *flows.EXPERIMENTS,
)
CLAIMS = (
    *graph_flow_claims.CLAIMS,
    *attention_claims.CLAIMS,
    *sampling_claims.CLAIMS,
    *codes_claims.CLAIMS,
    *code_graphs_claims.CLAIMS,
    *staleness_claims.CLAIMS,
    *denoising_claims.CLAIMS,
    *denoising_networks_claims.CLAIMS,
    *patterns_claims.CLAIMS,
    *species_claims.CLAIMS,
    *flows_claims.CLAIMS,
)
