"""Nothing is forgotten silently: everything a row defines is registered, expected, documented and used."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

from experiments.claim import CAPACITY
from experiments.ledger import audit
from paper_repro.registry import PAPERS

ROOT = Path(__file__).parents[1]
ROWS = pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.name)


def short(names):
    return {name.split("/")[1] for name in names}


@ROWS
def test_claims_are_what_the_ledger_lists(paper):
    assert not [str(difference) for difference in audit(paper.claims(), paper.ledger())]


@ROWS
def test_experiments_and_figures_are_what_the_ledger_lists(paper):
    book = paper.ledger()
    assert short(paper.experiments()) == set(book.experiments)
    assert short(paper.figures()) == {figure.name for figure in book.figures.values()}
    for figure in book.figures.values():
        assert tuple(sorted(short(paper.figures()[f"{paper.name}/{figure.name}"].experiments))) == tuple(
            sorted(figure.experiments)
        ), figure.name


@ROWS
def test_every_sweep_is_read_by_a_claim_or_a_figure_at_both_scales(paper):
    read = {name for claim in paper.claims() for name in claim.experiments}
    read |= {name for figure in paper.figures().values() for name in figure.experiments}
    assert read == set(paper.experiments())
    for experiment in paper.experiments().values():
        assert {"quick", "paper"} <= set(experiment.scales), experiment.name


@ROWS
def test_every_sweep_has_a_measured_cost(paper):
    for name, entry in paper.ledger().experiments.items():
        assert entry.quick_seconds > 0, name
        assert entry.paper_seconds > 0, name


def test_the_house_holds_no_more_claims_than_its_family_level_was_divided_for():
    assert sum(len(paper.claims()) for paper in PAPERS) <= CAPACITY


def modules():
    for package in ("theory", "dynamics", "experiments", "figures", "paper_repro"):
        for found in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
            if not found.name.endswith("__main__"):
                yield found.name


@pytest.mark.parametrize("name", list(modules()))
def test_every_module_and_public_function_is_documented(name):
    module = importlib.import_module(name)
    assert inspect.getdoc(module), name
    for label, thing in vars(module).items():
        local = getattr(thing, "__module__", None) == name
        if local and not label.startswith("_") and (inspect.isfunction(thing) or inspect.isclass(thing)):
            assert inspect.getdoc(thing), f"{name}.{label}"


@pytest.mark.parametrize("package", ["theory", "dynamics"])
@ROWS
def test_every_public_name_is_run_by_some_test(package, paper):
    row = importlib.import_module(f"{package}.{paper.name}")
    text = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__))
    words = set(re.findall(r"\w+", text))
    public = [name for name, thing in vars(row).items() if not name.startswith("_") and inspect.isfunction(thing)]
    # A battery that walks over all public functions runs them without naming them.
    walked = f"Battery(\n    {paper.name}," in text and package == "theory"
    assert walked or not [name for name in public if name not in words]
