"""Opponents that react: what they do is written down by hand, and the agent's side is a replay of `play`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from dynamics import governance as gov
from tests.dynamics.governance.test_body_and_play import BASELINE, BODY, NOISE, READOUT, ROUNDS, D, as_jax

RNG = np.random.default_rng(11)
AGENT = gov.sentinel()._replace(trusting=1.0)
PLAYER = as_jax(gov.Player(BODY, READOUT, AGENT, BASELINE))
OTHER_NOISE = jnp.asarray(0.15 * RNG.normal(size=(len(NOISE), D + 1)))
OTHER = as_jax(
    gov.Player(
        gov.Body(
            0.3 * RNG.normal(size=(D + 1, D + 1)), 0.5 * RNG.normal(size=(D + 1, 2)), 0.3 * RNG.normal(size=D + 1)
        ),
        gov.Readout(RNG.normal(size=D + 1), np.float64(0.4)),
        AGENT,
        gov.Baseline(0.1 * RNG.normal(size=D + 1), np.float64(0.7)),
    )
)
OPPONENTS = {
    "copycat": gov.copycat(),
    "generous": gov.generous(),
    "win-stay lose-shift": gov.win_stay_lose_shift(),
    "unmoved": gov.unmoved(0.3),
    "best responder": gov.best_responder(3),
    "governed": OTHER,
}


def with_agent(agent, **changes):
    return PLAYER._replace(agent=as_jax(agent._replace(trusting=1.0, **changes)))


def met(opponent, player=PLAYER, rounds=ROUNDS):
    noise = OTHER_NOISE if isinstance(opponent, gov.Player) else None
    return gov.meet(player, opponent, rounds, jnp.asarray(NOISE), noise)


@pytest.mark.parametrize("name", OPPONENTS)
def test_the_agents_side_is_what_it_plays_against_the_same_actions_as_a_schedule(name):
    found = met(OPPONENTS[name])
    assert found.others.shape == (ROUNDS,)
    assert ((found.others >= 0) & (found.others <= 1)).all()
    replay = gov.play(*PLAYER[:3], found.others, jnp.asarray(NOISE), PLAYER.baseline)
    jax.tree.map(lambda a, b: assert_allclose(a, b, atol=1e-12), found.decisions, replay.decisions)
    assert_allclose(found.states, replay.states, atol=1e-12)


def test_memory_one_opponents_do_what_their_names_say():
    echoed = met(gov.copycat())
    assert_allclose(echoed.others, np.concatenate([[1.0], echoed.decisions.action[:-1]]))
    kind = met(gov.generous(0.25))
    assert_allclose(kind.others[1:], 0.25 + 0.75 * kind.decisions.action[:-1])
    assert_allclose(met(gov.unmoved(0.3)).others, np.full(ROUNDS, 0.3), rtol=1e-14)
    # Win-stay lose-shift repeats after R and T and changes after S and P: cooperate iff both did the same.
    rule = gov.win_stay_lose_shift()
    for own in (0.0, 1.0):
        for other in (0.0, 1.0):
            assert float(rule.learn(jnp.ones(()), jnp.array(own), jnp.array(other), jnp.zeros(0))) == float(
                own == other
            )
    found = met(rule)
    own, other = np.asarray(found.others[:-1]), np.asarray(found.decisions.action[:-1])
    assert_allclose(found.others[1:], own * other + (1 - own) * (1 - other), atol=1e-15)


def test_two_governed_bodies_meet_alike_from_either_side():
    one = gov.meet(PLAYER, OTHER, ROUNDS, jnp.asarray(NOISE), OTHER_NOISE)
    two = gov.meet(OTHER, PLAYER, ROUNDS, OTHER_NOISE, jnp.asarray(NOISE))
    assert_allclose(one.others, two.decisions.action, atol=1e-12)
    assert_allclose(two.others, one.decisions.action, atol=1e-12)


@pytest.mark.parametrize(
    ("agent", "horizon", "wanted"),
    [
        (gov.constant(1.0), 3, 0.0),  # a cooperator is exploited,
        (gov.constant(0.0), 3, 0.0),  # a defector is not fed,
        (gov.tit_for_tat(), 1, 0.0),  # who does not look ahead defects,
        (gov.tit_for_tat(), 2, 1.0),  # and an echo is kept friendly: 3 + 5 against 5 + 1.
    ],
)
def test_the_best_responder_is_right_where_the_answer_is_known(agent, horizon, wanted):
    # Beyond the first round: before it, the echo still owes the cooperation it is taken to have seen.
    found = met(gov.best_responder(horizon), with_agent(agent))
    assert_array_equal(found.others[1:], np.full(ROUNDS - 1, wanted))


def test_an_impatient_best_responder_defects_on_an_echo():
    found = met(gov.best_responder(2, 0.1), with_agent(gov.tit_for_tat()))
    assert_array_equal(found.others[1:], np.zeros(ROUNDS - 1))


def test_an_opening_is_what_both_are_taken_to_have_played():
    noise = OTHER_NOISE[:5]
    begun = OTHER.begin(noise, 0.0)
    assert_allclose(begun.state, gov.drive(OTHER.body, jnp.zeros(D + 1), 0.0, 0.0, noise)[-1])
    assert float(begun.seen) == 0.0
    assert float(gov.copycat().begin(noise[:, :0], 0.0)) == 1.0
    with pytest.raises(ValueError, match="`opening` must lie"):
        OTHER.begin(noise, 1.5)


def test_one_exchange_is_a_round_of_a_meeting():
    quiet = jnp.asarray(NOISE[-ROUNDS:])
    carry = (PLAYER.begin(quiet[:0]), gov.copycat().begin(quiet[:0, :0]))
    found = gov.meet(PLAYER, gov.copycat(), ROUNDS, quiet)
    for k in range(2):
        carry, (decision, other) = gov.exchange(PLAYER, gov.copycat(), carry, (quiet[k], quiet[k, :0]))
        assert_allclose([decision.action, other], [found.decisions.action[k], found.others[k]], atol=1e-14)
    assert isinstance(carry[0], gov.Inner)


def test_a_best_responder_earns_no_less_than_the_plans_it_rejected():
    plans = gov.best_responder(4).plans
    assert plans.shape == (16, 4)
    still = jnp.zeros_like(NOISE[:4])
    quiet = jax.vmap(lambda plan: gov.play(*PLAYER[:3], plan, still, PLAYER.baseline))(plans)
    gains = gov.payoff(plans, quiet.decisions.action).sum(-1)
    chosen = gov.meet(PLAYER, gov.best_responder(4), 4, still).others[0]
    assert chosen == plans[int(np.argmax(gains)), 0]


def test_meetings_are_lanes_of_a_batch_in_either_precision():
    rules = [gov.copycat(), gov.generous(), gov.win_stay_lose_shift(), gov.unmoved(0.0)]
    stacked = jax.tree.map(lambda *leaves: jnp.stack([jnp.asarray(leaf, jnp.float32) for leaf in leaves]), *rules)
    player, noise = as_jax(PLAYER, jnp.float32), jnp.asarray(NOISE, jnp.float32)
    found = jax.vmap(lambda rule: gov.meet(player, rule, ROUNDS, noise))(stacked)
    assert found.others.dtype == found.states.dtype == jnp.float32
    for lane, rule in zip(found.others, rules, strict=True):
        assert_allclose(lane, met(rule).others, atol=2e-5)


def test_refusals():
    with pytest.raises(ValueError, match="`noise` must cover the 40 rounds, but has 3 rows"):
        gov.meet(PLAYER, gov.copycat(), ROUNDS, jnp.asarray(NOISE[:3]))
    with pytest.raises(ValueError, match="`other_noise` is needed"):
        gov.meet(PLAYER, OTHER, ROUNDS, jnp.asarray(NOISE))
    with pytest.raises(ValueError, match="`horizon` must be at least 1, but is 0"):
        gov.best_responder(0)
    with pytest.raises(ValueError, match=r"`mercy` must lie in \[0.0, 1.0\], but is 1.5"):
        gov.generous(1.5)
