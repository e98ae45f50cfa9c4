"""Figures of tokens with two channels."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.patches import Patch

from figures import style
from figures.figure import Figure
from theory import tokens as theory

TITLES = (
    "A: two positive eigenvalues",
    "B: one positive",
    "C: two negative",
    r"D: rests on the cone ($\Delta$ per channel)",
    r"E: $\lambda > 0$, yet to the origin",
    r"F: $\lambda < 0$, yet to infinity",
)
MATRICES = {
    3: ((1.0, 0.0), (0.0, -1.0)),
    4: ((1.0, -4.0), (0.0, 1.5)),
    5: ((-1.0, 4.0), (0.0, -1.5)),
}


def _matrix(panel):
    if panel in MATRICES:
        return np.array(MATRICES[panel])
    turn = np.array([[np.cos(np.pi / 6), -0.5], [0.5, np.cos(np.pi / 6)]])
    return turn * np.array(((1.2, 0.5), (1.0, -0.8), (-1.2, -0.5))[panel]) @ turn.T


def plane_orbits(ds: xr.Dataset):
    """Orbits in six planes; where the direction's form is negative the first token is pulled inwards."""
    figure, grid = style.canvas(2, 3, width=style.DOUBLE, height=5.0)
    for place, panel in enumerate(grid.ravel()):
        chosen = ds.isel(panel=place)
        shown = chosen.shown.values.astype(bool)
        count = 6 if place < 3 else 1
        tokens = chosen.tokens.values[shown][:, :count]
        reach = 1.1 * max(1.3, min(3.0, float(np.abs(tokens).max())))
        side = np.linspace(-reach, reach, 241)
        x, y = np.meshgrid(side, side)
        m = _matrix(place)
        form = m[0, 0] * x * x + (m[0, 1] + m[1, 0]) * x * y + m[1, 1] * y * y
        panel.contourf(x, y, form, levels=[-np.inf, 0], colors=["#e4e4e4"], zorder=0)
        for token in range(count):
            line = tokens[:, token]
            panel.plot(*line.T, **(style.series(token) | {"linestyle": "-"}), linewidth=1.1, zorder=2)
            panel.plot(*line[0], "o", color=style.COLOURS[token], markerfacecolor="white", markersize=4, zorder=3)
            end = line[-1]
            inside = np.abs(end).max() <= reach
            if inside:
                panel.plot(*end, "s", color=style.COLOURS[token], markersize=4, zorder=4)
        panel.set(xlim=(-reach, reach), ylim=(-reach, reach), xlabel="$x_{l,1}$", ylabel="$x_{l,2}$")
        panel.set_title(TITLES[place], fontsize=8)
        panel.set_aspect("equal")
    return figure


KINDS = {
    (1, 1): "symmetric,\nshared $\\Delta$",
    (1, 0): "symmetric,\n$\\Delta$ per channel",
    (0, 1): "any basis,\nshared $\\Delta$",
    (0, 0): "any basis,\n$\\Delta$ per channel",
}
SPECTRA = (("A: two positive", (1, 1)), ("B: one positive", (1, -1)), ("C: two negative", (-1, -1)))
# The regime of a token at rest, and the statuses of a solve that came to an end: ok and blow-up.
CONE, ENDED = 7, (0, 2)


