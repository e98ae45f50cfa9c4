"""What the published diffusion model takes for a training step and for a decoded field, beside the operations counted:
on an accelerator at its size, on a CPU, which would take minutes for one step, at the size of its smoke protocol."""

from __future__ import annotations

import time

import jax
import jax.random as jr

from dynamics import training
from dynamics.graph_ode import denoiser_training, unet
from dynamics.graph_ode.samplers import released_decoder
from experiments.graph_ode import faithful
from experiments.graph_ode.protocol import PROTOCOLS

FRAMES, WARM, TIMED = 2000, 5, 15
FIELDS = 16


def chosen():
    """The device, and the protocol at the size that it can run."""
    device = jax.devices()[0]
    return device, PROTOCOLS["faithful-smoke" if device.platform == "cpu" else "faithful"]


def test_steps_of_the_published_denoiser(benchmark):
    device, protocol = chosen()
    schedule = protocol.sizes.denoiser
    frames = jr.uniform(jr.key(0), (FRAMES, 1, protocol.points, protocol.points))
    begun, course = denoiser_training.begin(jr.key(1), protocol.sizes.network, schedule, frames)
    leg = jax.jit(lambda course, until, data: training.advance(begun._replace(data=data), course, until))
    course = jax.block_until_ready(leg(course, WARM, begun.data))

    def timed():
        start = time.perf_counter()
        jax.block_until_ready(leg(course, WARM + TIMED, begun.data))
        return (time.perf_counter() - start) / TIMED

    seconds = benchmark.pedantic(timed, rounds=1)
    cost = faithful.estimate(protocol, 1)
    rate = cost["training"] / cost["steps"] / seconds
    peak = (device.memory_stats() or {}).get("peak_bytes_in_use", 0) / 2**30
    print(
        f"\n{device.device_kind}: {seconds:.4f} s a step, {rate / 1e12:.2g} TFLOP/s, {cost['steps']:,} steps in "
        f"{cost['steps'] * seconds / 3600:.3g} h; peak memory {peak:.1f} GiB, told {cost['memory'] / 2**30:.1f} GiB"
    )
    # The memory told is what must be had: a device that counts its own may not have used more.
    assert peak * 2**30 <= cost["memory"]


def test_a_field_decoded_by_the_published_sampler(benchmark):
    """Fifty evaluations a field, and so many fields at once, as forecasts of trajectories side by side have them."""
    device, protocol = chosen()
    model = unet.UNet(protocol.sizes.network, jr.key(0))
    decode = released_decoder(denoiser_training.NetworkDenoiser.of(model), protocol.sizes.denoiser.table())
    fields = jr.uniform(jr.key(1), (FIELDS, 1, protocol.points, protocol.points))
    run = jax.jit(lambda decode, fields: jax.vmap(decode)(fields))
    made = jax.block_until_ready(run(decode, fields))

    def timed():
        start = time.perf_counter()
        jax.block_until_ready(run(decode, fields))
        return (time.perf_counter() - start) / FIELDS

    seconds = benchmark.pedantic(timed, rounds=1)
    rate = faithful.estimate(protocol, 1)["decoding"] / seconds
    print(f"\n{device.device_kind}: {seconds:.4f} s a field decoded, {FIELDS} at once, {rate / 1e12:.2g} TFLOP/s")
    assert made.min() >= 0
    assert made.max() <= 1
