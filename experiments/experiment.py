"""An experiment: a named parameter space, the cell evaluated at each of its points, and what is stored."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from experiments.errors import UserError
from experiments.space import Space


@dataclass(frozen=True)
class Quantity:
    """What a stored number is: the paper's symbol (TeX, without dollars), its meaning, unit and own dimensions."""

    symbol: str
    meaning: str
    unit: str = "1"
    dims: tuple[str, ...] = ()

    @property
    def plain_symbol(self) -> str:
        """The symbol as one types it: `rho` for `\\rho`, `mu0` for `\\mu_0`."""
        return "".join(c for c in self.symbol if c not in "\\_{}^ ")


@dataclass(frozen=True)
class Experiment:
    r"""One sweep of one pure function.

    `cell(key, **parameters) -> {output: scalar or small array}` is evaluated at every point of a space, jitted
    and vmapped by the engine; it never loops over the sweep. It is a module-level function, so that worker
    processes can import it.

    `static` names the parameters that change array shapes or the trace (a depth, a fan-in, a law's name): they
    reach the cell as Python values, one compilation each. `cost` estimates a cell's relative cost from the
    columns, so that a shard's lanes finish together. `shard_cells` is the largest number of cells evaluated in
    one compiled call. A parameter `replicate` is only folded into the key. A cell that cannot be traced (it grows
    NumPy arrays as it goes, or plays someone else's library) says `compiled=False` and is called point by point.
    A cell so large that one of them fills the caches says `side_by_side=False`: each device then takes its cells
    one after another, inside the same compiled call.
    One whose sweeps run for less time than they compile says `lightly=True`: on a CPU XLA then optimises it less.
    `packages` names what the numbers depend on besides jax and numpy; "python" is the interpreter itself.
    A cell that takes seconds even at `quick`, where no test of its claims runs it, has a scale `smoke` too, for the
    tests that every cell goes through.
    A cell that trains for hours says `keeps=True` and takes a folder `kept` beside its parameters, in which it finds
    again what it had reached when it was interrupted; all sweeps of its row share it.
    `price(space)` says what a space costs that nobody should start unwarned, and nothing ("") of any other.
    """

    name: str
    title: str
    cell: Callable
    parameters: Mapping[str, Quantity]
    outputs: Mapping[str, Quantity]
    scales: Mapping[str, Space]
    static: tuple[str, ...] = ()
    cost: Callable | None = None
    shard_cells: int = 4096
    precision: str = "float64"
    compiled: bool = True
    packages: tuple[str, ...] = ()
    side_by_side: bool = True
    lightly: bool = False
    coordinates: Mapping[str, tuple[float | str, ...]] = field(default_factory=dict)
    price: Callable[[Space], str] | None = None
    keeps: bool = False

    def __post_init__(self):
        if self.precision not in ("float32", "float64"):
            raise UserError(f"Argument `precision` must be float32 or float64, but is {self.precision!r}.")
        wanted = set(list(inspect.signature(self.cell).parameters)[1:])
        described = (set(self.parameters) - {"replicate"}) | ({"kept"} if self.keeps else set())
        if wanted != described:
            raise UserError(
                f"Experiment {self.name}: its cell takes {sorted(wanted)}, but {sorted(described)} are described."
            )
        taken = sorted(set(self.outputs) & {*self.parameters, "cell", "code"})
        if taken:
            raise UserError(f"Experiment {self.name}: {taken} cannot be outputs, these names are taken.")
        for scale, space in self.scales.items():
            self.check_space(space, scale)

    def check_space(self, space: Space, scale: str) -> None:
        """Refuse a space that does not set each parameter of the cell exactly once."""
        given, known = set(space.parameters), set(self.parameters)
        for name in sorted(given - known):
            raise UserError(
                f"Unknown axis `{name}` in scale {scale!r} of {self.name}: it has {', '.join(sorted(known))}."
            )
        for name in sorted(known - given - {"replicate"}):
            raise UserError(f"Parameter `{name}` of {self.name} is not set in scale {scale!r}.")

    def space(self, scale: str) -> Space:
        """The space of one scale; an unknown scale is refused by name."""
        if scale not in self.scales:
            raise UserError(f"Unknown scale {scale!r} of {self.name}: it has {', '.join(self.scales)}.")
        return self.scales[scale]

    def parameter_named(self, text: str) -> str:
        """The parameter a user means: its name, or the paper's symbol typed plainly (`rho`, `mu0`)."""
        if text in self.parameters:
            return text
        for name, quantity in self.parameters.items():
            if quantity.plain_symbol == text:
                return name
        known = ", ".join(
            name if q.plain_symbol == name else f"{name} ({q.plain_symbol})" for name, q in self.parameters.items()
        )
        raise UserError(f"Unknown axis `{text}`: {self.name} has {known}.")
