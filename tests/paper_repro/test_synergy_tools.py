"""The row's own commands as a user meets them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from experiments.store import write_whole
from experiments.synergy.example_tables import TABLES
from paper_repro import cli
from paper_repro.tools import synergy

EXAMPLE = Path(__file__).parents[2] / "examples" / "agents.csv"


def test_the_example_file_is_what_its_command_writes(tmp_path):
    assert synergy.example("synthetic", tmp_path / "agents.csv") == 0
    assert (tmp_path / "agents.csv").read_bytes() == EXAMPLE.read_bytes()


def test_calibrate_prints_and_stores_estimates_and_draws_them(tmp_path, capsys):
    assert synergy.calibrate(EXAMPLE, resamples=400, out=tmp_path) == 0
    told = capsys.readouterr().out
    for word in ("beta", "gamma", "rho", "alpha", "mu*", "copy mixture", "P(alpha > 1) = 1", "P(s > beta)"):
        assert word in told
    record = json.loads((tmp_path / "calibration.json").read_text())
    for name in ("beta", "scale", "fidelity", "correlation", "alpha", "saturation", "exponent"):
        assert set(record[name]) == {"value", "low", "high"}
        assert record[name]["low"] <= record[name]["value"] <= record[name]["high"]
    assert record["fan_in"] == 5
    assert record["probability_above_one"] == 1
    assert (tmp_path / "calibration.svg").read_text().startswith("<?xml")


def test_a_bad_table_ends_in_one_sentence_and_exit_code_2(tmp_path, capsys, monkeypatch):
    write_whole(tmp_path / "bad.csv", b"task,agent,compute,correct\n1,a,1,maybe\n")
    monkeypatch.setattr(sys, "argv", ["separatrix", "calibrate", str(tmp_path / "bad.csv"), "--out", str(tmp_path)])
    with pytest.raises(SystemExit) as exit_:
        cli.main()
    assert exit_.value.code == 2
    assert capsys.readouterr().err.endswith("line 2: `correct` must be 0 or 1, but is `maybe`.\n")
    assert not (tmp_path / "calibration.json").exists()
    assert set(TABLES) >= {"synthetic"}
