"""`separatrix design` as a user meets it: what it prints and writes, and how it refuses."""

from __future__ import annotations

import json
import sys

import pytest

from paper_repro import cli

HAND = ("--beta", 0.2, "--scale", 0.03, "--correlation", 0.1, "--message-scale", 8, "--widest", 3)


@pytest.fixture
def design(monkeypatch, capsys, tmp_path):
    """`design("--budget", 1e4, ...) -> (exit code, output, errors)` in a folder of its own."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["separatrix", "design", *map(str, words)])
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        printed = capsys.readouterr()
        return exit_.value.code, printed.out, printed.err

    return run


def test_advice_is_printed_and_stored_with_a_figure(design, tmp_path):
    code, out, err = design("--budget", 2**24, "--window", 128, *HAND)
    assert code == 0, err
    # The last row of the specification's chart (6.4): b = 3, m = 42, L = 10.
    assert "build this" in out
    assert "126 of 128 tokens" in out
    assert "saturation (mu* =" in out
    stored = json.loads((tmp_path / "out" / "advice.json").read_text())
    best = stored["best"]
    assert (best["kind"], best["fan_in"], best["message_length"], best["levels"]) == ("tree", 3, 42, 10)
    assert best["bias"] == pytest.approx(0.997591, abs=5e-7)
    assert stored["situation"]["leaf_exponent"] == {"value": 0.2, "low": 0.2, "high": 0.2}
    assert len(stored["curve"]["budget"]) == len(stored["curve"]["tree"])
    for form in ("pdf", "svg", "png"):
        assert (tmp_path / "out" / f"advice.{form}").stat().st_size > 1000


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--budget", -5, "--window", 128, *HAND), "`--budget` must be a positive number"),
        (("--budget", 1e4, "--window", 2, *HAND), "`--window` must be at least 3"),
        (("--budget", 1e4, "--window", 128), "`--beta` is needed"),
        (("--budget", 1e4, "--window", 128, "--from", "nowhere.json"), "Cannot read nowhere.json"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_two(design, tmp_path, words, sentence):
    code, out, err = design(*words)
    assert (code, out) == (2, "")
    assert sentence in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()
