"""Fingerprints: stale numbers are never taken for fresh ones, and a comment recomputes nothing."""

from __future__ import annotations

import dataclasses
import platform

from experiments import fingerprint
from experiments.space import Space, listing
from experiments.synergy import transition
from tests.experiments.toys import POWERS

CODE = '''
"""What it does."""
import numpy
from dynamics.synergy import recursion
from experiments.space import Space
from experiments.synergy import quantities


def level(x):
    """One level."""
    return x * 2
'''


def stripped(text):
    return fingerprint._stripped(text, "experiments.synergy")


def test_the_packages_an_experiment_names_and_the_interpreter_count():
    named = dataclasses.replace(POWERS, packages=("optax", "python"))
    space = POWERS.space("quick")
    plain, more = (fingerprint.recipe(experiment, space, 0)["versions"] for experiment in (POWERS, named))
    assert plain == fingerprint.versions()
    assert set(more) - set(plain) == {"optax", "python"}
    assert more["python"] == platform.python_version()


def test_comments_docstrings_and_layout_do_not_count_but_code_does():
    base = stripped(CODE)[0]
    assert stripped(CODE.replace("One level.", "Another text."))[0] == base
    assert stripped(CODE.replace("x * 2", "x*2  # twice"))[0] == base
    assert stripped(CODE.replace("x * 2", "x * 3"))[0] != base


def test_what_counts_is_theory_dynamics_and_the_row_but_not_the_machinery():
    assert stripped(CODE)[1] == ("dynamics.synergy", "dynamics.synergy.recursion", "experiments.synergy.quantities")
    assert stripped("from .orbits import long_run")[1] == ("experiments.synergy.orbits",)


def test_a_cell_reaches_its_rows_helpers_and_the_simulators_behind_them():
    cell = next(e for e in transition.EXPERIMENTS if e.name == "synergy/phase-diagram").cell
    found = set(fingerprint.sources(cell))
    assert {cell.__module__, "experiments.synergy.orbits", "dynamics.synergy.recursion"} <= found
    assert not {"experiments.experiment", "experiments.claim"} & found


def test_everything_a_number_depends_on_changes_the_recipe():
    space = POWERS.space("quick")
    base = fingerprint.digest(fingerprint.recipe(POWERS, space, 0))
    others = [
        fingerprint.recipe(POWERS, space, 1),
        fingerprint.recipe(POWERS, Space((listing("x", (0.5,)),), {"degree": 2}), 0),
        fingerprint.recipe(dataclasses.replace(POWERS, precision="float32"), space, 0),
    ]
    assert base not in [fingerprint.digest(other) for other in others]
    assert base == fingerprint.digest(fingerprint.recipe(POWERS, space, 0))
