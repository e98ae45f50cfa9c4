"""The commands as a user meets them: what they print, what they write, how they exit."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import xarray as xr

from paper_repro import cli, registry
from tests.experiments import toys
from tests.paper_repro import toy_paper


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """`command("check", "toys") -> (exit code, output, errors)` in a house whose only paper is the toy."""
    monkeypatch.setattr(registry, "PAPERS", (toy_paper.TOYS,))
    monkeypatch.setenv("MOODY", str(tmp_path / "no trouble"))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["separatrix", *map(str, words)])
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        printed = capsys.readouterr()
        return exit_.value.code, printed.out, printed.err

    return run


@pytest.mark.parametrize("word", ["--help", "list"])
def test_help_and_list_import_neither_jax_nor_xarray(word):
    script = (
        "import sys; from paper_repro.cli import main\n"
        "try: main()\n"
        "except SystemExit as exit_: assert not exit_.code\n"
        "heavy = {'jax', 'xarray', 'matplotlib', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", script, word], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_list_names_every_experiment_figure_and_claim_with_its_cost(command):
    code, out, _ = command("list")
    assert code == 0
    for text in ("toys/powers", "toys/curve", "toys/P2", "refuted", "1.0 s"):
        assert text in out


def test_reproduce_writes_data_figures_verdicts_and_the_report(command, tmp_path):
    code, out, err = command("reproduce")
    assert code == 0, out + err
    for form in ("pdf", "svg", "png"):
        assert (tmp_path / "out" / "figures" / "toys" / f"curve.{form}").stat().st_size > 1000
    findings = json.loads((tmp_path / "out" / "verdicts" / "toys.json").read_text())
    assert [finding["verdict"] for finding in findings] == ["holds", "refuted"]
    report = (tmp_path / "out" / "report.html").read_text()
    assert "the cell returns x^d" in report
    assert "<svg" in report
    # Self-contained: nothing is fetched (name spaces and citations are no fetches).
    assert not re.search(r'(src|<link[^>]*href)="?http', report)
    first = {p: p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.suffix in (".nc", ".pdf", ".svg", ".png")}
    assert command("reproduce")[0] == 0
    assert all(path.read_bytes() == content for path, content in first.items())


def test_check_exits_with_one_when_a_verdict_differs_from_the_ledger(command, monkeypatch):
    assert command("check")[0] == 0
    wrong = toy_paper.LEDGER.replace('expect = "holds"', 'expect = "loose"')
    monkeypatch.setattr(toy_paper, "LEDGER", wrong)
    code, out, _ = command("check", "toys")
    assert code == 1
    assert "toys/P1: expected loose, found holds" in out


def test_a_sweep_of_ones_own_takes_symbols_and_ranges(command):
    code, out, err = command("sweep", "toys/powers", "--set", "x=0:2:5", "--set", "d=2")
    assert code == 0, err
    dataset = xr.open_dataset(out.strip(), engine="h5netcdf")
    assert dataset["power"].dims == ("x", "degree", "replicate")
    assert dataset["x"].values.tolist() == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert dataset["degree"].values.tolist() == [2]


def test_status_shows_how_far_each_run_is(command):
    assert "No runs in out" in command("status")[1]
    command("sweep", "toys/growth")
    code, out, _ = command("status")
    assert code == 0
    assert re.search(r"toys/growth\s+quick\s+1/1\s+finished", out)


def test_cite_prints_what_was_run(command):
    code, _, err = command("cite")
    assert (code, "name the papers" in err) == (2, True)
    command("sweep", "toys/growth")
    code, out, _ = command("cite")
    assert code == 0
    assert "@misc{lovelace2026toys," in out
    assert "{Ada Lovelace and Alan Turing}" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("check", "novel"), "Unknown paper `novel`: choose from toys."),
        (("figure", "toys/portrait"), "Unknown figure `toys/portrait`: choose from toys/curve."),
        (("figure", "curve"), "write paper/name"),
        (("sweep", "toys/powers", "--set", "tilt=1"), "Unknown axis `tilt`"),
        (("sweep", "toys/powers", "--set", "x"), "write NAME=values"),
        (("sweep", "toys/powers", "--set", "x=0:1:0"), "Axis `x` is empty"),
        (("sweep", "toys/powers", "--set", "x=0:inf:3"), "`x` must be finite"),
        (("sweep", "toys/powers", "--scale", "paper"), "Unknown scale 'paper'"),
        (("sweep", "toys/growth", "--workers", "0"), "`workers` must be at least 1"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_two(command, tmp_path, words, sentence):
    code, out, err = command(*words)
    assert code == 2
    assert sentence in err
    assert err.startswith("separatrix: ")
    assert (err.count("\n"), out) == (1, "")
    assert not (tmp_path / "out" / "data").exists()


def test_an_output_folder_that_is_a_file_is_one_sentence(command, tmp_path):
    (tmp_path / "out").write_text("")
    code, _, err = command("sweep", "toys/growth")
    assert code == 2
    assert re.fullmatch(r"separatrix: Cannot write .*\n", err)


def test_failed_shards_exit_with_three_and_keep_the_rest(command, tmp_path, monkeypatch):
    trouble = tmp_path / "trouble"
    trouble.touch()
    monkeypatch.setenv("MOODY", str(trouble))
    code, _, err = command("sweep", "toys/moody")
    assert code == 3
    assert "3 of 3 shards failed" in err
    assert re.search(r"toys/moody.*failed", command("status")[1])
    trouble.unlink()
    assert command("sweep", "toys/moody")[0] == 0


def test_an_interrupted_command_says_how_to_go_on(command, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("experiments.shard.evaluate", interrupted)
    code, _, err = command("sweep", "toys/growth")
    assert code == 130
    assert "goes on from there" in err


def test_a_log_gets_plain_lines(command):
    _, _, err = command("sweep", "toys/powers")
    lines = [line for line in err.splitlines() if "toys/powers" in line]
    assert lines[-1].endswith("9/9 shards")
    assert not re.search(r"\x1b\[", err)


def test_toys_are_what_their_ledger_says():
    assert {toys.POWERS.name, toys.GROWTH.name} == {f"toys/{name}" for name in toy_paper.TOYS.ledger().experiments}
