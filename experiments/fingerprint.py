"""Fingerprints: what a stored number depends on, so that stale data are never taken for fresh ones."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import importlib.util
import inspect
import json
import platform
import sys
import textwrap
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

from experiments import keys
from experiments.experiment import Experiment
from experiments.space import Space

PHYSICS = ("theory", "dynamics")
PACKAGES = ("jax", "jaxlib", "numpy")


def _stripped(text: str, package: str) -> tuple[str, tuple[str, ...]]:
    """Code without comments, docstrings and layout, and the modules it imports that can change a number."""
    tree = ast.parse(text)
    imported = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            relative = "." * node.level + (node.module or "")
            base = importlib.util.resolve_name(relative, package) if node.level else relative
            imported += [base, *(f"{base}.{alias.name}" for alias in node.names)]
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    house = {name for name in imported if _counts(name) and _exists(name)}
    return ast.dump(tree), tuple(sorted(house))


@lru_cache
def _module(name: str) -> tuple[str, tuple[str, ...]]:
    spec = importlib.util.find_spec(name)
    package = name if spec.submodule_search_locations else name.rpartition(".")[0]
    return _stripped(Path(spec.origin).read_text(), package)


def _counts(module: str) -> bool:
    """Theory, dynamics, and what a row keeps beside its cells; not the machinery, `experiments.space` and the like."""
    package, *inner = module.split(".")
    return package in PHYSICS or (package == "experiments" and len(inner) > 1)


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def sources(cell: Callable) -> dict[str, str]:
    """The code of the cell's own module and of every module of theory, dynamics and its row that it reaches."""
    home = sys.modules[cell.__module__]
    # A notebook's cell has no module file; the function itself is then all there is to read.
    own = inspect.getsource(home if getattr(home, "__file__", None) else cell)
    found: dict[str, str] = {}
    found[cell.__module__], waiting = _stripped(textwrap.dedent(own), home.__package__ or "")
    waiting = list(waiting)
    while waiting:
        module = waiting.pop()
        if module not in found:
            found[module], reached = _module(module)
            waiting += reached
    return found


def code_fingerprint(cell: Callable) -> str:
    """A hash of a cell's `sources`.

    Comments, docstrings and layout do not count, and neither does the machinery: only what can change a number.
    """
    text = json.dumps(sorted(sources(cell).items()))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def versions(more: Iterable[str] = ()) -> dict[str, str]:
    """Versions of the packages whose arithmetic the numbers come from; "python" among `more` is the interpreter."""
    own = {"python": platform.python_version()}
    return {name: own.get(name) or importlib.metadata.version(name) for name in (*PACKAGES, *more)}


def recipe(experiment: Experiment, space: Space, seed: int) -> dict:
    """Everything a run's numbers depend on, as plain data: the deterministic part of its birth certificate."""
    return {
        "experiment": experiment.name,
        "space": space.to_json(),
        "static": list(experiment.static),
        "shard_cells": experiment.shard_cells,
        "precision": experiment.precision,
        "root_seed": seed,
        "keys": keys.SCHEME,
        "code": code_fingerprint(experiment.cell),
        "versions": versions(experiment.packages),
    }


def digest(record: dict) -> str:
    """A short hash of plain data, the same on every machine."""
    return hashlib.blake2b(json.dumps(record, sort_keys=True).encode(), digest_size=8).hexdigest()
