"""The plot of `separatrix inspect`: six panels from the weights, three more from tokens, whatever the network."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from figures import style
from figures.tokens.inspection import depth_plot


def read(layers, groups, heads, scale=1.0):
    """What `weights_read` could have stored."""
    rng = np.random.default_rng(layers)
    values = scale * np.sort(rng.normal(size=(layers, groups, 4)), axis=-1)
    steps = rng.uniform(0.001, 0.1, (layers, heads))
    return xr.Dataset(
        {
            "eigenvalue": (("layer", "group", "mode"), values),
            "resolution": (("layer", "group"), np.full((layers, groups), 1e-8)),
            "negative_share": (("layer", "group"), rng.uniform(size=(layers, groups))),
            "step": (("layer", "head"), steps),
            "half_life_least": (("layer", "head"), 1 / steps),
            "half_life_median": (("layer", "head"), 4 / steps),
            "half_life_most": (("layer", "head"), 16 / steps),
            "skip": (("layer", "head"), rng.normal(size=(layers, heads))),
            "value_alignment": ("layer", 0.01 * rng.normal(size=layers)),
        },
        {"layer": np.arange(layers)},
    )


def pushed(layers, groups, tokens):
    """What `tokens_pushed` could have stored."""
    rng = np.random.default_rng(tokens)
    depth = layers + 2
    return xr.Dataset(
        {
            "norm": (("depth", "token"), rng.uniform(1, 9, (depth, tokens))),
            "leading_share": ("depth", rng.uniform(1 / tokens, 1, depth)),
            "participation": ("depth", rng.uniform(1, tokens, depth)),
            "effective_rank": ("depth", rng.uniform(1, tokens, depth)),
            "self_positive": (("layer", "group"), rng.uniform(size=(layers, groups))),
            "step_used": (("layer", "end"), np.sort(rng.uniform(0.01, 1, (layers, 3)))),
        },
        {"depth": np.arange(depth), "layer": np.arange(layers)},
    )


@pytest.mark.parametrize(("layers", "groups", "scale"), [(1, 1, 1.0), (3, 2, 1e-6), (2, 1, 0.0)])
def test_every_network_is_drawn_in_six_labelled_panels(layers, groups, scale):
    with style.house_style():
        figure = depth_plot(read(layers, groups, 4, scale), None, 0.01, "a network")
        assert len(figure.axes) == 6
        assert all(panel.get_xlabel() and panel.get_ylabel() for panel in figure.axes)
        assert style.rendered(figure, "png").startswith(b"\x89PNG")


def test_tokens_add_three_panels_and_points():
    with style.house_style():
        figure = depth_plot(read(3, 1, 4), pushed(3, 1, 5), 0.01, "a network")
        assert len(figure.axes) == 9
        # The observed share of the second panel stands beside the predicted one.
        np.testing.assert_allclose(
            figure.axes[1].get_lines()[-1].get_ydata(), 1 - pushed(3, 1, 5)["self_positive"].values[:, 0]
        )
        assert style.rendered(figure, "png").startswith(b"\x89PNG")
