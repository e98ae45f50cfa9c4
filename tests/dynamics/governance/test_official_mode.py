"""The official code's numbers: its generator bit by bit, and its stored rows to the digits printed."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from dynamics import governance as gov
from dynamics.governance import xoshiro

MASK = (1 << 64) - 1


def one_by_one(seed, count):
    """The generator in Python's integers."""
    state = [int(word) for word in xoshiro.seeded(seed)]

    def rotated(word, by):
        return ((word << by) | (word >> (64 - by))) & MASK

    for _ in range(count):
        yield rotated((state[1] * 5) & MASK, 7) * 9 & MASK
        shifted = (state[1] << 17) & MASK
        state[2] ^= state[0]
        state[3] ^= state[1]
        state[1] ^= state[2]
        state[0] ^= state[3]
        state[2] ^= shifted
        state[3] = rotated(state[3], 45)


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 1000, 5000])
def test_words_in_lanes_are_the_words_in_order(count):
    assert xoshiro.words(2026, count).tolist() == list(one_by_one(2026, count))


def test_longer_draws_begin_with_the_shorter_ones():
    assert np.array_equal(xoshiro.words(7, 300_000)[:1000], xoshiro.words(7, 1000))


def test_normals_are_the_cosine_of_pairs_of_uniforms():
    u = xoshiro.uniforms(5, 2000)
    assert u.min() >= 0
    assert u.max() < 1
    z = xoshiro.normals(5, 1000)
    assert_allclose(z, np.sqrt(-2 * np.log(u[::2])) * np.cos(2 * np.pi * u[1::2]), rtol=1e-12)
    assert abs(z.mean()) < 4.5 / 1000**0.5


# alpha, KL, mean a_body, mean a, mean payoff, variance, as stored. (Sec. 8.2)
STORED = {
    0: [
        (0.0, 1.540600, 0.984766, 0.898000, 2.888000, 0.09159600),
        (1.0, 0.492486, 0.985310, 0.985310, 2.721908, 0.00014262),
    ],
    7: [(0.5, 0.290985, 0.950266, 0.926133, 2.847808, 0.02473636)],
}


@pytest.mark.parametrize("index", STORED)
def test_t17_stored_rows_of_experiment_2_come_out_to_the_digits_printed(index):
    draws = gov.Published(200 + 1000 * index)
    grown = gov.grown(draws)
    alphas = [row[0] for row in STORED[index]]
    schedule = gov.noisy(draws.uniforms(8000, 2000))
    reference = gov.reference_states(draws, grown.body, grown.readout)
    agents = gov.stacked(*map(gov.static, alphas))
    offsets = [7000 + round(1000 * alpha) for alpha in alphas]
    run = gov.runs(draws, grown.body, grown.readout, agents, schedule, offsets)
    for i, row in enumerate(STORED[index]):
        action = run.decisions.action[i]
        paid = gov.payoff(action, schedule).mean()
        found = (gov.neighbour_divergence(run.states[i], reference), run.decisions.body[i].mean(), action.mean(), paid)
        assert np.max(abs(np.array(found) - row[1:5])) <= 0.51e-6
        assert abs(action.var() - row[5]) <= 0.51e-8


def test_baselines_of_the_official_mode_stand_on_streams_of_their_own():
    draws = gov.Published(200)
    body = gov.new_body(draws, 5)
    readout = gov.Readout(np.ones(5), np.float64(0.0))
    two = gov.baselines(draws, body, readout, [5500, 5501])
    one = gov.baselines(draws, body, readout, [5501])
    assert_allclose(two.state[1], one.state[0])
    assert gov.developed(draws, body, (0.001, 0.01), 20, 60).weights.shape == (2, 5)
