"""What rounds pay, and what opponents do."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from dynamics import governance

unit = st.floats(0.0, 1.0)


def test_corners_are_reward_sucker_temptation_punishment():
    assert_allclose(governance.payoff(np.array([1.0, 1.0, 0.0, 0.0]), np.array([1.0, 0.0, 1.0, 0.0])), [3, 0, 5, 1])


@given(unit, unit, unit)
def test_payoff_is_affine_in_each_action(a, o, share):
    mixed = governance.payoff(share, o)
    assert_allclose(mixed, share * governance.payoff(1.0, o) + (1 - share) * governance.payoff(0.0, o), atol=1e-14)
    assert_allclose(governance.payoff(a, o), 1 + 4 * o - a - a * o, atol=1e-14)


def test_other_corners_and_actions_out_of_range():
    hawk = governance.Corners(2.0, -1.0, 3.0, 0.0)
    assert_allclose(governance.payoff(0.0, 1.0, hawk), 3.0)
    with pytest.raises(ValueError, match=r"`own` must lie in \[0.0, 1.0\], but is 1.5"):
        governance.payoff(1.5, 0.0)


def test_schedules_cooperate_first_and_defect_where_the_draw_is_low():
    assert governance.cooperative(4).tolist() == [1, 1, 1, 1]
    assert governance.blocks((2, 3, 1)).tolist() == [1, 1, 0, 0, 0, 1]
    assert governance.noisy(jnp.array([0.05, 0.1, 0.7]), 0.1).tolist() == [0, 1, 1]
    with pytest.raises(ValueError, match=r"`defection`"):
        governance.noisy(jnp.zeros(3), 1.1)


def test_the_multi_phase_schedule_has_1750_rounds_and_noise_in_its_fourth_phase():
    uniforms = jnp.linspace(0, 1, 200, endpoint=False)
    schedule = np.asarray(governance.phases(uniforms))
    assert schedule.shape == (1750,)
    assert schedule[500:550].sum() == 0
    assert schedule[1050:1250].sum() == 140
    assert schedule.sum() == 1500 + 140
    with pytest.raises(ValueError, match="200 entries"):
        governance.phases(uniforms[:10])
