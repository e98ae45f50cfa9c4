"""Section 6.4 of the specification: the design chart, every design tried."""

import numpy as np
import pytest

from theory import synergy

from .digits import assert_digits

CHANNEL = synergy.ExponentialChannel(8.0)
FAN_INS = range(3, 16, 2)
# log2 B: single, best mu, b, m, L, x | best star mu, N, m (W = 128, rho = .1, beta = .2, k = .03)
CHART = """
8  .090943 .090943 0 0  0  256        | .085649 3 21
9  .104466 .114070 7 18 1  37.142857  | -
10 .120000 .141583 7 18 1  110.285714 | -
11 .137844 .167326 7 18 1  256.571429 | -
12 .158341 .218897 5 25 2  103.84     | .194396 7 18
13 .181886 .264766 7 18 2  126.040816 | .224103 7 18
14 .208932 .337433 5 25 3  69.072     | .257277 7 18
16 .275688 .498367 5 25 4  42.4576    | .336447 7 18
18 .363772 .689443 5 25 4  357.0304   | .435613 7 18
20 .480000 .882239 5 25 5  273.06432  | .555839 7 18
22 .633364 .975411 3 42 9  87.099121  | .694885 5 25
24 .835729 .997591 3 42 10 158.12576  | .838644 5 25
"""
ROWS = [line.split() for line in CHART.strip().splitlines()]
BUDGETS = 2.0 ** np.array([int(row[0]) for row in ROWS])


@pytest.fixture(scope="module")
def chart():
    return [synergy.best_design(CHANNEL, 0.1, 0.2, 0.03, BUDGETS, 128, FAN_INS, star=star) for star in (False, True)]


@pytest.mark.parametrize("place", range(len(ROWS)), ids=[f"2^{row[0]}" for row in ROWS])
def test_table_6_4_design_chart(chart, place):
    _, single, bias, fan_in, length, depth, compute, _, *star = ROWS[place]
    tree, hub = (type(part)(*(np.asarray(column)[place] for column in part)) for part in chart)
    assert (tree.fan_in, tree.message_length, tree.depth) == (int(fan_in), int(length), int(depth))
    assert_digits(tree.bias, bias)
    assert_digits(tree.compute, compute)
    assert_digits(synergy.leaf_bias(0.2, 0.03, BUDGETS[place]), single)
    if BUDGETS[place] >= 2**9:
        assert 128 - tree.fan_in < tree.fan_in * tree.message_length <= 128
    if star[0] != "-":
        assert_digits(hub.bias, star[0])
        assert (hub.fan_in, hub.message_length) == (int(star[1]), int(star[2]))


def test_bad_arguments_are_refused_by_name():
    good = (CHANNEL, 0.1, 0.2, 0.03, BUDGETS[:1], 128, FAN_INS)
    for place, value, name in [
        (1, 1.5, "correlation"),
        (2, np.nan, "leaf_exponent"),
        (3, 0.0, "leaf_scale"),
        (4, np.array([-1.0]), "budgets"),
        (5, 2, "window"),
        (6, (4,), "fan_ins"),
    ]:
        with pytest.raises(ValueError, match=f"`{name}`"):
            synergy.best_design(*good[:place], value, *good[place + 1 :])
