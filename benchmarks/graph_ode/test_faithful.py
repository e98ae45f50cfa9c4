"""What a training step of the published diffusion model takes, beside the operations counted: on an accelerator at its
size, on a CPU, which would take minutes for one step, at the size of its smoke protocol."""

from __future__ import annotations

import time

import jax
import jax.random as jr

from dynamics import training
from dynamics.graph_ode import denoiser_training
from experiments.graph_ode import faithful
from experiments.graph_ode.protocol import PROTOCOLS

FRAMES, WARM, TIMED = 2000, 5, 15


def test_steps_of_the_published_denoiser(benchmark):
    device = jax.devices()[0]
    protocol = PROTOCOLS["faithful-smoke" if device.platform == "cpu" else "faithful"]
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
