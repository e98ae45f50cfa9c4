"""Advice told: what to build, beside what else could be built, and why; advice.json and its figure."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import jax
from rich.console import Console
from rich.table import Table

from experiments.store import write_whole
from experiments.synergy.advice import Advice, Built
from figures import style
from figures.synergy.advice import advice_panels


def record(found: Advice) -> dict:
    """What advice.json holds."""
    plain = asdict(found)
    plain["curve"] = {
        "budget": found.curve["budget"].tolist(),
        **{name: found.curve[name][0].tolist() for name in ("single", "star", "tree", "best", "levels")},
    }
    return plain


def write(found: Advice, out: Path) -> list[Path]:
    """advice.json and the figure in every format; the files' paths."""
    paths = [out / "advice.json"]
    write_whole(paths[0], (json.dumps(record(found), indent=2) + "\n").encode())
    with style.house_style(), jax.enable_x64(True):
        drawn = advice_panels(found)
        for form in style.FORMATS:
            paths.append(out / f"advice.{form}")
            write_whole(paths[-1], style.rendered(drawn, form))
    return paths


def _row(table: Table, name: str, built: Built, best: bool) -> None:
    mark = "build this" if best else ""
    if built.kind == "one agent":
        shape = ("", "", "", "1")
    elif not built.fan_in:
        table.add_row(name, "", "", "", "", "", "", "", "none fits the window")
        return
    else:
        shape = (str(built.fan_in), str(built.message_length), str(built.levels), str(built.leaves))
    numbers = (f"{built.compute:.6g}", f"{built.bias:.4f}", f"{built.accuracy:.4f}")
    table.add_row(name, *shape, *numbers, mark)


def show(found: Advice, console: Console) -> None:
    """The organisations side by side, the reasons, and how far the parameters' intervals move the advice."""
    at = found.situation
    console.print(f"Budget {at.budget:.6g} tokens, window {at.window} tokens", soft_wrap=True)
    table = Table("", "b", "m", "L", "leaves", "x", "bias", "accuracy", "", box=None, pad_edge=False)
    tree = "best tree" if found.tree.levels != 1 else "best tree (one level)"
    for name, built in (("one agent", found.single), ("best star", found.star), (tree, found.tree)):
        _row(table, name, built, built == found.best)
    console.print(table)
    for line in found.reasons:
        console.print(line, soft_wrap=True)
    laws = found.laws
    told = [
        f"{name} = {laws[key]:.6g}"
        for key, name in (("B_crit", "published B_crit"), ("B_1", "B_1"), ("B_hi", "B_hi"), ("mu_star", "mu*"))
        if laws.get(key) is not None
    ]
    if told:
        console.print(f"Closed forms at that fan-in and message length: {', '.join(told)}.", soft_wrap=True)
    if found.bias.low < found.bias.high:
        console.print(
            f"Over the intervals of the parameters: bias {found.bias.low:.4f} to {found.bias.high:.4f}, "
            f"{found.advantage.low:.3g} to {found.advantage.high:.3g} times one agent's; an organisation wins at "
            f"{found.wins:.0%} of their corners.",
            soft_wrap=True,
        )
        if found.also:
            console.print(f"Some corners prefer: {'; '.join(found.also[:4])}.", soft_wrap=True)
