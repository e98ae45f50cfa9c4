"""What a training of hours tells: on standard error, in its folder, and to `status`."""

from __future__ import annotations

import json

import pytest
from rich.console import Console

from experiments import trainings
from experiments.errors import StoreError
from paper_repro.tables import show_trainings


def test_each_checkpoint_is_told_and_read_from_elsewhere(tmp_path, capsys, monkeypatch):
    """Two hours a hundred steps: at 200 of 500 steps six hours are left."""
    clock = iter([0.0, 7200.0])
    monkeypatch.setattr(trainings.time, "monotonic", lambda: next(clock))
    folder = tmp_path / "data" / "toys" / "kept" / "large-0" / "network"
    folder.mkdir(parents=True)
    watch = trainings.telling(folder, 500)
    watch(100, 0.5)
    watch(200, 0.25)
    assert capsys.readouterr().err.splitlines() == [
        "network: 100 of 500 steps, loss 0.5",
        "network: 200 of 500 steps, loss 0.25, 6.0 h left",
    ]
    # A line torn by a kill is passed over.
    with open(folder / trainings.PROGRESS, "a") as file:
        file.write(json.dumps({"done": 300})[:-3])
    ((found, told),) = trainings.trainings(tmp_path)
    assert (found, told["done"], told["steps"], told["loss"]) == (folder, 200, 500, 0.25)
    console = Console(width=120, record=True)
    show_trainings([(found, told)], console)
    text = console.export_text()
    assert "toys/network" in text
    assert "200/500" in text
    assert list(trainings.trainings(tmp_path / "nowhere")) == []


def test_a_folder_that_cannot_be_written_ends_with_one_sentence(tmp_path):
    with pytest.raises(StoreError, match=r"Cannot write .*progress\.jsonl: No such file or directory"):
        trainings.telling(tmp_path / "gone", 10)(1, 0.1)
