"""Two bodies in one loop: how disturbances of their joint rest die, what one slip sets off, and a second rest."""

from __future__ import annotations

import jax
import numpy as np
import xarray as xr

from figures import style
from figures.figure import Figure
from theory import governance as theory

SHARES = np.linspace(0.02, 1, 25)
PAIR, SLIPPED, SLIP = 0, 0.3, 0.1


def body_of(one: xr.Dataset, prefix: str = "") -> theory.Body:
    """A stored body, as theory knows it."""
    inputs = one[f"{prefix}inputs"].transpose("neuron", "player").values
    rest = (one[f"{prefix}{name}"].values for name in ("bias", "weights", "intercept"))
    return theory.Body(one[f"{prefix}recurrent"].values, inputs[:, 0], inputs[:, 1], *rest, 0.15)


@jax.jit
def _modes(first, second, shares):
    return jax.lax.map(lambda share: theory.mode(theory.pair_spectrum(first, second, share, share)[0]), shares)


def _measured(one):
    """Rate and turns per round of the slower of two disturbances, from how one round changed them."""
    kept, pushed = (one[name].transpose("which", "entry").values for name in ("disturbed", "pushed"))
    found = np.linalg.eigvals(kept @ pushed.T)
    slowest = found[np.argmax(abs(found))]
    return abs(slowest), abs(np.angle(slowest)) / (2 * np.pi)


def _after_slip(first, second, share, rounds):
    """Both actions after the first saw 0.1 less than was played, by theory's map."""
    rest = theory.pair_state(first, second, share, share)
    state = rest._replace(second_action=rest.second_action - SLIP)
    found = []
    for _ in range(rounds):
        state = theory.pair_map(first, second, state, (share, share))
        found.append((state.first_action - rest.first_action, state.second_action - rest.second_action))
    return np.array(found)


def two_bodies(pairs: xr.Dataset, ruled: xr.Dataset, twins: xr.Dataset):
    """Rates and turns against the share, rates before memory-one rules, a slip's echo, and the fold of twins."""
    figure, grid = style.canvas(2, 3, height=4.8)
    rate, turns, rules, slip, after, fold = grid.flat
    equal = pairs.isel(pair=PAIR, shares=np.flatnonzero(pairs.share.values == pairs.other_share.values)).sel(
        opening=1.0
    )
    for i, name in enumerate(("fresh", "habituated")):
        seen = equal.isel(habituated=i)
        one = seen.isel(shares=0)
        mode = _modes(body_of(one), body_of(one, "other_"), SHARES)
        style.theory_line(rate, SHARES, mode.rate, i, label=name)
        style.theory_line(turns, SHARES, 1 / np.asarray(mode.period), i, label=name)
        found = np.array([_measured(seen.isel(shares=k)) for k in range(seen.sizes["shares"])])
        for panel, values in ((rate, found[:, 0]), (turns, found[:, 1])):
            style.simulation_points(panel, seen.share, values, (values, values), i)
        told = seen.isel(shares=int(np.argmin(abs(seen.share.values - SLIPPED))))
        rounds = np.arange(told.sizes["later"])
        law = _after_slip(body_of(told), body_of(told, "other_"), float(told.share), len(rounds))
        panel = (slip, after)[i]
        for k, who in enumerate(("first", "second")):
            style.theory_line(panel, rounds, law[:, k], k, linewidth=0.9)
            values = told.slip.isel(who=k).values
            style.simulation_points(panel, rounds, values, (values, values), k, markersize=3, label=who)
        panel.axhline(0, color=style.PALE, linewidth=0.6, linestyle=":")
        panel.set(title=f"one slip, {name}", xlabel="rounds after", ylabel=r"$\delta a(t)$")
    rate.plot(SHARES, 1 - SHARES, color=style.PALE, linewidth=0.8, linestyle=":", label=r"mirrored, $1-\alpha$")
    rate.set(ylabel=r"factor of a round $|\lambda_1|$", xlabel=r"share of both $\alpha$", ylim=(0, 1.02))
    turns.set(ylabel=r"turns a round $|\arg\lambda_1|/2\pi$", xlabel=r"share of both $\alpha$", ylim=(-0.03, 0.55))
    rate.legend(loc="lower left")
    slip.legend(loc="lower right")
    for i, name in enumerate(("TfT", "GTFT", "WSLS")):
        seen = ruled.isel(body=0, rule=i)
        found = np.array([_measured(seen.isel(share=k))[0] for k in range(seen.sizes["share"])])
        style.simulation_points(rules, seen.share, found, (found, found), i)
        law = _before(body_of(seen.isel(share=0)), i)
        style.theory_line(rules, SHARES, law, i, label=name)
    rules.set(ylabel=r"factor of a round $|\lambda_1|$", xlabel=r"body's share $\alpha$", ylim=(0, 1.02))
    rules.legend(loc="lower left", title="before a rule", title_fontsize=7)
    one = twins.isel(body=0, shares=0)
    body = body_of(one.isel(gain=0))
    actions = np.linspace(0.01, 0.99, 99)
    gains = np.asarray(jax.jit(lambda a: jax.lax.map(lambda x: theory.twin_gain(body, x), a))(actions))
    inside = (gains > 0) & (gains < float(twins.gain.max()))
    found = theory.twin_fold(body)
    lower, upper = actions <= float(found.action), actions >= 0.5
    for part, dash in ((lower, "-"), (upper, "-"), (~lower & ~upper, ":")):
        fold.plot(gains[part & inside], actions[part & inside], color=style.INK, linewidth=1.0, linestyle=dash)
    for i, opening in enumerate(("after C", "after D")):
        values = one.action.isel(opening=i)
        fold.plot(
            one.gain,
            values,
            style.MARKERS[i],
            color=style.COLOURS[i],
            markerfacecolor="none",
            markersize=3,
            label=opening,
        )
    style.phase_boundary(fold, float(found.gain), f"$g_c = {float(found.gain):.2f}$", at=0.75)
    fold.set(xscale="log", xlabel="gain of the readout $g$", ylabel="action at rest $a^*$", ylim=(0, 1.02))
    fold.legend(loc="lower left", title="fresh twins", title_fontsize=7)
    style.label_panels(grid.flat)
    return figure


def _before(body, rule):
    law = (theory.TIT_FOR_TAT, theory.Rule(1.0, 1 / 3, 1.0, 1 / 3), theory.WIN_STAY_LOSE_SHIFT)[rule]
    return jax.jit(lambda shares: jax.lax.map(lambda s: abs(theory.met_spectrum(body, s, law)[0]), shares))(SHARES)


FIGURES = (
    Figure(
        name="governance/two-bodies",
        experiments=("governance/two-bodies", "governance/before-rules", "governance/twins"),
        draw=two_bodies,
        caption="Beyond the paper: two bodies in one loop (lines: theory; points: simulation). How small disturbances "
        "of the joint rest die and turn, fresh and habituated, and before memory-one rules; what one action seen as "
        "0.1 less sets off (both alpha = 0.3); and where fresh twins get a second, defecting rest as readouts steepen.",
    ),
)
