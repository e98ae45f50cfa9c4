"""Agents before opponents that react, with constant actions beside them; and the sentinel that gradients found."""

from __future__ import annotations

import jax
import numpy as np
import xarray as xr

from experiments.evidence import Mean
from figures import style
from figures.figure import Figure
from figures.governance.two_bodies import body_of
from theory import governance as theory

TITLES = {
    "TfT": "Tit-for-Tat",
    "GTFT": "generous Tit-for-Tat",
    "WSLS": "win-stay lose-shift",
    "governed": "another governed body",
    "best responder": "best responder",
}
RULES = {
    "TfT": theory.TIT_FOR_TAT,
    "GTFT": theory.Rule(1.0, 1 / 3, 1.0, 1 / 3),
    "WSLS": theory.WIN_STAY_LOSE_SHIFT,
}
ACTIONS = np.linspace(0, 1, 101)[:-1]
FINE = np.linspace(0.2, 1.0, 41)
# How far the best responder foresees, and what the next round is worth to him.
HORIZON, DISCOUNT = 4, 0.95


@jax.jit
def _answers(body, shares):
    return jax.vmap(lambda share: theory.exploited_cooperation(body, share, HORIZON, DISCOUNT))(shares)


def _place(panel, x, y, index, **options):
    """A mean over bodies with its standard error, in both directions where there is room."""
    mean, sem = y.mean("body").values, (y.std("body") / np.sqrt(y.sizes["body"])).values
    style.simulation_points(panel, x.mean("body").values, mean, (mean - sem, mean + sem), index, **options)


def reactive(ds: xr.Dataset):
    """Payoff against mean action for each opponent, and the shares at which a best responder turns."""
    figure, grid = style.canvas(2, 3, height=4.6)
    statics = [name for name in ds.agent.values if name.startswith("alpha=")]
    constants = [name for name in ds.agent.values if name.startswith("a=")]
    for panel, (opponent, title) in zip(grid.flat, TITLES.items(), strict=False):
        met = ds.sel(opponent=opponent)
        if opponent in RULES:
            law = np.asarray(theory.constant_payoff(RULES[opponent], ACTIONS))
            panel.plot(ACTIONS, law, color=style.INK, linewidth=0.9, zorder=1, label="constant: theory")
            last = float(theory.constant_payoff(RULES[opponent], 1.0))
            if abs(last - law[-1]) > 0.1:
                panel.plot([1.0], [last], ".", color=style.INK, markersize=3)
        elif opponent == "best responder":
            panel.plot(ACTIONS, 1 - ACTIONS, color=style.INK, linewidth=0.9, zorder=1)
        _place(panel, met.action.sel(agent=constants), met.payoff.sel(agent=constants), 6, label="constant action")
        _place(panel, met.action.sel(agent=statics), met.payoff.sel(agent=statics), 0, label=r"static $\alpha$")
        one = met.sel(agent=["sentinel"])
        _place(panel, one.action, one.payoff, 3, markersize=6, markerfacecolor=style.COLOURS[3], label="sentinel")
        panel.set(title=title, xlim=(-0.05, 1.05), ylim=(-0.15, 3.3))
        # On the side that the constant actions' line leaves free.
        below = (6, -9) if opponent in ("TfT", "GTFT", "governed") else (5, 4)
        left = float(met.payoff.sel(agent="a=0").mean())
        panel.annotate("AllD", (0, left), below, textcoords="offset points", fontsize=7)
        panel.set(xlabel=r"mean action $\bar a$", ylabel=r"mean payoff $\bar u$")
    turn = grid[1, 2]
    share = np.array([float(name.removeprefix("alpha=")) for name in statics])
    kind = ds.other_action.sel(opponent="best responder", agent=statics)
    turn.plot(share, kind.transpose("agent", "body"), color=style.PALE, linewidth=0.5)
    told = [_answers(body_of(ds.isel(body=i)), FINE) for i in range(ds.sizes["body"])]
    turn.plot(FINE, np.mean(told, axis=0), color=style.COLOURS[0], linewidth=1.0, zorder=2)
    turn.plot(share, kind.mean("body"), "o", color=style.COLOURS[0], markerfacecolor="white")
    guarded = float(ds.other_action.sel(opponent="best responder", agent="sentinel").mean())
    turn.plot([0.85], [guarded], "D", color=style.COLOURS[3], markersize=6)
    turn.annotate("sentinel", (0.85, guarded), (-4, 5), textcoords="offset points", fontsize=7, ha="center")
    bounds = theory.exploitation_bounds(0.97)
    style.phase_boundary(turn, float(bounds.cooperates), r"$\frac{1}{2+b}$", at=0.3)
    style.phase_boundary(turn, float(bounds.defects), r"$\frac{3}{4+b}$", at=0.72)
    turn.set(
        title="what it answers",
        xlabel=r"body's share $\alpha$",
        ylabel=r"best responder's $\bar o$",
        ylim=(-0.05, 1.12),
    )
    grid[0, 0].legend(loc="lower right")
    style.label_panels(grid.flat)
    return figure


