"""Budgets end to end: expected verdicts, decoys rejected, verdicts that can turn, and the tables of 5.5 and 5.6."""

import numpy as np
import pytest

from experiments.synergy.budgets import TABLED
from experiments.synergy.budgets_claims import CLAIMS
from tests.experiments.synergy.quick import dataset, finding, finding_on, shortcomings

BY_ID = {claim.id.removeprefix("synergy/"): claim for claim in CLAIMS}


@pytest.fixture(scope="module")
def findings():
    return {found.id.removeprefix("synergy/"): found for found in map(finding, CLAIMS)}


def test_claims_get_the_verdicts_of_the_ledger_and_reject_their_decoys(findings):
    assert not shortcomings(CLAIMS, findings.values())


def test_refuted_claims_have_sharp_versions_that_hold(findings):
    refuted = {name for name, found in findings.items() if found.verdict == "refuted"}
    assert refuted == {"C31", "C35", "D3", "C36-depth"}
    assert all(findings[name].sharp_holds for name in refuted)


def grown(*names, by=1 + 1e-9):
    return lambda ds: ds.assign({name: ds[name] * by for name in names})


def moved(*names, by=1e-9):
    return lambda ds: ds.assign({name: ds[name] + by for name in names})


WRONG = {
    "C29": ("growth-budget", moved("log_compute_low", "log_compute_high")),
    "C29-value": ("growth-budget", moved("log_bias")),
    "C30": ("growth-budget", moved("log_even_low", "log_even_high")),
    "C30-product": ("growth-budget", moved("log_even_low", "log_even_high")),
    "C31-agents": ("growth-budget", grown("agents")),
    "C32": ("break-even-depth", moved("log_pay_low", "log_pay_high", by=1e-8)),
    "C32-approximate": ("break-even-depth", moved("log_pay_low", "log_pay_high", by=1e-8)),
    "D10": ("break-even-depth", moved("log_pay_low", "log_pay_high", by=1e-8)),
    "C33": ("synergy-windows", grown("last_low", "last_high", by=1.01)),
    "C33-random": ("random-windows", grown("last_low", "last_high", by=1.01)),
    "C34": ("synergy-windows", grown("first_low", "first_high", by=1 + 1e-7)),
    "C34-random": ("random-windows", grown("last_low", "last_high", by=1 + 1e-7)),
    "C51": ("square-root-null", grown("ratio", by=1.2)),
    "C36": ("frontier", grown("tree")),
}


@pytest.mark.parametrize("name", WRONG)
def test_claims_are_refuted_by_data_that_are_slightly_wrong(name):
    experiment, change = WRONG[name]
    assert finding_on(BY_ID[name], experiment, change).verdict == "refuted"


def test_table_5_5_is_drawn():
    ds = dataset("synergy-windows")
    wanted = {
        (5, 8.0, 0.1, 0.9, 0.2, 0.001): (149.4, 9.30e14, 5.19),
        (5, 8.0, 0.1, 0.9, 0.2, 0.05): (151.8, 2.695e6, 1.481),
        (5, 16.0, 0.2, 0.95, 0.25, 0.05): (719, 3.50e4, 1.046),
        (9, 4.0, 0.3, 0.85, 0.1, 0.05): (75.1, 5.39e12, 3.48),
    }
    for system, (first, last, ratio) in wanted.items():
        row = ds.isel(system=TABLED.index(system))
        assert float(row.first_low) == pytest.approx(first, rel=1e-2)
        assert float(row.last_high) == pytest.approx(last, rel=1e-2)
        assert float(row.ratio) == pytest.approx(ratio, rel=3e-3)
    empty = {TABLED[i] for i in np.flatnonzero(ds.exists.values == 0)}
    assert empty == {
        *((5, 16.0, 0.2, 0.95, 0.25, k) for k in (0.1, 0.2)),
        *((7, 10.0, 0.1, 0.9, 0.3, k) for k in (0.03, 0.1)),
        (11, 10.0, 0.0, 0.99, 0.35, 0.05),
        *((5, 8.0, 0.1, 0.9, 0.29, k) for k in (0.02, 0.03)),
        *((5, 8.0, rho, 0.9, 0.2, 0.02) for rho in (0.4, 0.5)),
    }


def test_table_5_6_the_capped_star_wins_first_and_loses_later():
    ds = dataset("frontier")
    lead = (ds.star - ds.tree).sel(log_budget=slice(2.4, 6.4))
    early, late = lead.sel(log_budget=slice(2.4, 3.0)), lead.sel(log_budget=slice(3.5, 6.4))
    assert bool((early > 0).all())
    assert bool((late < 0).all())
