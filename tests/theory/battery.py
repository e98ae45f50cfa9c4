"""What every public function of a row's theory goes through by being listed once.

battery = Battery(row, POINT, ...)
@pytest.mark.parametrize("name", battery.functions)
def test_contract(name): battery.check(name)
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose


@dataclass(frozen=True)
class Battery:
    """The public functions of a theory row, at one generic point of their arguments.

    point: a value for each argument's name; floats are continuous (traced, batched, differentiated), anything else
    is fixed.  special: for one function, other values by argument.  stepwise: functions whose gradient is not that
    of a smooth law.  one_at_a_time: functions of scalars only, or whose result is no scalar; single precision meets
    them through vmap.  elsewhere: modules (by the end of their names) whose functions have a battery of their own.
    """

    row: ModuleType
    point: Mapping[str, Any]
    special: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    stepwise: frozenset[str] = frozenset()
    one_at_a_time: frozenset[str] = frozenset()
    elsewhere: tuple[str, ...] = ()

    @cached_property
    def functions(self) -> list[str]:
        return sorted(
            name
            for name, value in vars(self.row).items()
            if inspect.isfunction(value) and not name.startswith("_") and not self._has_its_own(value)
        )

    def _has_its_own(self, function) -> bool:
        return bool(self.elsewhere) and function.__module__.endswith(self.elsewhere)

    @cached_property
    def continuous(self) -> list[str]:
        """The functions that have continuous arguments."""
        return [name for name in self.functions if self.split(name)[1].size]

    @cached_property
    def public(self) -> list[str]:
        return [name for name, value in vars(self.row).items() if name[0] != "_" and not inspect.ismodule(value)]

    def split(self, name: str):
        """The function of its continuous arguments alone, and their values."""
        function = getattr(self.row, name)
        fixed, continuous, values = {}, [], []
        for argument, parameter in inspect.signature(function).parameters.items():
            given = self.special.get(name, {})
            if argument not in given and parameter.default is not inspect.Parameter.empty:
                continue
            value = given.get(argument, self.point.get(argument))
            assert value is not None, f"the battery's point has no `{argument}`, which {name} takes"
            if isinstance(value, float):
                continuous.append(argument)
                values.append(value)
            else:
                fixed[argument] = value

        def of_continuous(*arguments):
            return function(**fixed, **dict(zip(continuous, arguments, strict=True)))

        return of_continuous, np.array(values)

    def check(self, name: str) -> None:
        """jit = no jit, vmap = loop, gradient = finite difference, float32 and broadcasting near float64."""
        function, point = self.split(name)
        if not point.size:
            assert np.shape(function()) == ()
            assert np.isfinite(function())
            return
        eager = jax.tree.leaves(function(*point))
        (totals, values), gradients = self.seen(name)
        for value, expected in zip(values, eager, strict=True):
            assert np.all(np.isfinite(expected))
            assert_allclose(value[0], expected, rtol=1e-13)
        assert np.all(np.isfinite(gradients))
        if name not in self.stepwise:
            up, down = np.split(np.asarray(totals[2:]), 2)
            # Central differences: h^2 f''' and eps/h, relative to the largest slope.
            scale = np.max(np.abs(gradients[0])) + abs(totals[0])
            assert_allclose(gradients[0], (up - down) / 2e-5, atol=1e-8 * scale, rtol=1e-6)

        for value, expected in zip(jax.tree.leaves(self.rough(name)), values, strict=True):
            expected = np.moveaxis(np.asarray(expected[:2]), 0, -1)
            assert value.shape == expected.shape
            if jnp.issubdtype(value.dtype, jnp.floating):
                assert value.dtype == jnp.float32
            # Rounding of up to five inputs, and a condition number of at most about ten at this point.
            assert_allclose(value, expected, rtol=100 * float(np.finfo(np.float32).eps))

    def lanes(self, name: str) -> np.ndarray:
        """All lanes of one compilation: the point itself, a second one, and the nudges of the finite differences."""
        point = self.split(name)[1]
        step = 1e-5 * np.eye(point.size)
        return np.concatenate([[point, 0.97 * point], point + step, point - step])

    def differentiated(self, name: str):
        """The function of lanes: sums of its results and the results, and the sums' gradients."""
        function, _ = self.split(name)

        def summed(arguments):
            leaves = jax.tree.leaves(function(*arguments))
            total = sum(jnp.sum(leaf) for leaf in leaves if jnp.issubdtype(leaf.dtype, jnp.floating))
            return jnp.asarray(total, float), leaves

        return jax.vmap(jax.value_and_grad(summed, has_aux=True))

    def batched(self, name: str):
        """The function of two lanes at once."""
        function, _ = self.split(name)
        return jax.vmap(function, out_axes=-1) if name in self.one_at_a_time else function

    @cached_property
    def _all(self):
        """One compilation for all functions of a row, instead of two for each, and hardly optimised."""
        lanes = {name: self.lanes(name) for name in self.continuous}
        single = {name: tuple(each[:2].T.astype(np.float32)) for name, each in lanes.items()}

        def everything(lanes, single):
            return (
                {name: self.differentiated(name)(lanes[name]) for name in lanes},
                {name: self.batched(name)(*single[name]) for name in single},
            )

        return jax.jit(everything, compiler_options={"xla_backend_optimization_level": 0})(lanes, single)

    def seen(self, name: str):
        """What `differentiated` gives on the lanes."""
        return self._all[0][name]

    def rough(self, name: str):
        """The first two lanes in single precision."""
        return self._all[1][name]

    def check_nan_is_refused(self, name: str) -> None:
        """NaN never passes silently."""
        function, point = self.split(name)
        with pytest.raises(ValueError, match="nan"):
            function(*np.full(point.shape, np.nan))

    def check_documented(self, name: str) -> None:
        """A public name is the row's own and says what it is."""
        value = getattr(self.row, name)
        assert value.__module__.startswith(f"{self.row.__name__}.")
        assert len(inspect.getdoc(value)) > 40
