"""Figure F9: depth as Euler steps."""

from __future__ import annotations

import xarray as xr

from figures import style
from figures.figure import Figure
from theory import tokens as theory


def euler_steps(stack: xr.Dataset, layer: xr.Dataset):
    """The error of a stack of layers against its step, and what one layer makes of a token."""
    figure, [[order, flip]] = style.canvas(1, 2, height=2.8)
    for i, coupling in enumerate(stack.coupling.values[:2]):
        seen = stack.sel(coupling=coupling)
        step = 2.0 / seen.layers.values
        line = seen.error.values[-1] * step / step[-1]
        style.theory_line(order, step, line, i, label=rf"slope 1, $\mu={coupling:g}$")
        style.simulation_points(order, step, seen.error, (seen.error, seen.error), i, capsize=0)
    order.set(xscale="log", yscale="log", xlabel=r"step $h$", ylabel=r"largest error at $t=2$")
    order.legend(loc="upper left")

    for i, token in enumerate(layer.token.values):
        seen = layer.sel(token=token)
        influence = float(theory.step_size(token, float(layer.slope))) * token**2
        edge = float(theory.sign_kept_step(influence, float(layer.coupling)))
        style.theory_line(flip, layer.step, 1 - layer.step / edge, i, label=rf"$x={token:g}$")
        picked = slice(i * 3, None, max(1, layer.sizes["step"] // 14))
        kept = seen.kept.values[picked]
        style.simulation_points(flip, layer.step[picked], kept, (kept, kept), i, capsize=0)
        inside = [(h, y) for h, y in ((edge, 0), (2 * edge, -1)) if h <= layer.step[-1]]
        flip.plot(*zip(*inside, strict=True), linewidth=0, marker="|", color=style.COLOURS[i % 7], markersize=9)
    style.phase_boundary(flip, 0.0, r"$h|\mu|G=1$: sign turns", vertical=False, at=0.36)
    style.phase_boundary(flip, -1.0, r"$h|\mu|G=2$: growth", vertical=False, at=0.41)
    flip.set(xscale="log", xlabel=r"step $h$", ylabel=r"$x'/x$ after one layer", ylim=(-2.2, 1.1))
    flip.legend(loc="lower left")
    style.label_panels([order, flip])
    return figure


FIGURES = (
    Figure(
        name="tokens/euler-steps",
        experiments=("tokens/euler", "tokens/one-layer"),
        draw=euler_steps,
        caption="Depth as Euler steps (s = 0.5, a = 0.6). (a) Largest error of four tokens at t = 2 against the step "
        "of a layer, with lines of slope 1 through the finest. (b) One layer with mu = -0.7 on one token: it turns "
        "round at h |mu| G = 1 and grows beyond h |mu| G = 2 (lines 1 - h |mu| G: theory; points: layers).",
    ),
)
