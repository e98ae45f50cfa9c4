"""One training step of the small U-Net (8 frames of 64 x 64) against plain PyTorch: equal shapes, weights and loss."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from flax import nnx

from benchmarks.conftest import RACES
from dynamics import training as loops
from dynamics.graph_ode import denoiser_training as denoising
from dynamics.graph_ode.convolutions import LAYOUTS
from dynamics.graph_ode.unet import UNet, small_unet

FRAMES, SIDE = 8, 64
SCHEDULE = denoising.DenoiserSchedule(steps=1000, batch=FRAMES, averaging=None)


def torch_network(torch, model):
    """The same network, layer by layer, with the same weights."""
    functional = torch.nn.functional
    weights = {}

    def parameter(array):
        tensor = torch.nn.Parameter(torch.tensor(np.asarray(array)))
        weights[id(tensor)] = tensor
        return tensor

    def convolution(ours):
        kernel, bias = parameter(np.moveaxis(np.asarray(ours.kernel[...]), -1, 1)), parameter(ours.bias[...])
        reach = kernel.shape[-1] // 2

        def apply(x):
            x = functional.pad(x, (reach,) * 4, mode="circular") if reach else x
            return functional.conv2d(x, kernel, bias, stride=ours.stride)

        return apply

    def norm(ours):
        gain, bias = parameter(ours.gain[...]), parameter(ours.bias[...])
        return lambda x: functional.group_norm(x, ours.groups, gain, bias, 1e-5)

    def dense(ours):
        kernel, bias = parameter(ours.kernel[...].T), parameter(ours.bias[...])
        return lambda x: functional.linear(x, kernel, bias)

    def residual(block):
        ours = block.residual
        norms, time = (norm(ours.norm_in), norm(ours.norm_out)), dense(ours.time)
        first, second = convolution(ours.first), convolution(ours.second)
        skip = convolution(ours.skip) if ours.skip is not None else lambda x: x

        def apply(x, told):
            y = first(functional.silu(norms[0](x))) + time(told)[:, :, None, None]
            return skip(x) + second(functional.silu(norms[1](y)))

        return apply

    time = [dense(layer) for layer in model.time]
    enter, leave, last = convolution(model.enter), convolution(model.leave), norm(model.norm)
    down = [[residual(block) for block in blocks] for blocks in model.down]
    shrink = [convolution(layer) for layer in model.shrink]
    up = [[residual(block) for block in blocks] for blocks in model.up]
    half = model.shape.base // 2
    frequencies = torch.tensor(10000.0 ** (-np.arange(half) / (half - 1)), dtype=torch.float32)

    def run(x, level):
        angles = level[:, None].float() * frequencies
        told = time[1](functional.silu(time[0](torch.cat([angles.sin(), angles.cos()], 1))))
        told, kept, x = functional.silu(told), [], enter(x)
        for i, blocks in enumerate(down):
            for block in blocks:
                x = block(x, told)
                kept += [x] if i + 1 < len(down) else []
            x = shrink[i](x) if i < len(shrink) else x
        for blocks in up:
            for block in blocks:
                x = block(torch.cat([x, kept.pop()], 1), told)
            x = functional.interpolate(x, scale_factor=2, mode="nearest") if kept else x
        return leave(functional.silu(last(x)))

    return run, list(weights.values())


def ready():
    """A batch, the model, and our compiled steps by layout."""
    frames = jr.uniform(jr.key(1), (32, 1, SIDE, SIDE), jnp.float32)
    steps = {}
    for layout in LAYOUTS:
        training, course = denoising.begin(jr.key(0), small_unet(layout=layout), SCHEDULE, frames)
        leg = jax.jit(lambda course, until, training=training: loops.advance(training, course, until))
        steps[layout] = (leg, course)
    return frames, steps


def test_unet_step_against_torch(race):
    """At least on par with PyTorch on two threads, forward, backward and optimiser."""
    torch = pytest.importorskip("torch")
    torch.set_num_threads(2)
    frames, steps = ready()
    model = UNet(small_unet(), jr.key(0))
    theirs, weights = torch_network(torch, model)
    table = SCHEDULE.table()
    clean, noise = 2 * frames[:FRAMES] - 1, jr.normal(jr.key(2), (FRAMES, 1, SIDE, SIDE), jnp.float32)
    level = jnp.arange(1, 1 + FRAMES) * 30
    noised = table.noised(clean, level, noise)
    # The same loss and the same gradients before the clock runs.
    wanted, slope = nnx.jit(nnx.value_and_grad(lambda model: denoising.noise_loss(model, table, clean, level, noise)))(
        model
    )
    x, eps, n = (torch.tensor(np.asarray(part)) for part in (noised, noise, level))
    loss = ((theirs(x, n) - eps) ** 2).mean()
    loss.backward()
    assert abs(float(loss) - float(wanted)) < 1e-4
    ours = np.sqrt(sum(float(jnp.sum(leaf**2)) for leaf in jax.tree.leaves(slope)))
    assert abs(np.sqrt(sum(float((w.grad**2).sum()) for w in weights)) / ours - 1) < 1e-2

    optimiser = torch.optim.Adam(weights, lr=2e-3)
    ready_table = [torch.tensor(np.asarray(part), dtype=torch.float32) for part in table]
    pool = torch.tensor(np.asarray(frames))
    generator = torch.Generator().manual_seed(0)

    def their_step():
        places = torch.randint(0, pool.shape[0], (FRAMES,), generator=generator)
        clean, n = 2 * pool[places] - 1, torch.randint(1, 251, (FRAMES,), generator=generator)
        eps = torch.randn(clean.shape, generator=generator)
        x = ready_table[0][n][:, None, None, None] * clean + ready_table[1][n][:, None, None, None] * eps
        optimiser.zero_grad()
        ((theirs(x, n) - eps) ** 2).mean().backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()

    def our_step(layout):
        leg, course = steps[layout]
        return lambda: jax.block_until_ready(leg(course, 1))

    ratios = {layout: race(our_step(layout), their_step, rounds=9) for layout in LAYOUTS}
    RACES.append(f"U-Net step by layout, PyTorch / ours: {ratios}")
    assert max(ratios.values()) >= 1.0
    assert ratios["matmul"] == max(ratios.values())
