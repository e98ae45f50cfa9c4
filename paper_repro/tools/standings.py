"""A tournament told: the top of the table, the players that matter, and what the sentinel was worth."""

from __future__ import annotations

import json
from pathlib import Path

import xarray as xr
from rich.console import Console
from rich.table import Table

from experiments.governance.standings import comparisons, standings
from experiments.governance.tournament import GOVERNED, PEERS
from experiments.store import netcdf_bytes, write_whole
from figures import style
from figures.governance.tournament import tournament_panels

TOP = 10


def record(played: xr.Dataset) -> dict:
    """What tournament.json holds."""
    table = standings(played)
    return {
        **{key: value.item() if hasattr(value, "item") else value for key, value in played.attrs.items()},
        "repetitions": played.sizes["repetition"],
        "players": len(table),
        "level": 0.95,
        "ranking": table.to_dict("records"),
        "comparisons": comparisons(played).to_dict("records"),
    }


def write(played: xr.Dataset, folder: Path) -> list[Path]:
    """Every match (netCDF), the ranking (CSV), both with the comparisons (JSON), and the figure; the files' paths."""
    paths = [folder / name for name in ("tournament.nc", "ranking.csv", "tournament.json")]
    write_whole(paths[0], netcdf_bytes(played))
    write_whole(paths[1], standings(played).to_csv(index=False, lineterminator="\n").encode())
    write_whole(paths[2], (json.dumps(record(played), indent=2) + "\n").encode())
    with style.house_style():
        drawn = tournament_panels(played)
        for form in style.FORMATS:
            paths.append(folder / f"tournament.{form}")
            write_whole(paths[-1], style.rendered(drawn, form))
    return paths


def show(played: xr.Dataset, console: Console) -> None:
    """The best ten, then ours and the peers wherever they stand, then the differences that answer the question."""
    table = standings(played)
    console.print(
        f"{len(table)} players, {played.attrs['turns']} rounds a match, {played.sizes['repetition']} repetitions "
        f"with a new body each; 95% intervals over the repetitions, and the best and worst rank in any of them",
        soft_wrap=True,
    )
    shown = Table("rank", "ranks in all", "player", "payoff", "cooperation", box=None, pad_edge=False)
    marked = {*GOVERNED, *PEERS}
    for row in table.to_dict("records"):
        ours = row["name"] in marked
        if row["rank"] > TOP and not ours:
            continue
        ranks = "-".join(f"{rank:g}" for rank in sorted({row["best_rank"], row["worst_rank"]}))
        shown.add_row(
            str(row["rank"]),
            ranks,
            row["player"],
            _interval(row, "payoff"),
            _interval(row, "cooperation"),
            style="bold" if ours else None,
        )
    console.print(shown)
    console.print(f"and {len(table) - shown.row_count} others, in ranking.csv")
    labels = dict(zip(table["name"], table["player"], strict=True))
    for row in comparisons(played).to_dict("records"):
        console.print(_told(row, labels[row["beside"]], played.sizes["repetition"]), soft_wrap=True)


def _told(row: dict, beside: str, repetitions: int) -> str:
    size = f"{abs(row['difference']):.3f} a round {'more' if row['difference'] > 0 else 'less'}"
    interval = f"({row['low']:+.3f} to {row['high']:+.3f})"
    if row["low"] <= 0 <= row["high"]:
        return (
            f"{row['player']} earns as much as {beside}, as far as {repetitions} repetitions tell: {size} {interval}."
        )
    return f"{row['player']} earns {size} than {beside} {interval}."


def _interval(row: dict, name: str) -> str:
    return f"{row[name]:.3f} ± {(row[f'{name}_high'] - row[f'{name}_low']) / 2:.3f}"
