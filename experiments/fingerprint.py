"""Fingerprints: what a stored number depends on, so that stale data are never taken for fresh ones."""

from __future__ import annotations

import ast
import hashlib
import importlib.metadata
import importlib.util
import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from experiments import keys
from experiments.experiment import Experiment
from experiments.space import Space

PHYSICS = ("theory", "dynamics")
PACKAGES = ("jax", "jaxlib", "numpy")


@lru_cache
def _source(module: str) -> tuple[str, tuple[str, ...]]:
    """A module's code without comments and docstrings, and the modules of the house it imports."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return "", ()
    tree = ast.parse(Path(spec.origin).read_text())
    imported = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = module if spec.submodule_search_locations else module.rpartition(".")[0]
            base = (
                importlib.util.resolve_name("." * node.level + (node.module or ""), package)
                if node.level
                else node.module
            )
            imported += [base, *(f"{base}.{alias.name}" for alias in node.names)]
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    house = {name for name in imported if name.split(".")[0] in PHYSICS and _exists(name)}
    return ast.dump(tree), tuple(sorted(house))


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def code_fingerprint(cell: Callable) -> str:
    """A hash of the cell's own module and of every module of theory and dynamics that it reaches.

    Comments, docstrings and layout do not count, and neither does the machinery: only what can change a number.
    """
    found: dict[str, str] = {}
    waiting = [cell.__module__]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found[module], reached = _source(module)
            waiting += reached
    text = json.dumps([(name, found[name]) for name in sorted(found)])
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def versions() -> dict[str, str]:
    """Versions of the packages whose arithmetic the numbers come from."""
    return {name: importlib.metadata.version(name) for name in PACKAGES}


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
        "versions": versions(),
    }


def digest(record: dict) -> str:
    """A short hash of plain data, the same on every machine."""
    return hashlib.blake2b(json.dumps(record, sort_keys=True).encode(), digest_size=8).hexdigest()
