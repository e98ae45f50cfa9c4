"""`separatrix tournament` as a user meets it: what it prints and writes, and how it refuses."""

from __future__ import annotations

import json
import sys
from functools import partial

import pandas as pd
import pytest
import xarray as xr

from experiments.governance import tournament as games
from paper_repro import cli


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """`command("--turns", 5, ...) -> (exit code, output, errors)` in a folder of its own."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["separatrix", "tournament", *map(str, words)])
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        printed = capsys.readouterr()
        return exit_.value.code, printed.out, printed.err

    return run


def test_a_tournament_is_told_and_stored_with_a_figure(command, monkeypatch, tmp_path):
    pytest.importorskip("axelrod")
    monkeypatch.setattr(games, "tournament", partial(games.tournament, others=("Grudger",)))
    code, out, err = command("--turns", 4, "--repetitions", 2, "--workers", 1)
    assert code == 0, err
    assert "16 players, 4 rounds a match, 2 repetitions" in out
    assert "Governed, probability earns" in out
    for name in ("Sentinel off, threshold", "Tit For Tat", "GTFT", "Defector"):
        assert name in out
    folder = tmp_path / "out" / "tournament"
    ranking = pd.read_csv(folder / "ranking.csv")
    stored = json.loads((folder / "tournament.json").read_text())
    assert [row["player"] for row in stored["ranking"]] == ranking["player"].tolist()
    assert (stored["turns"], stored["seed"], stored["repetitions"], stored["players"]) == (4, 0, 2, 16)
    with xr.open_dataset(folder / "tournament.nc", engine="h5netcdf") as played:
        assert played["payoff"].sizes == {"repetition": 2, "player": 16, "opponent": 16}
    for form in ("pdf", "svg", "png"):
        assert (folder / f"tournament.{form}").stat().st_size > 1000


def test_without_the_library_one_sentence_says_how_to_get_it(command, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "axelrod", None)
    games.library.cache_clear()
    code, out, err = command()
    assert (code, out) == (2, "")
    assert err == (
        "separatrix: The tournament needs the Axelrod library, which is not installed: "
        "pip install -e '.[tournament]'.\n"
    )
    assert not (tmp_path / "out" / "tournament").exists()


def test_a_bad_argument_is_one_sentence_and_exit_code_two(command):
    assert command("--turns", 0) == (2, "", "separatrix: `--turns` must be at least 1, but is 0.\n")