SHOWN = ("published", "TfT", "static 0.85", "body", "a=1", "a=0.75", "a=0.5", "a=0.25", "a=0")
STARTED = ("published", "timid", "deaf", "fierce")


def _ends(samples):
    """Mean over populations and its 95 % interval, Student's t."""
    count = samples.sizes["population"]
    mean, error = samples.mean("population"), samples.std("population", ddof=1) / np.sqrt(count)
    low, high = Mean(mean, error.where(error > 0, 1e-9), dof=count - 1).interval(0.05)
    return mean.values, low.values, high.values


def tuned(ds: xr.Dataset):
    """Training paths, held-out payoffs and leads, payoffs by opponent, and what became of the parameters."""
    figure, grid = style.canvas(2, 2, height=5.4)
    path, lead, members, moved = grid.flat
    paid = ds.held_payoff.mean("member")
    for i, name in enumerate(STARTED):
        path.plot(ds.path.isel(start=i), **style.series(i), linewidth=0.9, label=f"from {name}")
    path.set(xlabel="step of the optimiser", ylabel=r"training payoff $\bar u$")
    path.legend(loc="lower right")
    place = np.arange(len(SHOWN))
    for i in range(len(STARTED)):
        less = (paid.sel(candidate="trained", drop=True) - paid.sel(candidate=list(SHOWN))).isel(start=i)
        mean, low, high = _ends(less.transpose("candidate", "population"))
        style.simulation_points(lead, place + 0.14 * (i - 1.5), mean, (low, high), i, markersize=3)
    lead.axhline(0, color=style.PALE, linewidth=0.8, linestyle=":")
    lead.set_xticks(place, SHOWN, rotation=50, ha="right")
    lead.set(ylabel="trained, ahead of ... (held out)")
    best = int(paid.sel(candidate="trained").mean("population").argmax("start"))
    each = ds.held_payoff.isel(start=best)
    names = [str(member) for member in each.member.values]
    for i, (name, shift) in enumerate((("trained", -0.2), ("published", -0.07), ("TfT", 0.07), ("a=0", 0.2))):
        mean, low, high = _ends(each.sel(candidate=name).transpose("member", "population"))
        label = {"a=0": "AllD"}.get(name, name)
        style.simulation_points(members, np.arange(len(names)) + shift, mean, (low, high), i, markersize=3, label=label)
    members.set_xticks(range(len(names)), names, rotation=50, ha="right")
    members.set(ylabel=r"mean payoff $\bar u$ by opponent")
    members.legend(ncols=2, loc="upper right")
    members.set_ylim(None, members.get_ylim()[1] + 1.0)
    symbols = (
        *(r"$\alpha_0$", r"$\alpha_{min}$", r"$\eta_\uparrow$", r"$\eta_\downarrow$", r"$\theta$"),
        *("$w_x$", "$w_a$", "$w_e$", r"$\gamma$"),
    )
    published = (0.85, 0.05, 0.05, 0.5, 0.1, 0.3, 0.3, 0.4, 0.02)
    style.published_points(moved, range(len(symbols)), published)
    for i in range(len(STARTED)):
        moved.plot(
            np.arange(len(symbols)) + 0.14 * (i - 1.5),
            ds.parameter_value.isel(start=i),
            style.MARKERS[i],
            color=style.COLOURS[i],
            markerfacecolor="white",
            markersize=4,
        )
    moved.set_xticks(range(len(symbols)), symbols)
    moved.set(yscale="log", ylabel="parameter after training")
    moved.legend(loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0)
    style.label_panels(grid.flat)
    return figure


FIGURES = (
    Figure(
        name="governance/reactive",
        experiments=("governance/reactive",),
        draw=reactive,
        caption="Beyond the paper: mean payoff against mean action of the sentinel, of bodies of constant share and of "
        "constant actions (AllD at the left end) before five opponents that react; lines: theory of constant actions; "
        "means and standard errors over bodies. Last: how a best responder answers a body's share, by body (grey), in "
        "the mean (points) and as the joint attractors of responder and body have it (line); dashed: where it would "
        "turn before a body of constant action.",
    ),
    Figure(
        name="governance/tuned",
        experiments=("governance/tuned",),
        draw=tuned,
        caption="Beyond the paper: the sentinel that gradients through the rounds find among a mixed population, from "
        "four starting points (colours): training payoff; paired lead on held-out populations over the published "
        "sentinel, simpler agents and constant actions (95 % intervals over populations); payoff by opponent of the "
        "best; its parameters.",
    ),
)
