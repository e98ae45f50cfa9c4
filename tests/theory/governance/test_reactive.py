"""Section 11.6 of the specification: opponents that react, derived here."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis.strategies import floats
from numpy.testing import assert_allclose

from theory import governance

from .bodies import compiled, fresh, grown

GENEROUS = governance.Rule(1.0, 1 / 3, 1.0, 1 / 3)
RULES = {"echo": governance.TIT_FOR_TAT, "generous": GENEROUS, "shift": governance.WIN_STAY_LOSE_SHIFT}


def replies(rule, action, rounds=4000):
    """A constant action against a rule, round by round."""
    other, seen = rule.first, []
    for _ in range(rounds):
        seen.append(other)
        other = (rule.reward * other + rule.temptation * (1 - other)) * action + (
            rule.sucker * other + rule.punishment * (1 - other)
        ) * (1 - action)
    return np.array(seen)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("action", [0.0, 0.3, 0.5, 0.98, 1.0])
def test_reply_to_constant_is_what_the_rule_does_in_the_long_run(name, action):
    late = replies(RULES[name], action)[-1000:]
    assert_allclose(governance.reply_to_constant(RULES[name], action), late.mean(), atol=1e-12)
    paid = np.asarray(governance.payoff(action, late)).mean()
    assert_allclose(governance.constant_payoff(RULES[name], action), paid, atol=1e-12)


def test_constant_payoff_at_published_payoffs():
    actions = np.linspace(0, 0.99, 12)
    assert_allclose(governance.constant_payoff(governance.TIT_FOR_TAT, actions), 1 + 3 * actions - actions**2)
    assert_allclose(governance.constant_payoff(governance.WIN_STAY_LOSE_SHIFT, actions), 3 - 1.5 * actions)
    assert float(governance.constant_payoff(governance.WIN_STAY_LOSE_SHIFT, 1.0)) == 3.0


def test_answer_at_the_corners():
    rule = governance.Rule(0.9, 0.2, 0.7, 0.4)
    corners = [float(governance.answer(rule, own, other)) for own, other in ((1, 1), (1, 0), (0, 1), (0, 0))]
    assert_allclose(corners, [0.9, 0.2, 0.7, 0.4])


def planned(share, body, horizon, discount):
    """The first action of the best of all plans, after a defection and after a cooperation; the kindest of equals."""
    found = []
    for before in (0.0, 1.0):
        best, first = -np.inf, None
        for plan in itertools.product((1.0, 0.0), repeat=horizon):
            seen, total = before, 0.0
            for k, own in enumerate(plan):
                met = share * body + (1 - share) * seen
                total += discount**k * (1 + 4 * met - own - own * met)
                seen = own
            if total > best + 1e-12:
                best, first = total, plan[0]
        found.append(first)
    return found


@given(share=floats(0, 1), body=floats(0, 1))
def test_best_reply_is_that_of_all_plans(share, body):
    found = governance.best_reply(share, body, 4, 0.93)
    wanted = planned(share, body, 4, 0.93)
    slack = [planned(share + d, body, 4, 0.93) == wanted for d in (-1e-9, 1e-9)]
    # Where two plans tie but for rounding, either is best.
    assert np.array_equal(found, wanted) or not all(slack)


def test_exploitation_bounds_are_where_patient_plans_turn():
    for body in (0.8, 0.97):
        kind, never = governance.exploitation_bounds(body)
        shares = jnp.array([kind - 0.02, kind + 0.02, never - 0.02, never + 0.02])
        assert governance.best_cooperation(shares, body, 60, 0.995).tolist() == [1.0, 0.5, 0.5, 0.0]


def loop(body, share, rule, rounds):
    """A body before a rule in a plain loop, from x = 0."""
    state, other, seen, actions = np.zeros(body.bias.size), rule.first, 1.0, []
    for _ in range(rounds):
        output = 1 / (1 + np.exp(-(state @ body.readout + body.offset)))
        action = share * output + (1 - share) * seen
        actions.append((action, other))
        state = np.tanh(body.recurrent @ state + body.own_input * action + body.other_input * other + body.bias)
        seen, other = other, float(governance.answer(rule, other, action))
    return state, np.array(actions)


@pytest.mark.parametrize(("name", "share"), [("echo", 0.6), ("shift", 0.5)])
def test_met_state_is_where_the_loop_ends_and_its_radius_how_fast(name, share):
    body, rule = grown(6, 0), RULES[name]
    found = compiled("met_state")(body, share, rule)
    spectrum = np.asarray(compiled("met_spectrum")(body, share, rule))
    state, actions = loop(body, share, rule, 300)
    assert_allclose(found.state, state, atol=1e-10)
    assert_allclose([found.action, found.opponent], actions[-1], atol=1e-10)
    assert np.all(np.diff(np.abs(spectrum)) <= 1e-12)
    errors = np.abs(actions[:, 1] - actions[-1, 1])
    assert_allclose((errors[30] / errors[20]) ** 0.1, np.abs(spectrum[0]), rtol=0.05)
    if name == "shift":
        assert_allclose(found.opponent, 0.5, atol=1e-12)
        assert np.min(np.abs(spectrum - (2 * float(found.action) - 1))) < 1e-12


def test_pair_spectrum_contains_the_radius_of_the_pair():
    first, second = grown(6, 0), grown(6, 1)
    spectrum = np.asarray(compiled("pair_spectrum")(first, second, 0.6, 0.3, 1.0))
    assert_allclose(abs(spectrum[0]), compiled("pair_response")(first, second, 0.6, 0.3, 1.0).radius, rtol=1e-12)


def test_mode_reads_rate_and_period():
    rate, period = governance.mode(jnp.array([0.5 + 0.0j, -0.5 + 0.0j, 0.5j]))
    assert_allclose(rate, 0.5)
    assert_allclose(period, [np.inf, 2.0, 4.0])


def test_twins_rest_where_their_gain_says_and_fold_at_its_least():
    # Before habituation, with the readout of its development.
    body = fresh(6)._replace(readout=grown(6).readout, offset=grown(6).offset)
    fold = compiled("twin_fold")(body)
    actions = np.linspace(0.01, 0.99, 99)
    gains = np.array([compiled("twin_gain")(body, action) for action in actions])
    side = actions < 0.5 if float(fold.action) < 0.5 else actions > 0.5
    least = gains[side & (gains > 0)].min()
    assert float(fold.gain) <= least < 1.05 * float(fold.gain)
    # At a joint rest of twins, both of share 1, the map returns the state.
    gain = float(compiled("twin_gain")(body, 0.9))
    steeper = body._replace(readout=gain * body.readout, offset=gain * body.offset)
    drive = (body.own_input + body.other_input) * 0.9 + body.bias
    state = np.zeros(6)
    for _ in range(2000):
        state = np.tanh(body.recurrent @ state + drive)
    pair = governance.Pair(jnp.asarray(state), jnp.asarray(state), jnp.asarray(0.9), jnp.asarray(0.9))
    following = governance.pair_map(steeper, steeper, pair, (1.0, 1.0))
    assert_allclose(following.first_action, 0.9, atol=1e-10)
    assert_allclose(following.second, state, atol=1e-10)


def test_a_readout_that_does_not_rise_has_no_fold():
    body = fresh(6)
    flat = body._replace(readout=0 * body.readout)
    assert np.isnan(compiled("twin_fold")(flat).gain)


def test_reactive_laws_refuse_by_name():
    with pytest.raises(ValueError, match="`discount` must lie"):
        governance.best_reply(0.5, 0.9, 3, 0.0)
    with pytest.raises(ValueError, match="`horizon` must be at least 1"):
        governance.best_reply(0.5, 0.9, 0)
    with pytest.raises(ValueError, match="`action` must lie"):
        governance.twin_gain(fresh(4), 1.0)


def test_a_body_that_does_not_mind_is_exploited_as_a_constant_is():
    body = fresh(4)._replace(readout=np.zeros(4), offset=np.log(0.9 / 0.1))
    law = compiled("exploited_cooperation", horizon=3, discount=0.9)
    shares = np.array([0.1, 0.3, 0.4, 0.55, 0.65, 0.9])
    found = [float(law(body, share)) for share in shares]
    assert_allclose(found, governance.best_cooperation(shares, 0.9, 3, 0.9), atol=1e-12)
    assert sorted(set(found)) == [0.0, 0.5, 1.0]


def exploited(body, share, horizon, discount, rounds=60):
    """A planner who tries all plans in the body's own rounds, before every move anew."""

    def after(state, seen, own):
        action = share / (1 + np.exp(-(body.readout @ state + body.offset))) + (1 - share) * seen
        heard = body.recurrent @ state + body.own_input * action + body.other_input * own + body.bias
        return np.tanh(heard), 1 + 4 * action - own - own * action

    state, seen, moves = np.zeros_like(body.bias), 1.0, []
    for _ in range(300):
        own = 1 / (1 + np.exp(-(body.readout @ state + body.offset)))
        state = np.tanh(body.recurrent @ state + body.own_input * own + body.other_input + body.bias)
    for _ in range(2 * rounds):
        best = (-np.inf, None)
        for plan in itertools.product((1.0, 0.0), repeat=horizon):
            here, before, total = state, seen, 0.0
            for k, own in enumerate(plan):
                here, gained = after(here, before, own)
                before, total = own, total + discount**k * gained
            best = max(best, (total, plan[0]))
        state, seen = after(state, seen, best[1])[0], best[1]
        moves.append(seen)
    return np.mean(moves[rounds:])


def test_a_body_that_minds_is_exploited_at_larger_shares_and_in_other_turns():
    body = fresh(4, 1)._replace(offset=1.0)
    law = compiled("exploited_cooperation", horizon=3, discount=0.9)
    shares = np.array([0.3, 0.5, 0.7, 0.9, 1.0])
    assert_allclose([law(body, share) for share in shares], [exploited(body, s, 3, 0.9) for s in shares], atol=1e-12)
    edge = float(compiled("exploited_share", horizon=3, discount=0.9)(body, 0.97))
    assert float(law(body, edge - 1e-3)) > 0.97 > float(law(body, edge + 1e-3))


@pytest.mark.parametrize(("name", "value"), [("body_share", 1.5), ("horizon", 0), ("discount", 0.0)])
def test_exploitation_refuses(name, value):
    given = {"body_share": 0.5, "horizon": 2, "discount": 0.9} | {name: value}
    with pytest.raises(ValueError, match=name):
        governance.exploited_cooperation(fresh(4), **given)
