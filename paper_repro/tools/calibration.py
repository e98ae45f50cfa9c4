"""A calibration told: tables for the terminal, calibration.json, and its figure."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path

import jax
from rich.console import Console
from rich.table import Table

from experiments.store import write_whole
from experiments.synergy.calibration import LEVEL, Calibration, Estimate
from figures import style
from figures.synergy.calibration import calibration_panels

NAMES = {"copy_mixture": "copy mixture (the paper's)", "beta_binomial": "beta-binomial"}


def record(found: Calibration, source: str) -> dict:
    """What calibration.json holds: every estimate as value, low and high."""
    return {"table": source, "level": LEVEL, **_plain(asdict(found))}


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    # JSON knows neither NaN nor infinity.
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write(found: Calibration, source: str, out: Path) -> list[Path]:
    """calibration.json and the figure in every format; the files' paths."""
    paths = [out / "calibration.json"]
    write_whole(paths[0], (json.dumps(record(found, source), indent=2) + "\n").encode())
    with style.house_style(), jax.enable_x64(True):
        drawn = calibration_panels(found)
        for form in style.FORMATS:
            paths.append(out / f"calibration.{form}")
            write_whole(paths[-1], style.rendered(drawn, form))
    return paths


def show(found: Calibration, source: str, console: Console) -> None:
    """Estimates with intervals, the tests of the joint law, and what they mean for a tree."""
    console.print(
        f"[bold]{source}[/]: {found.rows} answers of {found.agents} agents to {found.tasks} tasks, "
        f"groups of {found.group_size}",
        soft_wrap=True,
    )
    console.print(_levels(found))
    console.print(_estimates(found))
    for line in (*_laws(found), *_tasks(found), *verdict(found), *found.remarks):
        console.print(line, soft_wrap=True)


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _levels(found: Calibration) -> Table:
    table = Table("compute", "votes", "bias", "interval", "rho", "leaf law", box=None, pad_edge=False)
    for level in found.levels:
        fitted = ""
        if found.beta is not None:
            fitted = _text(min(1.0, found.scale.value * level.compute**found.beta.value))
            fitted += "" if level.fitted else " (not fitted)"
        ends = f"{level.bias.low:.4g} .. {level.bias.high:.4g}"
        table.add_row(
            _text(level.compute), str(level.votes), _text(level.bias.value), ends, _text(level.correlation), fitted
        )
    return table


def _estimates(found: Calibration) -> Table:
    table = Table("", "", "value", f"{LEVEL:.0%} interval", "how", box=None, pad_edge=False)

    def row(symbol: str, meaning: str, estimate: Estimate | None, how: str) -> None:
        if estimate is not None:
            ends = f"{estimate.low:.4g} .. {estimate.high:.4g}"
            table.add_row(symbol, meaning, _text(estimate.value), ends, how)

    line = ""
    if found.loglog is not None:
        line = f"log-log line: {_text(found.loglog['beta'])}"
        line += f", biased by {found.loglog['bias']:.2g}" if math.isfinite(found.loglog["bias"]) else ""
    row("beta", "leaf exponent", found.beta, line)
    row("k", "leaf scale", found.scale, "")
    row("gamma", "message fidelity", found.fidelity, "flips, Wilson")
    row("rho", "correlation of errors", found.correlation, "moments")
    row("", "", found.correlation_likelihood, "likelihood, copy mixture")
    row("", "", found.task_correlation, "of different groups")
    at = f"fan-in {found.fan_in}"
    at += "" if found.assumed_fidelity is None else f", gamma {found.assumed_fidelity:g} assumed"
    row("alpha", "gain of one level", found.alpha, at)
    row("", "", found.alpha_by_law["beta_binomial"], "if beta-binomial")
    if found.fidelity is not None:
        row("", "", found.alpha_by_law["copies_before_the_channel"], "if shared before the channel")
    row("s", "organisation exponent", found.exponent, "log_b alpha")
    row("x*/m", "best compute of a leaf", found.leaf_compute, "for each token of a message")
    row("B_crit/m", "critical budget", found.critical_budget, "inf: s <= beta, one agent is best")
    row("mu*", "saturation level", found.saturation, "of an endless tree")
    return table


def _laws(found: Calibration) -> list[str]:
    if found.mixture_test is None:
        return ["Joint law: groups are too few, or too small, to test the copy mixture."]
    lines = []
    for name, test in found.mixture_test.items():
        word = "rejected" if test.p < 0.05 else "not rejected"
        lines.append(
            f"Joint law, {NAMES[name]}: {word}, chi-square {test.chi_square:.4g} with {test.degrees} degrees, "
            f"p = {test.p:.2g}, log-likelihood {test.log_likelihood:.1f}"
        )
    if found.mixture_test["copy_mixture"].p < 0.05:
        lines.append("alpha and mu* rest on copies, which these votes contradict: trust a tree only after a trial.")
    return lines


def _tasks(found: Calibration) -> list[str]:
    if found.task_correlation is None or found.task_correlation.low <= 0:
        return []
    rho = found.task_correlation.value
    return [
        f"Votes of different groups agree on a task too (rho = {rho:.3g}), as votes in the paper never do: what is "
        "hard for one subtree is hard for all, and mu* promises too much."
    ]


def verdict(found: Calibration) -> list[str]:
    """The regime in words."""
    sure = found.probability_above_one
    lines = [f"P(alpha > 1) = {sure:.3g}: " + _regime(sure, "weak signals grow", "weak signals die out")]
    if found.probability_beyond_leaf is not None:
        grow = found.probability_beyond_leaf
        told = _regime(grow, "trees outgrow one agent as the budget grows", "one bigger agent outgrows any tree")
        lines.append(f"P(s > beta) = {grow:.3g}: {told}, until saturation")
    return lines


def _regime(probability: float, yes: str, no: str) -> str:
    if probability > LEVEL:
        return yes
    return no if probability < 1 - LEVEL else f"the table does not tell whether {yes}"
