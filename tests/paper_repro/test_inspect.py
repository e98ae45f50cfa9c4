"""`separatrix inspect` as a user meets it: what it prints in narrow and wide terminals, writes, and refuses."""

from __future__ import annotations

import json
import re
import shutil
import sys

import pytest
import xarray as xr

from paper_repro import cli
from paper_repro.tools import tokens
from tests.experiments.tokens.hugging_face import FOLDER


@pytest.fixture
def command(monkeypatch, capsys, tmp_path):
    """`command(path, "--run", text) -> (exit code, output, errors)`."""
    monkeypatch.chdir(tmp_path)

    def run(*words, width=100):
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setattr(sys, "argv", ["separatrix", "inspect", *map(str, words)])
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        printed = capsys.readouterr()
        return exit_.value.code, printed.out, printed.err

    return run


def test_a_text_is_pushed_and_everything_is_stored(command, tmp_path):
    code, out, err = command(FOLDER / "mamba2", "--run", "token dynamics")
    assert (code, err) == (0, "")
    told = " ".join(out.split())
    for piece in ("Mamba-2 named as in Hugging Face, F32", "6 heads in 2 groups", "From the weights", "3+ 3-",
                  "What theory says", "layers 0-1, raw:", "Where the sign of M is silent", "bytes modulo the",
                  "final norm", "lambda_1"):  # fmt: skip
        assert piece in told, piece
    folder = tmp_path / "out" / "inspect" / "mamba2"
    assert out.split()[-4:] == [f"out/inspect/mamba2/{name}" for name in
                                ("inspection.json", "inspection.nc", "depth.pdf", "depth.png")]  # fmt: skip
    told = json.loads((folder / "inspection.json").read_text())
    assert told["run"]["tokens"] == [ord(letter) % 17 for letter in "token dynamics"]
    assert told["architecture"]["family"] == "mamba2"
    data = xr.open_dataset(folder / "inspection.nc", engine="h5netcdf")
    assert data["norm"].sizes == {"depth": 4, "token": 14}
    assert (folder / "depth.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "depth.pdf").read_bytes().startswith(b"%PDF")


def test_the_weights_alone(command):
    code, out, _ = command(FOLDER / "mamba" / "model.safetensors")
    assert code == 0
    assert "mirror: (M, D, W_out) and (-M, -D, -W_out) are one function" in " ".join(out.split())
    assert "Tokens pushed" not in out


def test_ids_instead_of_a_text(command, monkeypatch):
    monkeypatch.setattr(tokens, "_written", lambda *arguments: [])
    code, out, _ = command(FOLDER / "mamba", "--ids", 3, 1, 4)
    assert code == 0
    assert "3 tokens (ids as given)" in out


@pytest.mark.parametrize("width", [80, 120])
def test_tables_fit_the_terminal(command, monkeypatch, width):
    monkeypatch.setattr(tokens, "_written", lambda *arguments: [])
    _, out, _ = command(FOLDER / "mamba2", "--run", "a", width=width)
    lines = [line.rstrip() for line in out.splitlines()]
    out = "\n".join(lines)
    assert max(map(len, lines)) <= width
    # No number is broken over two lines: every layer of each table is one line.
    assert len(re.findall(r"^ +[01] +[01] +3\+ 3-", out, re.MULTILINE)) == 2
    assert len(re.findall(r"^(embedding|layer [01]|final norm)  .*\d$", out, re.MULTILINE)) == 4


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nowhere.safetensors",), "Cannot read nowhere.safetensors: no such file or folder."),
        (("text.safetensors",), "is not a safetensors file, or is truncated"),
        (("good", "--run", "a", "--ids", "1"), "Give `--run` or `--ids`, not both."),
        (("good", "--run", ""), "the text is empty"),
        (("good", "--ids", "99"), "Token ids must lie in [0, 16], but one is 99."),
        (("good", "--groups", "2"), "Mamba has one group"),
        (("good", "--out", "text.safetensors"), "text.safetensors"),
    ],
)
def test_what_cannot_be_met_is_one_sentence_and_exit_code_two(command, tmp_path, words, sentence):
    (tmp_path / "text.safetensors").write_text("no weights here, only words")
    shutil.copytree(FOLDER / "mamba", tmp_path / "good")
    code, _, err = command(*words)
    assert code == 2
    assert err.startswith("separatrix: ")
    assert err.count("\n") == 1
    assert sentence in err
