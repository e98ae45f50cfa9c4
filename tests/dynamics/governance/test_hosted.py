"""Rounds on the host are the rounds of the compiled scan."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from dynamics import governance as gov
from tests.dynamics.governance.test_body_and_play import (
    AGENTS,
    BASELINE,
    BODY,
    NOISE,
    READOUT,
    ROUNDS,
    SCHEDULE,
    WARM,
    as_jax,
)


@pytest.mark.parametrize("name", AGENTS)
def test_a_hosted_agent_plays_a_schedule_like_the_compiled_scan(name):
    agent = AGENTS[name]
    wanted = gov.play(*as_jax((BODY, READOUT, agent, SCHEDULE, NOISE, BASELINE)))
    player = gov.hosted(*as_jax((BODY, READOUT)), agent, as_jax(BASELINE))
    moment = gov.warmed(player, NOISE[:WARM])
    seen = 1.0 if agent.trusting else float(SCHEDULE[0])
    for t in range(ROUNDS):
        moment, action = gov.consider(player, moment, seen)
        seen = float(SCHEDULE[t])
        moment = gov.move(player, moment, action, seen, NOISE[WARM + t])
        # Rounding of one round is at most a few eps, and forty rounds of a body that forgets do not pile it up.
        assert_allclose(action, wanted.decisions.action[t], atol=1e-12)
        assert_allclose(moment.share, wanted.decisions.share[t], atol=1e-12)
        assert_allclose(moment.state, wanted.states[t], atol=1e-12)


@pytest.mark.parametrize(("drive", "action"), [(-2000.0, 0.0), (2000.0, 1.0)])
def test_a_readout_far_out_saturates_and_does_not_overflow(drive, action):
    readout = gov.Readout(np.zeros_like(READOUT.weights), np.float64(drive))
    player = gov.hosted(BODY, readout, gov.static(1.0), BASELINE)
    found = gov.consider(player, gov.warmed(player, NOISE[:WARM]), 1.0)[1]
    assert found == action
    assert math.isfinite(found)
