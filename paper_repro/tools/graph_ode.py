"""Commands of the graph_ode row: forecasts of a user's own fields, by the pipeline and by its baselines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

if TYPE_CHECKING:
    import xarray as xr
    from rich.console import Console

Data = Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="DATA.nc|DATA.zarr|DATA.npy")]


def forecast(
    data: Data,
    vars: str = "",
    horizon: int = 20,
    history: int = 10,
    codes: int = 30,
    steps: int = 1000,
    models: str = "",
    dims: str = "",
    memory: float = 2.0,
    seed: int = 0,
    out: Path = Path("out"),
) -> int:
    """Train the graph-ODE pipeline on your own fields, and hold its forecasts against baselines on held-out data.

    Dimensions are (trajectory,) time, y, x, at any size; several variables are channels. A fifth of the trajectories is
    held out, or the end of time where there are fewer than four.

    Args:
        data: A netCDF file, a zarr store, or a .npy array (time, y, x), (trajectory, time, y, x) or
            (trajectory, time, channel, y, x).
        vars: Variables, separated by commas; all that have these dimensions by default.
        horizon: Frames to forecast.
        history: Frames that every model sees.
        codes: Codes, and so probes, of each channel.
        steps: Training steps of the graph predictor; networks that are compared take a quarter as many.
        models: What to compare, separated by commas: persistence, ar, dmd, dmd-4, pointwise, fno-direct, fno, cnn,
            unet, and the pipelines lifted-, wiener- or unet- with never or every, and increment-every.
        dims: The file's own names of trajectory, time, y, x, in this order, where they are unusual.
        memory: GiB that the training data may take, and the held-out windows; of larger data random stretches are
            read.
        seed: Seed of the split, of weights and of batches.
        out: The output folder; the results go to its folder forecast.
    """
    from rich.console import Console

    from experiments import store
    from experiments.errors import UserError
    from experiments.graph_ode import own_data, own_files
    from figures import style
    from figures.graph_ode import forecasts as drawn
    from paper_repro.compiled import keep_compiled

    def listed(text: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in text.split(",") if part.strip())

    for name, value in {"horizon": horizon, "history": history, "codes": codes, "steps": steps}.items():
        least = 2 if name in ("history", "codes") else 1
        if value < least:
            raise UserError(f"Argument `{name}` must be at least {least}, but is {value}.")
    console = Console(soft_wrap=True, highlight=False)
    fields = own_files.opened(data, listed(vars), listed(dims))
    unroll = min(5, horizon)
    split = own_files.split(fields, history, horizon, unroll=unroll, seed=seed, memory=memory)
    console.print(f"{data}: {', '.join(fields.names)}, {' x '.join(map(str, fields.shape))}; {split.told}")
    keep_compiled(out)
    sizes = own_data.sizes_for(fields.shape[2] * fields.shape[3], history, codes, steps, unroll)
    chosen = listed(models) or own_data.DEFAULT
    found = own_data.compared(
        split, fields.names, sizes, chosen, seed=seed, watch=lambda told: console.print(f"fitting {told}", style="dim")
    )
    _show(found, console)
    folder = out / "forecast"
    path = folder / "forecasts.nc"
    store.write_whole(path, store.netcdf_bytes(found))
    console.print(str(path))
    figures = {"error-growth": drawn.error_growth}
    if "code" in found:
        figures["probes"] = drawn.probe_map
    with style.house_style():
        for name, draw in figures.items():
            figure = draw(found)
            for form in ("pdf", "png"):
                store.write_whole(folder / f"{name}.{form}", style.rendered(figure, form))
            console.print(str(folder / f"{name}.png"))
    return 0


def _show(found: xr.Dataset, console: Console) -> None:
    """The table of all models: errors with intervals, size and cost."""
    import numpy as np

    from experiments.graph_ode.own_data import interval
    from paper_repro.tables import titled

    units, windows = np.unique(found.unit.values).size, found.sizes["window"]
    table = titled("Held-out forecasts (fields scaled to [0, 1])", "model", "RMSE", "95 %", "last frame", "SSIM",
                   "c > 0.8", "numbers", "CPU s")  # fmt: skip
    error = found.rmse.mean("lead")
    mean, low, high = interval(error)
    last = interval(found.rmse.isel(lead=-1))[0]
    similar = interval(found.ssim.mean("lead"))[0]
    steps = (found.correlation > 0.8).cumprod("lead").sum("lead").mean("window")
    for name in found.model.values:
        at = {"model": name}
        ends = f"{float(low.sel(at)):.4f}..{float(high.sel(at)):.4f}" if np.isfinite(float(low.sel(at))) else "none"
        table.add_row(
            str(name),
            f"{float(mean.sel(at)):.4f}",
            ends,
            f"{float(last.sel(at)):.4f}",
            f"{float(similar.sel(at)):.3f}" if np.isfinite(float(similar.sel(at))) else "",
            f"{float(steps.sel(at)):.1f}",
            f"{int(found.parameters.sel(at)):d}",
            f"{float(found.training_seconds.sel(at)):.1f}",
        )
    console.print(table)
    told = f"95 %: over {units} held-out trajectories ({windows} windows)"
    if units == 1:
        told = (
            f"Only one trajectory was held out ({windows} windows, which depend on each other): no interval can be "
            "given"
        )
    console.print(
        f"{told}; c > 0.8: frames until the correlation with the truth falls to 0.8; numbers: trained "
        "or fitted; CPU s: fitting, without compilation. Neighbourhoods wrap around at the edges in every model.",
        style="dim",
    )


COMMANDS = {"forecast": forecast}
