"""F10: star, chain and tree of as many agents."""

from __future__ import annotations

import matplotlib.figure
import numpy as np
import xarray as xr

from experiments.estimates import mean_of, wilson_interval
from figures import style
from figures.figure import Figure
from theory import synergy

# One look for each organisation, in all panels.
STAR, CHAIN, TREE, OTHER, THIRD = 5, 6, 0, 1, 2
READINGS = (
    ("sibling_tree", synergy.tree_variance, TREE, "siblings afresh at each level"),
    ("received_tree", synergy.tree_variance_post_channel, OTHER, "the same, noise copied too"),
    ("global_tree", synergy.tree_variance_global, THIRD, "all leaves correlated, as in the star"),
)


def star_chain_tree(continuous: xr.Dataset, binary: xr.Dataset) -> matplotlib.figure.Figure:
    """(a) error variance of averaging agents under three readings of rho; (b)-(d) bias of voting agents, by rho.

    continuous: gaussian-organisations, drawn at its first fan-in and setting.  binary: binary-organisations.
    """
    drawing, panels = style.canvas(2, 2, height=5.9)
    _averaging(panels[0, 0], continuous)
    for panel, rho in zip(panels.flat[1:], binary.correlation.values, strict=False):
        _voting(panel, binary.sel(correlation=rho))
    style.label_panels(panels.flat)
    panels[0, 1].legend(loc="upper left", bbox_to_anchor=(0.0, 0.89), handlelength=2.6)
    return drawing


def _averaging(panel, ds: xr.Dataset) -> None:
    ds = ds.isel(organisation=np.flatnonzero(ds.fan_in == ds.fan_in[0]), setting=0)
    fan_in, rho = int(ds.fan_in[0]), float(ds.correlation)
    noise, leaf = float(ds.noise_variance), float(ds.leaf_variance)
    agents, levels = np.geomspace(1, 5000, 200), np.arange(6)
    seats = ds.fan_in.values**ds.depth.values

    def points(name, where, index, **options):
        seen = mean_of(ds[name], "replicate")
        style.simulation_points(panel, where, seen.value.values, seen.interval(0.05), index, **options)

    style.theory_line(panel, agents, synergy.star_variance(agents, rho, noise, leaf), STAR, label="star")
    points("star", seats, STAR, zorder=5, markersize=3.0)
    chain = np.arange(1, 21)
    style.theory_line(panel, chain, synergy.chain_variance(noise, leaf, chain - 1), CHAIN, label="chain")
    points("chain", ds.depth.values + 1, CHAIN)
    for name, law, index, words in READINGS:
        # Between whole depths the line only guides the eye.
        depths = np.log(agents) / np.log(fan_in)
        style.theory_line(panel, agents, law(fan_in, rho, noise, leaf, depths), index, label=f"tree: {words}")
        panel.plot(
            fan_in**levels, law(fan_in, rho, noise, leaf, levels), ".", color=style.COLOURS[index], markersize=3.5
        )
        points(name, seats, index)
    style.phase_boundary(panel, rho * leaf, rf"$\rho v_0={rho * leaf:g}$", vertical=False)
    panel.set(xscale="log", yscale="log", ylim=(0.009, 3), xlim=(0.8, 6000), xlabel="agents $N$")
    panel.set(ylabel=r"error variance of the root $v$")
    panel.legend(loc="lower left", fontsize=6.0, handlelength=2.6)
    panel.set_title(rf"averaging: $b={fan_in}$, $\rho={rho:g}$, $\sigma^2={noise:g}$, $v_0={leaf:g}$", loc="right")


def _voting(panel, ds: xr.Dataset) -> None:
    rho, gamma, start = float(ds.correlation), float(ds.fidelity), float(ds.initial_bias)
    widest = 5000
    agents = 2 * np.unique(np.round(np.geomspace(1, widest, 160) / 2 - 0.5)).astype(int) + 1
    votes = synergy.majority_map_incomplete_beta(agents, gamma * start)
    style.theory_line(panel, agents, rho * gamma * start + (1 - rho) * votes, STAR, label="star")
    _shares(panel, ds, "star", ds.roots, ds.fan_in**ds.depth, STAR)
    for fan_in, index in ((5, TREE), (3, OTHER)):
        depth = int(np.log(widest) / np.log(fan_in))
        bias = synergy.bias_trajectory(fan_in, rho, gamma, start, depth)
        gain = float(synergy.effective_gain(fan_in, rho, gamma))
        seats = fan_in ** np.arange(depth + 1)
        style.theory_line(panel, seats, bias, index, label=f"tree, $b={fan_in}$")
        panel.plot(seats, bias, ".", color=style.COLOURS[index], markersize=3.5)
        panel.annotate(
            rf"$\alpha={gain:.5g}$",
            (seats[-1], float(bias[-1])),
            xytext=(-2, 5 if fan_in == 5 else -5),
            textcoords="offset points",
            ha="right",
            va="bottom" if fan_in == 5 else "top",
            fontsize=7.0,
            color=style.COLOURS[index],
        )
        own = ds.isel(organisation=np.flatnonzero(ds.fan_in == fan_in))
        _shares(panel, own, "tree", own.roots, own.fan_in**own.depth, index)
    chain = np.arange(1, 10)
    style.theory_line(panel, chain, synergy.chain_bias(gamma, start, chain - 1), CHAIN, label="chain")
    first = ds.isel(organisation=np.unique(ds.depth.values, return_index=True)[1])
    _shares(panel, first, "chain", first.roots * first.fan_in, first.depth + 1, CHAIN)
    limit = float(synergy.star_bias_limit(rho, gamma, start))
    style.phase_boundary(panel, limit, rf"widest star: {limit:.4g}", vertical=False, at=0.45)
    panel.texts[-1].set(position=(0, -3), va="top")
    panel.set(xscale="log", xlim=(0.8, 6000), ylim=(-0.09, 1.06), xlabel="agents $N$", ylabel=r"bias of the root $\mu$")
    panel.set_title(rf"voting: $\rho={rho:g}$, $\gamma={gamma:g}$, $\mu_0={start:g}$", loc="right")


def _shares(panel, ds: xr.Dataset, name: str, trials, agents, index: int) -> None:
    """Biases of independent votes with Wilson's 95% intervals."""
    count = ds.sizes["replicate"]
    right, trials = ds[name].sum("replicate"), trials * count
    low, high = wilson_interval(right, trials)
    style.simulation_points(
        panel, agents.values, (2 * right / trials - 1).values, (2 * low.values - 1, 2 * high.values - 1), index
    )


FIGURES = (
    Figure(
        name="synergy/star-chain-tree",
        experiments=("synergy/gaussian-organisations", "synergy/binary-organisations"),
        draw=star_chain_tree,
        caption="Star, chain and tree of N agents (a tree of L levels has N = b^L leaves, a chain of N agents N - 1 "
        "edges); lines: closed forms, dots: whole depths, points: simulation with 95% intervals. (a) Averaging agents, "
        "b = 5, rho = 0.2, sigma2 = 0.05, v0 = 1, under three readings of the correlation. Only where siblings' errors "
        "are drawn afresh at each level does the tree pass below the star's floor rho v0; over the star's own leaves, "
        "any two correlated by rho, it never beats the star. (b)-(d) Voting agents, gamma = 0.6, mu0 = 0.1, received "
        "votes copied with rho = 0, 0.1 and 0.3: where the gain alpha is below 1 a tree loses what its leaves knew; a "
        "hub without a limit on its context beats every tree of two levels or more, up to rho gamma mu0 + 1 - rho.",
    ),
)
