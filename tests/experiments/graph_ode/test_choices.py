"""Settings are chosen on validation trajectories, by the least error, and recorded."""

import jax.numpy as jnp
import jax.random as jr
import numpy as np

from experiments.graph_ode.choices import Validation, chosen
from experiments.graph_ode.contenders import Workshop
from experiments.graph_ode.sizes import FIXED, Grids, Sizes

ERRORS = {0.1: (0.3, 1.0), 0.2: (0.1, 2.0), 0.3: (float("inf"), 4.0)}


def test_the_value_that_errs_least_is_chosen_and_all_that_was_tried_is_charged():
    choice = chosen(list(ERRORS), ERRORS.get, True)
    assert (choice.value, choice.error, choice.tried, choice.seconds) == (0.2, 0.1, 3, 7.0)


def test_where_there_is_nothing_to_choose_the_first_value_stands():
    for values, validated in ((list(ERRORS), False), ([0.3], True)):
        choice = chosen(values, ERRORS.get, validated)
        assert (choice.value, choice.error, choice.tried, choice.seconds) == (values[0], 0.0, 0, 0.0)


def test_forecasts_that_blow_up_err_infinitely():
    frames = jnp.ones((2, 3, 1, 2, 2))
    validation = Validation(frames, frames)
    assert validation.missed(lambda windows, horizon: windows + 0.5) == 0.5
    assert validation.missed(lambda windows, horizon: windows * jnp.nan) == float("inf")


def test_an_autoregression_takes_the_ridge_that_suits_validation_trajectories():
    """On data of almost no change a ridge of 1 forecasts as well as any; on validation data that oscillate it loses."""
    phase = jr.uniform(jr.key(0), (8, 1, 1, 4, 4), maxval=6.0)
    time = jnp.arange(16)[None, :, None, None, None]
    films = (0.5 + 0.4 * jnp.sin(0.7 * time + phase)).astype(jnp.float32)
    validation = Validation(films[4:, :6], films[4:, 6:])
    for ridges in ((1.0, 3e-6), (3e-6, 1.0)):
        sizes = Sizes(history=6, grids=Grids(ridges=ridges))
        made = Workshop(jr.key(1), films[:4], sizes, validation).contender("ar")
        assert made.setting.value == 3e-6
        assert made.setting.tried == 2
        assert made.choosing > 0
        assert made.parameters == 7
    fixed = Workshop(jr.key(1), films[:4], Sizes(history=6, grids=FIXED), validation).contender("ar")
    np.testing.assert_array_equal(
        fixed.run(films[4:, :6], 3), made.run(films[4:, :6], 3), err_msg="the first of a grid is the fixed value"
    )
