"""Step sizes of a selective layer, and the weight and the gate they give a token."""

import jax.numpy as jnp
from jaxtyping import Array, Float

# Below this, ln softplus(z) = z - e^z / 2 + ... is z to rounding, and softplus itself would underflow.
_LOW = -30.0


def softplus(z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """ln(1 + e^z)."""
    return jnp.logaddexp(z, jnp.zeros((), z.dtype))


def log_softplus(z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """ln ln(1 + e^z), also where softplus underflows; its gradient is finite everywhere."""
    low = z < _LOW
    # The guard inside keeps the unused branch's gradient finite: where() would multiply infinity by zero.
    guarded = jnp.where(low, _LOW, z)
    return jnp.where(low, z, jnp.log(softplus(guarded)))


def held(z: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """(1 - e^-z) / z for z >= 0, 1 at z = 0: what an exact zero-order hold keeps of a first-order input."""
    small = z < 1e-4
    guarded = jnp.where(small, 1.0, z)
    return jnp.where(small, 1 - z / 2 + z * z / 6, -jnp.expm1(-guarded) / guarded)
