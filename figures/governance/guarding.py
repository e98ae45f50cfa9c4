"""Phase diagrams of the sentinel: over its baseline and threshold, and over dimension and the environment's turns."""

from __future__ import annotations

import jax
import numpy as np
import xarray as xr
from matplotlib.colors import TwoSlopeNorm

from figures import style
from figures.figure import Figure
from figures.governance.two_bodies import body_of
from theory import governance as theory

FINE = np.linspace(0.06, 0.95, 12)
TURNS = np.array([2.0, 3, 4, 6, 8, 12, 16, 20, 24, 32, 48, 64, 96, 128])
SHOWN = 2
LEVELS = (0.45,)


def _bodies(ds, count=None):
    return [body_of(ds.isel(body=i)) for i in range(min(ds.sizes["body"], count or ds.sizes["body"]))]


@jax.jit
def _discomforts(bodies, shares):
    def one(body):
        felt = jax.lax.map(lambda share: theory.settled_discomfort(body, share, 0.0), shares)
        return felt, theory.settled_discomfort(body, 0.85, 1.0), theory.pulse_discomfort(body, 0.85)

    return jax.lax.map(one, bodies)


@jax.jit
def _returning(bodies, periods):
    one = jax.vmap(lambda body, period: theory.turning_shares(body, period).trusting, (None, 0))
    return jax.lax.map(lambda body: one(body, periods), bodies)


def _stack(bodies):
    return jax.tree.map(lambda *leaves: np.stack(leaves), *bodies)


def _line(panel, x, y, text, at, **options):
    # A pale edge keeps the line in sight where the field is dark.
    panel.plot(x, y, color="white", linewidth=2.6, alpha=0.75)
    panel.plot(x, y, color=style.INK, linewidth=1.1, **{"linestyle": (0, (4, 2)), **options})
    box = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1.0}
    panel.annotate(text, (x[at], y[at]), (0, 3), textcoords="offset points", fontsize=7, ha="center", bbox=box)


def _field(figure, panel, x, y, values, label, **options):
    mesh = panel.pcolormesh(x, y, values, shading="nearest", rasterized=True, **options)
    figure.colorbar(mesh, ax=panel, label=label)


def guarding(ds: xr.Dataset, turns: xr.Dataset):
    """Shares over (alpha_0, theta) against defection and noise; shares and payoff over (d, tau)."""
    figure, grid = style.canvas(2, 2, height=5.6)
    defied, noisy, returned, lead = grid.flat
    share = ds.share.mean("body")
    felt, calm, pulse = (np.asarray(part) for part in _discomforts(_stack(_bodies(ds)), FINE))
    for panel, opponent in ((defied, "defection"), (noisy, "noise")):
        seen = share.sel(guarded=opponent).transpose("threshold", "baseline")
        _field(
            figure, panel, ds.baseline, ds.threshold, seen, r"mean share $\bar\alpha$", cmap=style.FIELD, vmin=0, vmax=1
        )
        panel.plot([0.85], [0.1], "*", color="white", markeredgecolor=style.INK, markersize=9)
        panel.set(xlabel=r"baseline $\alpha_0$", ylabel=r"threshold $\theta$", xlim=(0.125, 1.025))
    middle = felt.mean(0)
    low = felt.mean(0)[0] - 0.1 * (FINE - 0.05)
    _line(defied, FINE, middle, r"$\theta = D(\alpha_0)$: the body rules", 6)
    _line(
        defied,
        FINE,
        low,
        r"$\theta = D(\alpha_{min}) - \frac{\eta_\uparrow}{\eta_\downarrow}(\alpha_0 - \alpha_{min})$",
        6,
    )
    defied.texts[-1].set_position((0, -15))
    defied.set_title("before a defector")
    ends = np.array([0.2, 0.95])
    _line(noisy, ends, np.full(2, pulse.mean()), "a lone defection, unfelt above", 0)
    _line(noisy, ends, np.full(2, calm.mean()), "calm, felt below", 0)
    for text in noisy.texts:
        text.set_ha("left")
    noisy.set_title(r"noise, $\epsilon = 0.1$")
    place = np.arange(turns.sizes["dimension"])
    order = np.argsort(turns.dimension.values)
    dims = turns.dimension.values[order]
    back = turns.share_trusting.mean("body").isel(dimension=order).transpose("dimension", "period")
    gain = turns.payoff.sel(agent="sentinel") - turns.payoff.sel(agent="alpha=0")
    gain = gain.mean("body").isel(dimension=order).transpose("dimension", "period")
    period = np.log2(turns.period.values)
    _field(
        figure,
        returned,
        period,
        place,
        back,
        r"share $\alpha$ as a friendly turn ends",
        cmap=style.FIELD,
        vmin=0,
        vmax=1,
    )
    reach = float(abs(gain).max())
    _field(
        figure,
        lead,
        period,
        place,
        gain,
        r"$\bar u_S - \bar u_{TfT}$",
        cmap="RdBu",
        norm=TwoSlopeNorm(0, -reach, reach),
    )
    halves = []
    for d in dims:
        one = turns.sel(dimension=d).isel(neuron=slice(0, int(d)), origin=slice(0, int(d)))
        found = np.asarray(_returning(_stack(_bodies(one, SHOWN)), TURNS)).mean(0)
        halves.append(np.log2(np.interp(0.45, np.maximum.accumulate(found), TURNS)))
    returned.plot(halves, place, "--", color="white", linewidth=1.2)
    returned.plot(halves, place, "w_", markersize=10)
    falls = float(theory.rounds_to_floor(0.42))
    returned.axvline(np.log2(falls), color="white", linewidth=1.0, linestyle=":")
    note = {"fontsize": 7, "color": "white", "va": "center"}
    returned.annotate("theory: halfway\nback", (halves[-1], place[-1]), (4, -12), textcoords="offset points", **note)
    returned.annotate(
        "floor\nreached", (np.log2(falls), place[0]), (-3, 0), textcoords="offset points", ha="right", **note
    )
    for i in range(len(dims)):
        for j in np.flatnonzero(period % 1 == 0):
            value = float(gain[i, j])
            colour = "white" if abs(value) > 0.6 * reach else style.INK
            lead.text(period[j], i, f"{1000 * value:.0f}", ha="center", va="center", fontsize=5.5, color=colour)
    lead.set_title(r"AllD: $\bar u = 3$, constant $a$: $3 - 3a/2$", loc="right", fontsize=7)
    for panel in (returned, lead):
        panel.set_yticks(place, [f"{d:g}" for d in dims])
        panel.set_xticks(period[::2], [f"{p:g}" for p in turns.period.values[::2]])
        panel.set(xlabel=r"rounds of a turn $\tau_{env}$", ylabel="reservoir dimension $d$")
    style.label_panels(grid.flat)
    return figure


FIGURES = (
    Figure(
        name="governance/guarding",
        experiments=("governance/vigilance", "governance/switching"),
        draw=guarding,
        caption="Beyond the paper: phase diagrams of the sentinel. Mean share over its baseline and threshold before a "
        "defector and in noise, with the boundaries of theory (star: the published sentinel); share at the end of the "
        "friendly turns of an opponent who turns every tau_env rounds, over dimension, with the tau from which theory "
        "has it halfway back; and payoff ahead of Tit-for-Tat there, in thousandths. Means over bodies.",
    ),
)
