"""Claims C1 to C6 on their quick data: expected verdicts, decoys rejected, and verdicts that can turn."""

import numpy as np
import pytest

from experiments.synergy.majority_claims import CLAIMS
from tests.experiments.quick_row import scaled
from tests.experiments.synergy.quick import dataset, finding_on, shortcomings
from tests.theory.synergy.digits import assert_digits
from theory import synergy

BY_ID = {claim.id.removeprefix("synergy/"): claim for claim in CLAIMS}
TABLE_T1 = {
    3: "1.5", 5: "1.875", 7: "2.1875", 9: "2.4609375", 11: "2.70703125", 13: "2.9326171875", 15: "3.14208984375",
    21: "3.70013809204102", 31: "4.47839789092541", 51: "5.72603380562007", 101: "8.03851297610505",
    201: "11.3260442808605",
}  # fmt: skip


def test_claims_get_the_verdicts_of_the_ledger_and_reject_their_decoys():
    assert not shortcomings(CLAIMS)


WRONG = {
    "C1": ("majority-map", scaled("ballots", 1 + 1e-9)),
    "C2": ("majority-map", scaled("slope", 1 + 1e-9)),
    "C3": ("weak-signal-gain", scaled("gain", 1 + 1e-9)),
    "C4": ("majority-map", lambda ds: ds.assign(ballots=ds.ballots.where(abs(ds.bias) < 0.5, 0.99 * ds.ballots))),
    "C5": ("weak-signal-gain", scaled("gain", 1.5)),
    "C5b": ("weak-signal-gain", lambda ds: ds.assign(gain=ds.gain.where(ds.fan_in != 9, 0.9 * ds.gain))),
    "C5c": ("weak-signal-gain", scaled("gain", 0.99)),
    "C6": ("tied-majority", scaled("ballots", 1 + 1e-9)),
}


@pytest.mark.parametrize("name", WRONG)
def test_claims_are_refuted_by_data_that_are_slightly_wrong(name):
    experiment, change = WRONG[name]
    assert finding_on(BY_ID[name], experiment, change).verdict == "refuted"


def test_table_t1_slopes():
    gain = dataset("weak-signal-gain").gain.sel(correlation=0.0, fidelity=1.0)
    for fan_in, printed in TABLE_T1.items():
        assert_digits(float(gain.sel(fan_in=fan_in)), printed)


def test_f1_check_values():
    counted = dataset("majority-map").ballots
    for fan_in, low, high in (
        (3, ".4365", ".944"),
        (5, ".52966125", ".98288"),
        (7, ".60030853125", ".994544"),
        (11, ".702632552158", ".99940858784"),
    ):
        row = counted.sel(fan_in=fan_in)
        assert_digits(float(row.sel(bias=0.3, method="nearest")), low)
        assert_digits(float(row.sel(bias=0.8, method="nearest")), high)


def test_claim_c6_interpolation_is_another_number_at_even_fan_in():
    beta, tie = synergy.majority_map_real(4.0, 0.37), synergy.fair_tie_majority_map(4, 0.37)
    assert_digits(float(beta - tie), ".0563603")
    tied = dataset("tied-majority").ballots.sel(fan_in=4)
    np.testing.assert_allclose(tied.sel(bias=0.37, method="nearest"), tie, rtol=1e-13)
