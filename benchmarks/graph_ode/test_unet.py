"""One training step of the small U-Net (8 frames of 64 x 64) against plain PyTorch: equal shapes, weights and loss."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from flax import nnx

from benchmarks.conftest import RACES, medians
from dynamics import training as loops
from dynamics.graph_ode import denoiser_training as denoising
from dynamics.graph_ode.convolutions import LAYOUTS, convolved
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
    """A batch, and our compiled training by layout."""
    frames = jr.uniform(jr.key(1), (32, 1, SIDE, SIDE), jnp.float32)

    def step(layout):
        training, course = denoising.begin(jr.key(0), small_unet(layout=layout), SCHEDULE, frames)
        leg = jax.jit(lambda course, until: loops.advance(training, course, until))
        return lambda: jax.block_until_ready(leg(course, 1))

    return frames, {layout: step(layout) for layout in LAYOUTS}


def told(title, found):
    """One line of the summary: milliseconds of each way."""
    RACES.append(f"{title}, ms: " + ", ".join(f"{name} {1000 * seconds:.1f}" for name, seconds in found.items()))


def test_unet_step_against_torch(race):
    """Beside PyTorch on two threads, forward, backward and optimiser, in the layout that CPUs are given.

    Every layout of ours runs, and both memory formats of theirs; the best of each race each other. On idle cores we
    take 1.4 times as long. The convolutions' own times below say why: theirs (oneDNN's) take half of what the best
    matrix products of XLA take. The bar is that no layout of ours is better than what CPUs are given.
    """
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
    assert abs(loss.item() - float(wanted)) < 1e-4
    ours = np.sqrt(sum(float(jnp.sum(leaf**2)) for leaf in jax.tree.leaves(slope)))
    assert abs(np.sqrt(sum(float((w.grad**2).sum()) for w in weights)) / ours - 1) < 1e-2

    optimiser = torch.optim.Adam(weights, lr=2e-3)
    ready_table = [torch.tensor(np.asarray(part), dtype=torch.float32) for part in table]
    pool = torch.tensor(np.asarray(frames))
    generator = torch.Generator().manual_seed(0)

    def their_step(memory):
        places = torch.randint(0, pool.shape[0], (FRAMES,), generator=generator)
        clean, n = 2 * pool[places] - 1, torch.randint(1, 251, (FRAMES,), generator=generator)
        eps = torch.randn(clean.shape, generator=generator)
        x = ready_table[0][n][:, None, None, None] * clean + ready_table[1][n][:, None, None, None] * eps
        optimiser.zero_grad()
        ((theirs(x.contiguous(memory_format=memory), n) - eps) ** 2).mean().backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()

    formats = {
        f"torch {name}": partial(their_step, getattr(torch, name)) for name in ("contiguous_format", "channels_last")
    }
    found = medians(3, **steps, **formats)
    told("U-Net step", found)
    assert min(LAYOUTS, key=found.get) == small_unet().layout
    race(steps[small_unet().layout], formats[min(formats, key=found.get)], rounds=9)


def shifted_products(x, kernel):
    """Nine small products, added: im2col without its columns."""
    height, width = x.shape[2:]
    padded = jnp.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="wrap")
    parts = (
        jnp.einsum("oc,cfhw->ofhw", kernel[:, i, j], padded[:, :, i : i + height, j : j + width])
        for i in range(3)
        for j in range(3)
    )
    return sum(parts)


def channels_last(x, kernel):
    """XLA's own convolution, channels last in memory."""
    padded = jnp.pad(jnp.moveaxis(x, 0, -1), ((0, 0), (1, 1), (1, 1), (0, 0)), mode="wrap")
    numbers = ("NHWC", "OHWI", "NHWC")
    found = jax.lax.conv_general_dilated(padded, kernel, (1, 1), "VALID", dimension_numbers=numbers)
    return jnp.moveaxis(found, -1, 0)


def by_fourier(x, kernel):
    """The product of spectra, mode by mode."""
    height, width = x.shape[2:]
    wide = jnp.zeros((*kernel.shape[::3], height, width)).at[:, :, :3, :3].set(jnp.moveaxis(kernel, -1, 1))
    modes = jnp.einsum("ocij,cfij->ofij", jnp.conj(jnp.fft.rfft2(jnp.roll(wide, (-1, -1), (2, 3)))), jnp.fft.rfft2(x))
    return jnp.fft.irfft2(modes, (height, width))


def test_convolution_layouts(race):
    """One 3 x 3 convolution of 24 channels, forward and both gradients, by every layout one could take, and torch's.

    In a compiled loop, as in a training: there XLA's own convolution on CPU loses what it has outside of one.
    Separable kernels are left out: they are another network, with a third of the weights.
    """
    torch = pytest.importorskip("torch")
    torch.set_num_threads(2)
    width = 24
    x = jr.normal(jr.key(0), (width, FRAMES, SIDE, SIDE), jnp.float32)
    kernel = jr.normal(jr.key(1), (width, 3, 3, width), jnp.float32) / 15
    ways = {layout: partial(convolved, layout=layout) for layout in LAYOUTS}
    ways |= {"shifted products": shifted_products, "channels last": channels_last, "FFT": by_fourier}

    def slope(way):
        change = jax.grad(lambda x, kernel: jnp.sum(way(x, kernel) ** 2), (0, 1))
        zeros = (jnp.zeros_like(x), jnp.zeros_like(kernel))
        # How often it turns is not known to the compiler, which would unroll it else.
        return jax.jit(
            lambda turns: jax.lax.fori_loop(0, turns, lambda i, past: change(x + 0 * past[0], kernel), zeros)
        )

    slopes = {name: slope(way) for name, way in ways.items()}
    wanted = slopes["xla"](1)
    for slope in slopes.values():
        for ours, theirs in zip(slope(1), wanted, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=1e-3 * float(jnp.abs(theirs).max()))
    field = torch.tensor(np.moveaxis(np.asarray(x), 1, 0).copy(), requires_grad=True)
    weight = torch.tensor(np.moveaxis(np.asarray(kernel), -1, 1).copy(), requires_grad=True)

    def theirs():
        padded = torch.nn.functional.pad(field, (1, 1, 1, 1), mode="circular")
        return torch.autograd.grad((torch.nn.functional.conv2d(padded, weight) ** 2).sum(), (field, weight))

    np.testing.assert_allclose(theirs()[1], np.moveaxis(np.asarray(wanted[1]), -1, 1), rtol=2e-3, atol=1.0)
    runs = {name: lambda slope=slope: jax.block_until_ready(slope(1)) for name, slope in slopes.items()}
    found = medians(5, **runs)
    told("3 x 3 convolution with its gradients", found)
    race(runs["matmul"], theirs, rounds=9)
    assert min(found, key=found.get) == "matmul"
