"""Tournaments: players of ours inside the library's matches, seeds that fix the table, and what is read off it."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal
from scipy import stats

from dynamics import governance as gov
from experiments.errors import UserError
from experiments.governance import tournament as games
from experiments.governance.standings import comparisons, standings

TURNS, OTHERS = 10, ("Grudger",)


@pytest.fixture(scope="module")
def axl():
    return pytest.importorskip("axelrod")


@pytest.fixture(scope="module")
def played(axl):
    return games.tournament(TURNS, 2, workers=1, seed=3, others=OTHERS)


def test_everyone_meets_everyone_else_and_the_field_is_what_was_promised(axl, played):
    payoff = played["payoff"].values
    itself = np.broadcast_to(np.eye(payoff.shape[1], dtype=bool), payoff.shape)
    assert_array_equal(np.isnan(payoff), itself)
    names = games.field()
    assert {strategy.__name__ for strategy in axl.basic_strategies} <= set(names)
    assert {*games.GOVERNED, *games.PEERS} <= set(names)
    assert len(set(games.OTHERS)) >= 40
    classify = axl.Classifiers
    strangers = [getattr(axl, name)() for name in games.OTHERS]
    assert not [p for p in strangers if classify["stochastic"](p) or classify["long_run_time"](p)]


def test_payoffs_are_those_of_the_dilemma(played):
    payoff, c = played["payoff"].values, played["cooperation"].values
    # T - S = 5 goes to whoever defects alone: u_ij - u_ji = 5 (c_ji - c_ij) whatever was played.
    off = ~np.isnan(payoff)
    assert_allclose((payoff - payoff.swapaxes(1, 2))[off], 5 * (c.swapaxes(1, 2) - c)[off], atol=1e-12)
    naive = played.swap_dims(player="name").sel(name="Cooperator", opponent="Defector")
    assert_array_equal(naive["payoff"], 0.0)
    copied = played.swap_dims(player="name").sel(name="TitForTat", opponent="Defector")
    assert_allclose(copied["payoff"], (TURNS - 1) / TURNS, rtol=1e-14)


def test_the_seed_fixes_the_table_in_whatever_order_it_is_played(played, axl, monkeypatch):
    monkeypatch.setattr(
        games, "_played", lambda work, workers: ((i, games.play_star(work[i])) for i in reversed(range(len(work))))
    )
    xr.testing.assert_identical(games.tournament(TURNS, 2, workers=1, seed=3, others=OTHERS), played)
    other = games.tournament(TURNS, 2, workers=1, seed=4, others=OTHERS)
    assert not np.array_equal(other["payoff"], played["payoff"], equal_nan=True)
    fixed = [name not in games.GOVERNED and name != games.GENEROUS for name in played["name"].values]
    assert_array_equal(other["payoff"][:, fixed][:, :, fixed], played["payoff"][:, fixed][:, :, fixed])


@pytest.mark.slow
def test_processes_change_no_number(played):
    xr.testing.assert_identical(games.tournament(TURNS, 2, workers=2, seed=3, others=OTHERS), played)


@pytest.fixture(scope="module")
def bodies():
    return games.bodies(0, 1)[0]


def versus(axl, bodies, agent, thresholded, opponent, turns=30):
    player = games.governed_class()("ours", bodies[True]._replace(agent=agent), thresholded)
    return axl.Match((player, opponent), turns=turns, seed=1).play()


@pytest.mark.parametrize("thresholded", [False, True])
def test_a_body_without_authority_is_the_librarys_tit_for_tat(axl, bodies, thresholded):
    agent = gov.Agent(*map(float, gov.tit_for_tat()._replace(trusting=1.0)))
    for strategy in axl.basic_strategies:
        wanted = axl.Match((axl.TitForTat(), strategy()), turns=30).play()
        assert versus(axl, bodies, agent, thresholded, strategy()) == wanted


def test_an_action_is_a_probability_or_is_rounded_at_one_half(axl, bodies):
    def cooperated(action, thresholded):
        agent = gov.Agent(*map(float, gov.constant(action)))
        return sum(own == axl.Action.C for own, _ in versus(axl, bodies, agent, thresholded, axl.Cooperator(), 400))

    assert (cooperated(0.49, True), cooperated(0.5, True)) == (0, 400)
    # Fails with probability 1e-9 for a right player.
    low, high = stats.binom.ppf([5e-10, 1 - 5e-10], 400, 0.3)
    assert low <= cooperated(0.3, False) <= high


def test_the_body_hears_what_was_played(axl, bodies):
    player = games.governed_class()("ours", bodies[False], True)
    axl.Match((player, axl.Defector()), turns=2, seed=1).play()
    draws = np.random.default_rng(player._seed)
    shape = (len(bodies[False].body.bias),)
    noise = [games.NOISE * draws.standard_normal(size) for size in ((games.WARM_UP, *shape), shape)]
    start, action = gov.consider(bodies[False], gov.warmed(bodies[False], noise[0]), 1.0)
    moved = gov.move(bodies[False], start, float(action >= 0.5), 0.0, noise[1])
    assert_array_equal(player.moment.state, moved.state)


def test_a_better_player_stands_higher_and_intervals_are_students():
    names = [*games.GOVERNED, *games.PEERS]
    rng = np.random.default_rng(0)
    payoff = np.arange(7.0)[:, None] + rng.normal(scale=0.1, size=(4, 7, 7))
    payoff[:, range(7), range(7)] = np.nan
    dims = ("repetition", "player", "opponent")
    data = xr.Dataset(
        {"payoff": (dims, payoff), "cooperation": (dims, np.ones((4, 7, 7)))},
        {"player": names, "opponent": names, "name": ("player", names)},
    )
    table = standings(data)
    assert table["player"].tolist() == names[::-1]
    assert table["rank"].tolist() == table["best_rank"].tolist() == table["worst_rank"].tolist() == list(range(1, 8))
    scores = np.nanmean(payoff, axis=2)[:, 6]
    low, high = stats.t.interval(0.95, 3, scores.mean(), stats.sem(scores))
    assert_allclose(table.loc[0, ["payoff_low", "payoff_high"]].astype(float), [low, high], rtol=1e-12)
    assert (table["cooperation_low"] == 1).all()
    against = comparisons(data).set_index(["player", "beside"])
    row = against.loc[("Governed, probability", "Sentinel off, probability")]
    gaps = np.nanmean(payoff, axis=2)[:, 0] - np.nanmean(payoff, axis=2)[:, 2]
    assert_allclose(row.astype(float), [gaps.mean(), *stats.t.interval(0.95, 3, gaps.mean(), stats.sem(gaps))])


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"turns": 0}, "`--turns` must be at least 1, but is 0."),
        ({"repetitions": 1}, "`--repetitions` must be at least 2, but is 1."),
        ({"workers": 0}, "`--workers` must be at least 1, but is 0."),
        ({"seed": -1}, "`--seed` must be at least 0, but is -1."),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_played(given, sentence):
    with pytest.raises(UserError, match=sentence):
        games.tournament(**given)
