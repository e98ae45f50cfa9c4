"""Figures F3 and F4: blow-up, its order, its followers, and the table of sign patterns."""

from __future__ import annotations

import jax
import numpy as np
import xarray as xr

from figures import style
from figures.figure import Figure
from theory import tokens as theory
from theory.tokens import Fate

SIZES = (0.9, 0.7, 0.8)


def blow_up(late: xr.Dataset, approach: xr.Dataset, order: xr.Dataset):
    """The compensated size of a token, two ways to follow it, and who is first."""
    figure, [[constant, follow, phase]] = style.canvas(1, 3, height=2.8)
    first = late.sel(exact=0)
    for i in range(2):
        system = first.isel(system=i)
        limit = float(theory.blow_up_constant(float(system.coupling), float(system.slope)))
        sizes = np.linspace(-1.0, 5.2, 60)
        scale = abs(float(system.slope))
        times = np.asarray(theory.blow_up_time(np.exp(sizes) / scale, float(system.coupling), scale))
        style.theory_line(
            constant,
            sizes,
            np.exp(sizes) / scale * np.cbrt(times) / limit,
            i,
            label=rf"alone, $\mu={float(system.coupling):g}$, $s={float(system.slope):g}$",
        )
        system = system.isel(log_size=system.log_size.values <= 5.0)
        seen = system.compensated.values / limit
        style.simulation_points(
            constant,
            system.log_size,
            seen,
            (seen, seen),
            i,
            capsize=0,
            label=rf"behind $s\,x_1={float(system.before):g}$",
        )
    constant.axhline(1, color=style.INK, linewidth=0.6, zorder=1)
    constant.set(xlabel=r"$\ln|s\,x_p|$", ylabel=r"$|x_p|(T^*-t)^{1/3}\,(3\mu|s|)^{1/3}$", ylim=(0.6, 1.03))
    constant.legend(loc="lower right")

    decay = float(approach.decay)
    for i, second in enumerate(approach.second.values):
        chosen = approach.sel(second=second)
        left, size = -np.log10(chosen.left.values), np.exp(chosen.log_size.values)
        for token in range(2):
            follow.plot(
                left,
                size[:, token],
                color=style.COLOURS[i],
                marker=style.MARKERS[token],
                markersize=3,
                markerfacecolor="white",
                linewidth=0,
            )
    constant_of = float(theory.follower_constant(1.0, 0.5, decay))
    leader = np.linspace(2.0, 11.0, 60)
    clock = -np.log10(np.asarray(theory.blow_up_time(np.exp(leader), 1.0, 1.0)))
    style.theory_line(follow, clock, theory.log_log_follower(leader, constant_of, decay), 0)
    style.theory_line(follow, clock, np.exp(leader), 1)
    told = (
        ("first to blow up", (0.4, 3e3)),
        ("$x_2$ from (1, 0.5): log-log follower", (4.6, 8.6)),
        ("$x_1$ from (1, 0.9): stays finite", (4.4, 1.25)),
    )
    for text, place in told:
        follow.annotate(text, place, fontsize=6.5)
    follow.set(yscale="log", xlabel=r"$-\log_{10}(T^*-t)$", ylabel=r"$|x_l|$", ylim=(0.3, 1e5))

    u = np.geomspace(0.05, 6.0, 60)
    if "bias" in order.dims:
        order = order.sel(bias=0.0)
    for i, one in enumerate(value for value in order.decay.values if value > 0):
        threshold = jax.jit(theory.order_threshold)(u, 1.0, one)
        style.theory_line(phase, u, np.asarray(threshold) / u, i, label=f"$a={one:g}$")
        seen = order.sel(decay=one)
        ratio = (seen.low + seen.high).values / 2 / seen.leader.values
        style.simulation_points(phase, seen.leader, ratio, (ratio, ratio), i, capsize=0)
    phase.axhline(1, color=style.INK, linewidth=0.6, zorder=1)
    phase.set(xscale="log", xlabel=r"$u_1(0)$", ylabel=r"$u_2^*/u_1$", ylim=(0.3, 1.04))
    phase.annotate("above: $x_2$ first", (0.06, 1.005), fontsize=6.5)
    phase.legend(loc="lower right")
    style.label_panels([constant, follow, phase])
    return figure


def sign_patterns(ds: xr.Dataset):
    """A table: fate of each token and life of each beginning, for all eight sign patterns."""
    ds = ds.sel(decay=0.5)
    figure, [[panel]] = style.canvas(width=6.2, height=3.0)
    panel.axis("off")
    names = {
        Fate.FIRST: "blows up first",
        Fate.POWER: "follows, power",
        Fate.LOG_LOG: "follows, log-log",
        Fate.SLOW: "slow, ln t",
    }
    rows, shades = [], []
    for pattern in range(ds.sizes["pattern"]):
        row = ds.isel(pattern=pattern)
        signs = [int(row[name]) for name in ("first", "second", "third")]
        start = np.array(signs) * np.array(SIZES)
        end = theory.blow_up(start, 1.0, 1.0, 0.5)
        lives = ["∞" if v == 0 else f"{1 / v:.7f}" for v in row.inverse_life.values]
        cells = [
            f"finite, {row.finite.values[i]:.5f}" if fate == Fate.FINITE else names[Fate(int(fate))]
            for i, fate in enumerate(np.asarray(end.fates))
        ]
        rows.append(["".join("+" if s > 0 else "−" for s in signs), *lives, *cells])
        tone = {Fate.FINITE: "#f4f4f4", Fate.FIRST: "#f5c792", Fate.POWER: "#fbe6cc", Fate.LOG_LOG: "#e8ddf0"}
        shades.append(["white"] * 4 + [tone.get(Fate(int(fate)), "#d5e8f3") for fate in np.asarray(end.fates)])
    heads = ["signs", "$T_1$", "$T_2$", "$T_3$", "token 1 at $T_3$", "token 2 at $T_3$", "token 3 at $T_3$"]
    table = panel.table(
        rows, colLabels=heads, cellColours=shades, loc="center", colWidths=[0.07, 0.11, 0.11, 0.11, 0.2, 0.2, 0.2]
    )
    table.auto_set_font_size(False)
    table.set_fontsize(7.5)
    table.scale(1, 1.45)
    for cell in table.get_celld().values():
        cell.set_linewidth(0.4)
        cell.set_text_props(ha="center")
    return figure


FIGURES = (
    Figure(
        name="tokens/blow-up",
        experiments=("tokens/late-burst", "tokens/approach", "tokens/blow-up-order"),
        draw=blow_up,
        caption="mu > 0 and some s x > 0. (a) Compensated size of a token that blows up, alone (lines) and with one "
        "predecessor (points). (b) Two tokens (circles the first, squares the second) against the time left, a = 0.5: "
        "from (1, 0.9) the second is first and the first stays finite; from (1, 0.5) the first is first and the second "
        "follows doubly logarithmically (lines: T* quadrature and Ei law). (c) u_2* over u_1, above which the second "
        "is first: separatrix (lines), bisected solves (points).",
    ),
    Figure(
        name="tokens/sign-patterns",
        experiments=("tokens/sign-patterns",),
        draw=sign_patterns,
        caption="All sign patterns of three tokens of sizes 0.9, 0.7, 0.8 (mu = s = 1, a = 0.5): life T_l of tokens "
        "1..l and finite values at T_3 from the solver, fates from theory. Signs alone decide who lives for ever.",
    ),
)
