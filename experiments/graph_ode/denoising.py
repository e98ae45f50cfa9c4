"""The diffusion decoder without a network: its noise table, the exact denoiser of Gaussian data, and its sampler."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from dynamics import graph_ode as dynamics
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, cases, grid, listing, replicates

LEVELS = 1000
SIDE, FIELDS = 8, 64
DENSE = 4
WIDTHS = {"one": dynamics.noise_table(), "released": dynamics.released_table()}
STRIDES = (16, 8, 4, 2, 1)
SHRUNK = (0.8, 0.9, 1.0, 1.1, 1.2)

REPLICATE = Quantity("i", "replicate")
DEVIATION = Quantity("s", "deviation of a mode's prior")
VARIANCE = Quantity("s^2", "variance of a mode's prior")
LEVEL = Quantity("n", "level of noise")
TABLE = Quantity("t", "table of the sampler: one with training, or the released one")


def noise_tables(key, *, first, last):
    """abar of both tables at every level."""
    del key
    tables = [make(LEVELS, float(first), float(last)) for make in (dynamics.noise_table, dynamics.released_table)]
    return {"abar": np.asarray(tables[0].abar), "released": np.asarray(tables[1].abar)}


def _prior(side: int, scale=1.0):
    """A stationary law whose spectrum falls from about 2 to about 0.01."""
    k2 = np.fft.fftfreq(side)[:, None] ** 2 + np.fft.rfftfreq(side) ** 2
    return dynamics.Prior(jnp.full(1, 0.2), jnp.asarray(scale * 2 * np.exp(-11 * k2))[None])


def gaussian_denoiser(key, *, level):
    """The exact denoiser on noised fields of a known law: its losses, its error per mode, and one small field whole."""
    table, prior = dynamics.noise_table(), _prior(SIDE)
    field_key, noise_key, small_key = jr.split(key, 3)
    clean = dynamics.gaussian_fields(field_key, prior, FIELDS, SIDE)
    noise = jr.normal(noise_key, clean.shape)
    x = table.noised(clean, jnp.full(FIELDS, level), noise)
    denoise = dynamics.GaussianDenoiser(prior, table)
    told = jax.vmap(lambda x: denoise(x, level))(x)
    signal, sigma = (jnp.asarray(part)[level] for part in table)
    found = (x - sigma * told) / signal
    small = _prior(DENSE)
    one = dynamics.gaussian_fields(small_key, small, 1, DENSE)[0]
    modes = [jnp.fft.fft2(part)[:, 0, :, 0] for part in (x - signal * prior.mean[0], noise)]
    return {
        "noise_loss": jnp.mean((told - noise) ** 2),
        "clean_loss": jnp.mean((found - clean) ** 2),
        "abar": signal**2,
        "mean_square": jnp.mean((x - signal * prior.mean[0]) ** 2),
        "power": jnp.mean(jnp.abs(modes[0]) ** 2, axis=0),
        "cross": jnp.mean((modes[0] * jnp.conj(modes[1])).real, axis=0),
        "field": one.ravel(),
        "estimate": dynamics.GaussianDenoiser(small, table)(one, level).ravel(),
    }


def _gain(decode, key, variance):
    """What a linear decoder multiplies a field by, for a prior of the same variance in every mode."""
    field = jr.normal(key, (1, DENSE, DENSE))
    out = decode(dynamics.Prior(jnp.zeros(1), jnp.full((1, DENSE, DENSE // 2 + 1), variance)), field)
    return jnp.sum(out * field) / jnp.sum(field**2)


def sampler_gain(key, *, stride, variance):
    """DDIM from level 960 in strides of a number of levels: its gain for one variance of the prior."""
    table, levels = dynamics.noise_table(), (*range(960, 0, -stride), 0)

    def decode(prior, field):
        return dynamics.ddim(dynamics.GaussianDenoiser(prior, table), table, field, levels, clip=False)

    return {"gain": _gain(decode, key, variance)}


def decoder_gain(key, *, table, pull, start, variance):
    """The decoder from level 197 in 50 strides of 4: its gain for one variance of the prior."""
    table = WIDTHS[table]

    def decode(prior, field):
        guidance = dynamics.Guidance(pull=pull) if pull else None
        denoise = dynamics.GaussianDenoiser(prior, table)
        decoder = dynamics.Diffusion(denoise, table, dynamics.strided(), start, guidance, clip=False)
        return decoder.sampled(field)

    return {"gain": _gain(decode, key, variance)}


def last_step(key, *, table):
    """The last stride of a sampler that knows the noise exactly: what it leaves of the noise, mean square a pixel."""
    table = WIDTHS[table]
    clean_key, noise_key = jr.split(key)
    clean = 0.3 * jr.normal(clean_key, (1, SIDE, SIDE))
    noise = jr.normal(noise_key, clean.shape)
    x = table.noised(clean, jnp.asarray(4), noise)
    out = dynamics.ddim(lambda x, level: noise, table, x, (4, 0), clip=False)
    return {"left": jnp.mean((out - table.signal[0] * clean) ** 2)}


def constants(key, *, start, clip, value):
    """A constant field through a decoder whose prior says nothing about constants, once and again."""
    del key
    table = dynamics.noise_table()
    flat = dynamics.Prior(jnp.zeros(1), jnp.full((1, DENSE, DENSE // 2 + 1), 1e15))
    denoise = dynamics.GaussianDenoiser(flat, table)
    decoder = dynamics.Diffusion(denoise, table, dynamics.strided(), start, clip=bool(clip))
    once = decoder.sampled(jnp.full((1, DENSE, DENSE), value))
    return {"once": once[0, 0, 0], "twice": decoder.sampled(once)[0, 0, 0]}


def sampled_range(key, *, size):
    """The largest value that a clipped sampler returns whatever its denoiser says: here white noise of that size."""
    table = dynamics.noise_table()
    start_key, told_key = jr.split(key)
    told = size * jr.normal(told_key, (1, SIDE, SIDE))
    x = 3 * jr.normal(start_key, told.shape)
    out = dynamics.ddim(lambda x, level: told * jnp.cos(level.astype(x.dtype)), table, x, dynamics.descent(20, 5))
    return {"largest": jnp.max(jnp.abs(out))}


def filtered_noise(key, *, noise):
    """Fields under white noise, each mode multiplied by the Wiener gain times a factor: the error that is left."""
    prior = _prior(SIDE, 0.02)
    field_key, noise_key = jr.split(key)
    clean = dynamics.gaussian_fields(field_key, prior, FIELDS, SIDE)
    seen = clean + noise * jr.normal(noise_key, clean.shape)
    gain = dynamics.wiener_gain(prior.spectrum, noise)

    def error(factor):
        decoder = dynamics.Wiener(prior.mean, factor * gain)
        return jnp.mean((jax.vmap(decoder.filtered)(seen) - clean) ** 2)

    return {"error": jnp.stack([error(factor) for factor in SHRUNK])}


NOISE_TABLES = Experiment(
    name="graph_ode/noise-tables",
    title="The noise tables of training and of the released sampler",
    cell=noise_tables,
    parameters={
        "first": Quantity("\\beta_1", "first rate of noise"),
        "last": Quantity("\\beta_N", "last rate of noise"),
    },
    outputs={
        "abar": Quantity("\\bar\\alpha_n", "share of the data left at a level", dims=("level",)),
        "released": Quantity("\\bar\\alpha'_n", "the same in the released sampler", dims=("level",)),
    },
    scales={
        "quick": Space((cases("schedule", first=(1e-4, 1e-3, 1e-4), last=(0.02, 0.02, 0.05)),)),
        "paper": Space((cases("schedule", first=(1e-4, 1e-3, 1e-4, 1e-5), last=(0.02, 0.02, 0.05, 0.1)),)),
    },
    compiled=False,
    coordinates={"level": tuple(float(n) for n in range(LEVELS + 1))},
)

GAUSSIAN_DENOISER = Experiment(
    name="graph_ode/gaussian-denoiser",
    title="The exact denoiser of Gaussian fields",
    cell=gaussian_denoiser,
    parameters={"level": LEVEL, "replicate": REPLICATE},
    outputs={
        "noise_loss": Quantity("\\ell_\\epsilon", "mean square error of the noise"),
        "clean_loss": Quantity("\\ell_0", "mean square error of the clean field"),
        "abar": Quantity("\\bar\\alpha_n", "share of the data left"),
        "mean_square": Quantity("v", "mean square of the noised field about its mean"),
        "power": Quantity("|x_k|^2", "mean square of modes of the noised field", dims=("mode",)),
        "cross": Quantity("x_k\\epsilon_k", "mean product of these modes and the noise's", dims=("mode",)),
        "field": Quantity("x", "one small noised field", dims=("pixel",)),
        "estimate": Quantity("\\epsilon^*", "the denoiser's estimate for it", dims=("pixel",)),
    },
    scales={
        "quick": Space((listing("level", (20, 100, 250, 600)), replicates(48))),
        "paper": Space((listing("level", (5, 20, 100, 250, 600, 900)), replicates(768))),
    },
    shard_cells=96,
    coordinates={"mode": tuple(float(k) for k in range(SIDE)), "pixel": tuple(float(p) for p in range(DENSE**2))},
)

SAMPLER_GAIN = Experiment(
    name="graph_ode/sampler-gain",
    title="DDIM with the exact denoiser, by the number of its steps",
    cell=sampler_gain,
    parameters={"stride": Quantity("\\Delta n", "levels of one step"), "variance": VARIANCE},
    outputs={"gain": Quantity("g", "gain of a mode")},
    scales={
        "quick": Space((listing("stride", STRIDES), grid("variance", 0.25, 16.0, 7, log=True))),
        "paper": Space((listing("stride", STRIDES), grid("variance", 0.25, 16.0, 61, log=True))),
    },
    static=("stride",),
)

_KINDS = cases(
    "decoder",
    table=("one", "one", "one", "released", "released"),
    pull=(0.0, 0.0, 0.61, 0.0, 0.61),
    start=("scaled", "raw", "raw", "raw", "raw"),
)

DECODER_GAIN = Experiment(
    name="graph_ode/decoder-gain",
    title="The decoder as a filter of modes",
    cell=decoder_gain,
    parameters={
        "table": TABLE,
        "pull": Quantity("c", "pull to the lifted field"),
        "start": Quantity("x_s", "how the decoder starts"),
        "variance": VARIANCE,
    },
    outputs={"gain": Quantity("g", "gain of a mode")},
    scales={
        "quick": Space((_KINDS, grid("variance", 1e-6, 1e3, 19, log=True))),
        "paper": Space((_KINDS, grid("variance", 1e-6, 1e3, 145, log=True))),
    },
    static=("table", "pull", "start"),
)

LAST_STEP = Experiment(
    name="graph_ode/last-step",
    title="What the last step of a sampler leaves of known noise",
    cell=last_step,
    parameters={"table": TABLE, "replicate": REPLICATE},
    outputs={"left": Quantity("r^2", "mean square of what is left of the noise")},
    scales={
        "quick": Space((listing("table", ("one", "released")), replicates(128))),
        "paper": Space((listing("table", ("one", "released")), replicates(1024))),
    },
    static=("table",),
)

CONSTANTS = Experiment(
    name="graph_ode/constants",
    title="Constant fields through the decoder",
    cell=constants,
    parameters={
        "start": Quantity("x_s", "how the decoder starts"),
        "clip": Quantity("b", "whether estimates are clipped to [-1, 1]"),
        "value": Quantity("c", "value of the field"),
    },
    outputs={
        "once": Quantity("D(c)", "the constant decoded"),
        "twice": Quantity("D(D(c))", "the constant decoded twice"),
    },
    scales={
        scale: Space(
            (
                cases("decoder", start=("scaled", "raw", "raw"), clip=(1, 1, 0)),
                grid("value", -1.0, 1.0, count),
            )
        )
        for scale, count in (("quick", 17), ("paper", 257))
    },
    static=("start", "clip"),
)

SAMPLED_RANGE = Experiment(
    name="graph_ode/sampled-range",
    title="Range of a clipped sampler under an arbitrary denoiser",
    cell=sampled_range,
    parameters={"size": Quantity("a", "size of what the denoiser says"), "replicate": REPLICATE},
    outputs={"largest": Quantity("|x|", "largest value returned")},
    scales={
        "quick": Space((listing("size", (0.1, 1.0, 30.0)), replicates(16))),
        "paper": Space((listing("size", (0.01, 0.1, 1.0, 30.0, 1000.0)), replicates(256))),
    },
)

FILTERED_NOISE = Experiment(
    name="graph_ode/filtered-noise",
    title="Fields under white noise, filtered mode by mode",
    cell=filtered_noise,
    parameters={"noise": Quantity("q", "deviation of the noise"), "replicate": REPLICATE},
    outputs={"error": Quantity("e^2", "mean square error", dims=("factor",))},
    scales={
        "quick": Space((listing("noise", (0.05, 0.1, 0.2)), replicates(64))),
        "paper": Space((listing("noise", (0.025, 0.05, 0.1, 0.2, 0.4)), replicates(512))),
    },
    shard_cells=96,
    coordinates={"factor": SHRUNK},
)

EXPERIMENTS = (
    NOISE_TABLES,
    GAUSSIAN_DENOISER,
    SAMPLER_GAIN,
    DECODER_GAIN,
    LAST_STEP,
    CONSTANTS,
    SAMPLED_RANGE,
    FILTERED_NOISE,
)
