"""Advice for a budget: what it puts together, what it refuses, and what it says."""

import json
import math

import pytest

from experiments.errors import UserError
from experiments.synergy.advice import Known, advise, read_calibration, situation

HAND = {"beta": 0.2, "scale": 0.03, "correlation": 0.1, "message_scale": 8.0}
CALIBRATION = {
    "beta": {"value": 0.2, "low": 0.18, "high": 0.22},
    "scale": {"value": 0.03, "low": 0.03, "high": 0.03},
    "correlation": {"value": 0.1, "low": 0.05, "high": 0.15},
    "fidelity": {"value": 0.9, "low": 0.85, "high": 0.94},
}


@pytest.fixture
def calibration(tmp_path):
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps(CALIBRATION))
    return path


@pytest.fixture(scope="module")
def chart():
    """Row 2^16 of the specification's chart (6.4)."""
    return advise(situation(2.0**16, 128, widest=5, **HAND))


def test_spec_6_4_row_is_the_advice(chart):
    assert (chart.best.kind, chart.best.fan_in, chart.best.message_length, chart.best.levels) == ("tree", 5, 25, 4)
    assert chart.best.bias == pytest.approx(0.498367, abs=5e-7)
    assert chart.best.compute == pytest.approx(42.4576)
    assert chart.single.bias == pytest.approx(0.275688, abs=5e-7)
    # Stars of every size are tried, not only of the fan-ins of trees.
    assert (chart.star.fan_in, chart.star.message_length) == (7, 18)
    assert chart.star.bias == pytest.approx(0.336447, abs=5e-7)
    assert chart.best.accuracy == (1 + chart.best.bias) / 2


def test_reasons_name_the_window_and_the_window_of_synergy(chart):
    told = " ".join(chart.reasons)
    assert "125 of 128 tokens" in told
    assert "within its window of synergy" in told
    assert chart.laws["s"] > chart.laws["beta"]
    assert chart.laws["B_first"] < 2.0**16 < chart.laws["B_last"]


def test_a_given_parameter_has_no_interval_and_a_calibrated_one_is_carried_through(chart, calibration):
    assert chart.bias.low == chart.bias.high == chart.best.bias
    found = advise(situation(2.0e4, 40, calibration, message_length=8, widest=5))
    assert found.bias.low < found.best.bias < found.bias.high
    assert found.best.message_length in (0, 8)
    assert 0 <= found.wins <= 1
    assert found.advantage.low <= found.advantage.value <= found.advantage.high


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"correlation": 0.95}, "gains less than one agent"),
        ({"correlation": 0.9, "message_scale": 200.0}, "loses weak signals"),
        ({"budget": 100.0}, "With more budget an organisation wins"),
        ({"scale": 0.9}, "window of synergy is empty"),
    ],
)
def test_one_agent_is_advised_for_a_reason(changed, words):
    options = {"budget": 2.0**16, **HAND, **changed}
    budget = options.pop("budget")
    found = advise(situation(budget, 128, widest=5, **options))
    assert found.best.kind == "one agent"
    assert words in " ".join(found.reasons)


def test_options_win_over_the_calibration(calibration):
    asked = situation(1e4, 64, calibration, beta=0.3, message_length=8)
    assert asked.leaf_exponent == Known.exactly(0.3)
    assert asked.correlation == Known(0.1, 0.05, 0.15)
    assert asked.fidelity == Known(0.9, 0.85, 0.94)
    assert situation(1e4, 64, calibration, message_scale=8.0).fidelity is None


def test_intervals_are_cut_to_what_the_law_allows(tmp_path):
    path = tmp_path / "calibration.json"
    record = {**CALIBRATION, "correlation": {"value": 0.01, "low": -0.03, "high": 0.05}}
    path.write_text(json.dumps(record))
    assert situation(1e4, 64, path, message_length=8).correlation == Known(0.01, 0.0, 0.05)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"budget": -1.0}, "`--budget` must be a positive number"),
        ({"budget": math.nan}, "`--budget` must be a positive number"),
        ({"window": 2}, "`--window` must be at least 3"),
        ({"widest": 4}, "`--widest` must be an odd number"),
        ({"deepest": 0}, "`--deepest` must be from 1"),
        ({"beta": None}, "`--beta` is needed"),
        ({"beta": -0.1}, "`--beta` must be positive"),
        ({"scale": 0.0}, "`--scale` must be positive"),
        ({"correlation": 1.5}, "`--correlation` must be from 0 to 1"),
        ({"message_scale": None}, "reliability is not known"),
        ({"fidelity": 0.9}, "give one of them"),
        ({"message_scale": None, "fidelity": 0.9}, "`--message-length` is needed"),
        ({"message_scale": None, "fidelity": 1.9, "message_length": 8}, "`--fidelity` must be from 0 to 1"),
        ({"message_length": 0}, "`--message-length` must be at least 1"),
        ({"aggregator_compute": -1.0}, "`--aggregator-compute` must be at least 0"),
    ],
)
def test_bad_requests_are_one_sentence(options, words):
    asked = {"budget": 1e4, "window": 64, **HAND, **options}
    with pytest.raises(UserError, match=words) as refused:
        situation(**asked)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not json", "is no JSON file"),
        ("[1, 2]", "holds no calibration"),
        ("{}", "holds no calibration"),
        ('{"correlation": {"value": 0.1}}', "`correlation` must have a value, a low and a high"),
        ('{"correlation": {"value": "x", "low": 0, "high": 1}}', "`correlation` must have a value"),
    ],
)
def test_bad_calibrations_are_one_sentence(tmp_path, text, words):
    path = tmp_path / "calibration.json"
    path.write_text(text)
    with pytest.raises(UserError, match=words):
        read_calibration(path)
    with pytest.raises(UserError, match="Cannot read"):
        read_calibration(tmp_path / "missing.json")
