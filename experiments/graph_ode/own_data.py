"""The pipeline and its baselines on a user's own fields: fitted, and held against held-out windows with intervals."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from scipy import stats

from dynamics.graph_ode import metrics, predictor_training, rollout
from experiments.errors import UserError
from experiments.graph_ode.contenders import PIPELINES, Workshop
from experiments.graph_ode.own_files import Split
from experiments.graph_ode.rivals import BASELINES
from experiments.graph_ode.sizes import Sizes
from experiments.keys import root_key

LEVEL = 0.05
DEFAULT = ("persistence", "ar", "dmd", "pointwise", "cnn", "wiener-never", "wiener-every", "increment-every")
NAMES = {
    **BASELINES,
    "lifted-never": "graph ODE, lifting only, one encoding",
    "lifted-every": "graph ODE, lifting only, re-encoding",
    "wiener-never": "graph ODE + Wiener, one encoding",
    "wiener-every": "graph ODE + Wiener, re-encoding",
    "increment-every": "graph ODE + increments, re-encoding",
    "unet-never": "graph ODE + diffusion, one encoding",
    "unet-every": "graph ODE + diffusion, re-encoding",
}


def sizes_for(pixels: int, history: int, codes: int, steps: int, unroll: int) -> Sizes:
    """Sizes of the parts for fields of so many pixels."""
    schedule = predictor_training.Schedule(windows=600, unroll=unroll, steps=steps)
    batch = int(np.clip(2**15 // pixels, 1, 8))
    return Sizes(
        history=history,
        codes=min(codes, pixels // 4),
        histories=20_000,
        predictor=schedule,
        steps=max(1, steps // 4),
        batch=batch,
        unroll=min(2, unroll),
        ranks=(max(1, pixels // 100), max(1, pixels // 25)),
    )


def compared(
    data: Split,
    names: tuple[str, ...],
    sizes: Sizes,
    models: tuple[str, ...] = DEFAULT,
    *,
    seed: int = 0,
    watch: Callable[[str], None] = lambda told: None,
) -> xr.Dataset:
    """Scores (model, window, lead), costs, forecasts of the last pipeline in the units of the data, and probes.

    Scores are those of fields scaled so that the training data span [0, 1] in each channel.
    """
    if unknown := [name for name in models if name not in NAMES]:
        raise UserError(f"Unknown model {unknown[0]!r}: choose from {', '.join(NAMES)}.")
    low = data.training.min(axis=(0, 1, 3, 4))[:, None, None]
    span = data.training.max(axis=(0, 1, 3, 4))[:, None, None] - low
    training, past, future = (jnp.asarray((part - low) / span) for part in (data.training, data.past, data.future))
    workshop, horizon = Workshop(root_key(seed), training, sizes), future.shape[1]
    score = jax.jit(
        lambda p, u: (
            metrics.rmse(p, u),
            metrics.correlation(p, u),
            metrics.ssim(p, u) if min(p.shape[-2:]) >= metrics.SIDE else jnp.full(p.shape[:2], jnp.nan),
        )
    )
    rows, costs, kept = [], [], None
    for name in models:
        watch(NAMES[name])
        contender = workshop.contender(name)
        # One window after another: a batch of large fields need not fit at once.
        parts = [contender.run(past[i : i + 1], horizon) for i in range(len(past))]
        predicted = jnp.concatenate(parts)
        rows.append([np.asarray(part) for part in score(predicted, future)])
        costs.append((contender.parameters, contender.seconds))
        if name in PIPELINES or kept is None:
            kept = np.asarray(predicted) * span + low
    dims = ("model", "window", "lead")
    stacked = [np.stack(part) for part in zip(*rows, strict=True)]
    found = {name: (dims, part) for name, part in zip(("rmse", "correlation", "ssim"), stacked, strict=True)}
    found["parameters"] = ("model", np.array([float(size) for size, _ in costs]))
    found["training_seconds"] = ("model", np.array([seconds for _, seconds in costs]), {"units": "CPU s"})
    for c, name in enumerate(names):
        found[f"{name}_forecast"] = (("window", "lead", "y", "x"), kept[:, :, c])
        found[f"{name}_truth"] = (("window", "lead", "y", "x"), data.future[:, :, c])
    if any(name in PIPELINES for name in models):
        found |= _probes(workshop, past[0], low, span)
    coordinates = {
        "model": list(models),
        "name": ("model", [NAMES[name] for name in models]),
        "unit": ("window", data.unit),
        "lead": np.arange(1, horizon + 1),
        "channel": list(names),
    }
    return xr.Dataset(found, coordinates, {"split": data.told, "codes": sizes.codes, "history": sizes.history})


def _probes(workshop: Workshop, window, low, span) -> dict:
    """The field of the first held-out window, its codes, and where its probes are."""
    codes, graph = jax.jit(rollout.encoded)(workshop.coders()[0], window)
    shape = window.shape[-2:]
    return {
        "field": (("channel", "y", "x"), np.asarray(window[-1]) * span + low),
        "code": (("channel", "y", "x"), np.asarray(codes).reshape(-1, *shape)),
        "probe": (("channel", "probe", "axis"), np.asarray(graph.coordinates)),
        "present": (("channel", "probe"), np.asarray(graph.present)),
        "probe_value": (("channel", "probe"), np.asarray(graph.values)[..., -1] * span[:, 0] + low[:, 0]),
    }


def interval(samples: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """Mean over held-out units (windows of one trajectory are one unit) and the ends of its 95 % interval.

    Student's t; of a single trajectory there is a mean and no interval (NaN), as its windows depend on each other.
    """
    units = samples.groupby("unit").mean("window")
    mean, count = units.mean("unit"), units.sizes["unit"]
    if count < 2:
        return mean, mean * np.nan, mean * np.nan
    half = stats.t.isf(LEVEL / 2, count - 1) * units.std("unit", ddof=1) / np.sqrt(count)
    return mean, mean - half, mean + half
