"""What a tournament says: the ranking, and what the sentinel and the body are worth beside simpler players."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from experiments.governance.tournament import GOVERNED, PEERS

LEVEL = 0.95


def ends(samples: xr.DataArray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The mean over the repetitions with the two ends of its 95% interval (Student's t), for drawing and telling."""
    mean, count = samples.mean("repetition"), samples.sizes["repetition"]
    # `estimates.mean_of` refuses samples without spread, but a player that always cooperates has none.
    half = stats.t.isf((1 - LEVEL) / 2, count - 1) * samples.std("repetition", ddof=1) / count**0.5
    return mean.values, (mean - half).values, (mean + half).values


def standings(played: xr.Dataset) -> pd.DataFrame:
    """The players by mean payoff, with 95% intervals over the repetitions and the range of their ranks there.

    A player's score in a repetition is its mean over all opponents. An interval of no width belongs to a player
    whose score did not change at all.
    """
    score = played.mean("opponent", skipna=True)
    ranks = stats.rankdata(-score["payoff"].transpose("repetition", "player").values, axis=1)
    table = pd.DataFrame({"player": played["player"].values, "name": played["name"].values})
    for name in ("payoff", "cooperation"):
        table[name], table[f"{name}_low"], table[f"{name}_high"] = ends(score[name])
    table["best_rank"], table["worst_rank"] = ranks.min(0), ranks.max(0)
    table = table.sort_values(["payoff", "player"], ascending=[False, True], ignore_index=True)
    table.insert(0, "rank", np.arange(1, len(table) + 1))
    return table


def comparisons(played: xr.Dataset) -> pd.DataFrame:
    """Payoff of each governed player less that of its copy without sentinel, TfT, GTFT and AllD, with intervals."""
    score = played["payoff"].mean("opponent", skipna=True).swap_dims(player="name").drop_vars("player")
    rows = []
    for name, style in GOVERNED.items():
        if not style.sentinel:
            continue
        twin = next(other for other, its in GOVERNED.items() if its == style._replace(sentinel=False))
        for other in (twin, *PEERS):
            first, second = (score.sel(name=each).drop_vars("name") for each in (name, other))
            rows.append((name, other, *map(float, ends(first - second))))
    return pd.DataFrame(rows, columns=["player", "beside", "difference", "low", "high"])
