"""Attention between the probes of a graph, as the released predictor computes it (arXiv 2505.17459).

Head m gives node i the scores s_ij = [(W_s h_i + b_s) . (W_d h_j + b_d) + w_e . e_ij + b_e]/sqrt(d) for every other
node j, and pins the score of i itself to a constant, 0 in the released code; A is the mean over heads of the softmax
of its rows. The edge term is one affine map of the edge's attributes, the same for all heads, and each head is as wide
as the nodes. The method figure divides by d_k where the code divides by sqrt(d).
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import jax.random as jr
from flax import nnx
from jaxtyping import Array, Bool, Float

EDGE_ATTRIBUTES = 3

Nodes = Float[Array, "nodes width"]
Edges = Float[Array, "nodes nodes attributes"]
Mask = Bool[Array, " nodes"]


def attention_of(
    scores: Float[Array, "*heads nodes nodes"], self_score: Float[Array, ""] | float = 0.0, mask: Mask | None = None
) -> Float[Array, "*heads nodes nodes"]:
    """Row-wise softmax with the diagonal pinned to `self_score`.

    mask: which nodes are present; nobody looks at an absent one, which looks at itself alone. Without a mask absent
    nodes take part, as they do in the released code.
    """
    own = jnp.eye(scores.shape[-1], dtype=bool)
    scores = jnp.where(own, jnp.asarray(self_score, scores.dtype), scores)
    if mask is not None:
        scores = jnp.where(own | (mask[:, None] & mask[None, :]), scores, -jnp.inf)
    return jax.nn.softmax(scores, axis=-1)


def affine(inputs: int, outputs: int, key, dtype) -> nnx.Linear:
    """An affine map with weights and offsets evenly from +- 1/sqrt(inputs), as the reference implementation draws."""

    def even(key, shape, dtype, out_sharding=None):
        return jr.uniform(key, shape, dtype, -1 / math.sqrt(inputs), 1 / math.sqrt(inputs))

    return nnx.Linear(
        inputs, outputs, dtype=dtype, param_dtype=dtype, kernel_init=even, bias_init=even, rngs=nnx.Rngs(key)
    )


class Attention(nnx.Module):
    """The row-stochastic matrix A of a graph's nodes and edges.

    width: of the nodes' features, d.  self_score: what the diagonal's score is pinned to.
    """

    def __init__(self, width: int, heads: int, key, *, self_score: float = 0.0, dtype=jnp.float32):
        source_key, target_key, edge_key = jr.split(key, 3)
        self.heads, self.self_score = heads, self_score
        self.source = affine(width, heads * width, source_key, dtype)
        self.target = affine(width, heads * width, target_key, dtype)
        self.edge = affine(EDGE_ATTRIBUTES, 1, edge_key, dtype)

    def scores(self, nodes: Nodes, edges: Edges) -> Float[Array, "heads nodes nodes"]:
        """Scores of all pairs, the pinned diagonal not yet among them."""
        count, width = nodes.shape
        source, target = (part(nodes).reshape(count, self.heads, width) for part in (self.source, self.target))
        return (jnp.einsum("ihd,jhd->hij", source, target) + self.edge(edges)[..., 0]) / math.sqrt(width)

    def __call__(self, nodes: Nodes, edges: Edges, mask: Mask | None = None) -> Float[Array, "nodes nodes"]:
        return jnp.mean(attention_of(self.scores(nodes, edges), self.self_score, mask), axis=0)
