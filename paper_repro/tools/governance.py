"""Commands of the governance row: experiments in the official code's random numbers, and tournaments of its agent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

# Longer outputs (weights, series over rounds) stand in the file alone.
SHOWN = 64

Name = Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="EXPERIMENT")]


def official(experiment: Name, bodies: int | None = None, out: Path = Path("out")) -> int:
    """Run a governance experiment in official mode (published generator and seeds); print its means and its time.

    Args:
        experiment: Its name without the paper's: kl-landscape, sentinel, and so on.
        bodies: How many of the published bodies; all of them by default.
        out: The folder for official/EXPERIMENT.nc.
    """
    import time

    from rich.console import Console

    from experiments.governance.official_mode import bodies_of, collected, official_of
    from experiments.store import write_whole
    from paper_repro.compiled import keep_compiled

    keep_compiled(out)
    chosen, start = official_of(experiment), time.perf_counter()
    ds = collected(chosen, list(bodies_of(chosen, bodies)))
    seconds = time.perf_counter() - start
    console = Console()
    for name, values in ds.data_vars.items():
        means = values.mean("replicate").values.ravel()
        if means.size <= SHOWN:
            console.print(f"{name}: {' '.join(f'{mean:.6g}' for mean in means)}", soft_wrap=True, highlight=False)
    path = out / "official" / f"{experiment}.nc"
    write_whole(path, bytes(ds.to_netcdf(engine="h5netcdf")))
    console.print(
        f"{path}: {ds.sizes['replicate']} of {chosen.bodies} bodies in {seconds:.1f} s", soft_wrap=True, highlight=False
    )
    return 0


def tournament(
    turns: int = 200,
    repetitions: int = 20,
    workers: int | None = None,
    seed: int = 0,
    out: Path = Path("out"),
) -> int:
    """Play the governed agent against the players of the Axelrod library; print and store ranking and intervals.

    Args:
        turns: Rounds of a match.
        repetitions: How often everything that chance touches is played, each time with a newly grown body.
        workers: Processes; as many as there are cores by default. They change no number.
        seed: The root seed of all random draws.
        out: The output folder; the results go to its folder tournament.
    """
    from rich.console import Console

    from experiments.governance import tournament as games
    from experiments.sweep import Progress
    from paper_repro.compiled import keep_compiled
    from paper_repro.progress import watching
    from paper_repro.tools.standings import show, write

    keep_compiled(out)
    console = Console()
    with watching() as watch:

        def note(done: int, total: int) -> None:
            event = "shard" if done else "bodies are grown; a shard is a player's matches of one repetition"
            watch(Progress("tournament", done, total, event))

        played = games.tournament(turns, repetitions, workers, seed, watch=note)
    show(played, console)
    for path in write(played, out / "tournament"):
        console.print(str(path), soft_wrap=True, highlight=False)
    return 0


COMMANDS = {"official": official, "tournament": tournament}