def figure_six(ds: xr.Dataset):
    """Shares of random systems in which token l converges to 0, rests, or diverges."""
    figure, [panels] = style.canvas(1, 3, width=style.DOUBLE, height=2.9, sharey=True)
    for (title, (first, second)), panel in zip(SPECTRA, panels, strict=True):
        for row, ((symmetric, shared), _) in enumerate(KINDS.items()):
            at = (ds.symmetric == symmetric) & (ds.shared == shared)
            at = at & (ds.first_sign == first) & (ds.second_sign == second)
            chosen = ds.isel(kind=int(np.flatnonzero(at.values)[0]))
            for place in range(3):
                regime, converges = chosen.regime.isel(position=place), chosen.converges.isel(position=place)
                known = chosen.status.isel(position=place).isin(ENDED)
                zero, rest = float((known & (converges == 1)).mean()), float((known & (regime == CONE)).mean())
                unknown = float((~known).mean())
                y = row + 0.26 * (place - 1)
                for left, width, colour, hatch in (
                    (0.0, zero, style.COLOURS[0], ""),
                    (zero, rest, style.COLOURS[1], "////"),
                    (zero + rest, 1 - zero - rest - unknown, "#dddddd", ""),
                    (1 - unknown, unknown, "white", "...."),
                ):
                    edge = style.PALE if colour == "white" else "white"
                    panel.barh(y, width, 0.22, left=left, color=colour, hatch=hatch, edgecolor=edge, linewidth=0.4)
                if title.startswith("B"):
                    panel.text(-0.02, y, str(place + 1), fontsize=5.5, ha="right", va="center", color=style.INK)
        panel.set(xlim=(0, 1), xlabel="share of systems")
        panel.set_title(title, pad=10)
        panel.set_yticks(range(4), list(KINDS.values()), fontsize=7)
        panel.invert_yaxis()
        panel.tick_params(axis="y", length=0, pad=10 if title.startswith("B") else 4)
    style.phase_boundary(panels[1], 0.5, "")
    panels[1].annotate(
        "1/2",
        (0.5, 1.0),
        (0, 1),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="center",
        fontsize=6,
    )
    labels = ("converges to 0", "rests or hardly moves, not at 0", "diverges", "undecided after 400 steps")
    looks = ((style.COLOURS[0], ""), (style.COLOURS[1], "////"), ("#dddddd", ""), ("white", "...."))
    handles = [
        Patch(facecolor=c, hatch=h, edgecolor="white" if c != "white" else style.PALE, label=t)
        for (c, h), t in zip(looks, labels, strict=True)
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    return figure


def first_token_form(ds: xr.Dataset):
    """Blow-up times of one token against the law of its own direction."""
    figure, [[panel]] = style.canvas(width=3.8, height=3.2)
    flat = ds.isel(kind=np.flatnonzero(ds.shared.values == 1)).stack(system=("kind", "replicate"), create_index=False)
    flat = flat.isel(system=np.flatnonzero(flat.inverse_time.values > 0))
    rows = [
        theory.radial_reduction(token, matrix, steps[0])
        for token, matrix, steps in zip(
            flat.token.transpose("system", ...).values[:150],
            flat.matrix.transpose("system", "row", "column").values,
            flat.step_map.transpose("system", "row", "column").values,
            strict=False,
        )
    ]
    law = np.array([float(theory.blow_up_time(r.radius, r.coupling, r.slope)) for r in rows])
    seen = 1 / flat.inverse_time.values[: len(law)]
    ends = np.array([law.min(), law.max()])
    style.theory_line(panel, ends, ends, 0, label=r"$T^*(\theta^\top M\theta,\ S_\Delta\theta)$")
    style.simulation_points(panel, law, seen, (seen, seen), 1, capsize=0, elinewidth=0, markersize=3)
    panel.set(xscale="log", yscale="log", xlabel="$T^*$ of one channel", ylabel="$T^*$ of the flow in the plane")
    panel.legend(loc="upper left")
    return figure


FIGURES = (
    Figure(
        name="tokens/plane-orbits",
        experiments=("tokens/plane-panels",),
        draw=plane_orbits,
        caption="Six tokens on the unit circle under symmetric M (A, B, C: eigenvalues (1.2, 0.5), (1, -0.8), (-1.2, "
        "-0.5), turned by 30 degrees; a = 0.5), up to a length of 20 or t = 100, and single tokens: D stops "
        "on the cone x^T M x = 0 of M = diag(1, -1); E and F, M not symmetric, do the opposite of what their "
        "eigenvalues say. Grey: directions with theta^T M theta < 0, from which a first token converges. "
        "Circles: start, squares: end.",
        counterpart="Fig. 6",
    ),
    Figure(
        name="tokens/figure-six",
        experiments=("tokens/three-tokens",),
        draw=figure_six,
        caption="Random systems with two channels, eigenvalue moduli U(0.3, 1.5), a = 0.5, to ln t = 20: share in "
        "which token l = 1, 2, 3 (bars from top to bottom), in its own causal subsystem, converges to 0, "
        "rests at a finite length, or diverges. Dotted: undecided, where the flow is too stiff for 400 steps (up to "
        "two in five systems of B with a step size per channel). The conjecture read by eigenvalues has A and B all "
        "grey and C all dark.",
        counterpart="Fig. 6",
    ),
    Figure(
        name="tokens/first-token",
        experiments=("tokens/first-token",),
        draw=first_token_form,
        caption="Blow-up times of single tokens in random planes, shared step size: the flow (points) against the "
        "one-channel law along the token's own direction theta (line).",
    ),
)
