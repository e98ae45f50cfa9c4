"""What to build with a budget: the best realisable organisation beside the best star and one agent, and why.

Every design is tried at the parameters given, and again at every corner of their intervals, for a whole range of
budgets at once; the closed forms then say which law or which limit decided.
"""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from dynamics.synergy import Organisation, enumerate_designs
from experiments.errors import UserError
from theory import synergy as theory

# Beyond 40 channel scales a message is understood to rounding: longer ones only cost.
_LONG = 40.0
_SPAN, _PLACES = 2.0, 41
_NEAR_SATURATION = 0.95


@dataclass(frozen=True)
class Known:
    """A parameter with the ends of its interval; equal to the value where it was simply given."""

    value: float
    low: float
    high: float

    @classmethod
    def exactly(cls, value: float) -> Known:
        return cls(value, value, value)

    def clipped(self, low: float, high: float) -> Known:
        """The same within a range that the law allows."""
        return Known(*(min(max(end, low), high) for end in (self.value, self.low, self.high)))


@dataclass(frozen=True)
class Situation:
    """Everything the advice depends on.

    leaf_exponent beta, leaf_scale k, correlation rho; either channel_scale m0 of gamma = 1 - exp(-m/m0), with the
    message length free, or fidelity gamma of messages of `message_length` tokens, with the length fixed.
    """

    budget: float
    window: int
    leaf_exponent: Known
    leaf_scale: Known
    correlation: Known
    channel_scale: Known | None = None
    fidelity: Known | None = None
    message_length: int | None = None
    widest: int = 31
    deepest: int = 14
    aggregator_compute: float = 0.0


@dataclass(frozen=True)
class Built:
    """One organisation: "one agent", "star" or "tree", with its fan-in, message length, levels, compute per leaf, and
    the bias and accuracy of its answer."""

    kind: str
    fan_in: int
    message_length: int
    levels: int
    leaves: int
    compute: float
    bias: float
    accuracy: float


@dataclass(frozen=True)
class Reach:
    """An end-to-end quantity over the corners of the parameters' intervals."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Advice:
    """What to build, beside what else could be built, and why.

    laws: alpha, s, B_crit, B_1, B_hi and the exact window of the fan-in and message length of `tree`. wins: share of
    corners of the parameters' intervals at which an organisation beats one agent. also: other designs that some corner
    prefers. curve: biases against the budget.
    """

    situation: Situation
    best: Built
    tree: Built
    star: Built
    single: Built
    laws: dict[str, float | None]
    reasons: tuple[str, ...]
    bias: Reach
    advantage: Reach
    wins: float
    also: tuple[str, ...]
    curve: dict[str, np.ndarray]


def _number(record: Any, key: str, path: Path) -> Known | None:
    entry = record.get(key)
    if entry is None:
        return None
    try:
        value, low, high = (float(entry[end]) for end in ("value", "low", "high"))
    except (TypeError, KeyError, ValueError):
        raise UserError(f"{path}: `{key}` must have a value, a low and a high, but is {entry!r}.") from None
    if not low <= value <= high or not math.isfinite(high - low):
        # A clipped estimate may lie on an end of its interval or just outside; the value is then the end.
        low, high = min(low, value), max(high, value)
    if not (math.isfinite(value) and math.isfinite(low) and math.isfinite(high)):
        raise UserError(f"{path}: `{key}` must be finite, but is {entry!r}.")
    return Known(value, low, high)


def read_calibration(path: Path) -> dict[str, Known | float | None]:
    """beta, scale, correlation, fidelity and message_length_scale of a calibration.json, None where it has none.

    Raises UserError, one sentence, for a file that is missing or is none.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror or error}.") from None
    except ValueError:
        raise UserError(f"{path} is no JSON file: write one with `separatrix calibrate`.") from None
    if not isinstance(record, dict) or "correlation" not in record:
        raise UserError(f"{path} holds no calibration: write one with `separatrix calibrate`.")
    keys = ("beta", "scale", "correlation", "fidelity", "message_length_scale")
    return {key: _number(record, key, path) for key in keys}


def _require(good: bool, option: str, what: str, value: Any) -> None:
    if not good:
        raise UserError(f"`{option}` must be {what}, but is {value}.")


def situation(
    budget: float,
    window: int,
    calibration: Path | None = None,
    beta: float | None = None,
    scale: float | None = None,
    correlation: float | None = None,
    fidelity: float | None = None,
    message_length: int | None = None,
    message_scale: float | None = None,
    widest: int = 31,
    deepest: int = 14,
    aggregator_compute: float = 0.0,
) -> Situation:
    """A request put together from options and a calibration, options first; UserError where it cannot be met."""
    known: dict = read_calibration(calibration) if calibration is not None else {}

    def option(given: float | None, key: str, name: str) -> Known:
        if given is not None:
            _require(math.isfinite(given), name, "finite", given)
            return Known.exactly(given)
        if known.get(key) is None:
            where = f"{calibration} has none" if calibration is not None else "no calibration was given"
            raise UserError(f"`{name}` is needed, since {where}: give it, or --from a calibration that has it.")
        return known[key]

    _require(0 < budget <= 1e30, "--budget", "a positive number of tokens up to 1e30", budget)
    _require(window >= 3, "--window", "at least 3 tokens", window)
    _require(widest >= 3 and widest % 2 == 1, "--widest", "an odd number of at least 3", widest)
    _require(widest <= 101, "--widest", "at most 101", widest)
    _require(1 <= deepest <= 40, "--deepest", "from 1 to 40", deepest)
    _require(0 <= aggregator_compute < math.inf, "--aggregator-compute", "at least 0", aggregator_compute)
    exponent, factor = option(beta, "beta", "--beta"), option(scale, "scale", "--scale")
    rho = option(correlation, "correlation", "--correlation")
    _require(exponent.value > 0, "--beta", "positive", exponent.value)
    _require(factor.value > 0, "--scale", "positive", factor.value)
    if correlation is not None:
        _require(0 <= correlation <= 1, "--correlation", "from 0 to 1", correlation)
    channel, gamma = None, None
    if message_scale is not None or (fidelity is None and known.get("message_length_scale") is not None):
        channel = option(message_scale, "message_length_scale", "--message-scale")
        _require(channel.value > 0, "--message-scale", "positive", channel.value)
        if fidelity is not None:
            raise UserError("`--fidelity` and `--message-scale` say the same thing twice: give one of them.")
        channel = channel.clipped(1e-3, 1e9)
    else:
        if fidelity is None and known.get("fidelity") is None:
            raise UserError(
                "Messages' reliability is not known: give --message-scale m0 of gamma = 1 - exp(-m/m0), or --fidelity "
                "with --message-length."
            )
        gamma = option(fidelity, "fidelity", "--fidelity")
        if fidelity is not None:
            _require(0 <= fidelity <= 1, "--fidelity", "from 0 to 1", fidelity)
        if message_length is None:
            raise UserError("`--message-length` is needed: how many tokens has a message of that fidelity?")
        gamma = gamma.clipped(0.0, 1.0)
    if message_length is not None:
        _require(message_length >= 1, "--message-length", "at least 1 token", message_length)
    return Situation(
        budget=float(budget),
        window=window,
        leaf_exponent=exponent.clipped(1e-6, 1e3),
        leaf_scale=factor.clipped(1e-12, 1.0 if factor.value <= 1 else factor.value),
        correlation=rho.clipped(0.0, 1.0),
        channel_scale=channel,
        fidelity=gamma,
        message_length=message_length,
        widest=widest,
        deepest=deepest,
        aggregator_compute=aggregator_compute,
    )


def _longest(at: Situation) -> int:
    """Messages longer than this are not worth trying."""
    if at.message_length is not None:
        return min(at.message_length, at.window)
    return max(1, min(at.window // 3, math.ceil(_LONG * at.channel_scale.high)))


def _fidelities(at: Situation, channel: jax.Array, longest: int) -> jax.Array:
    lengths = jnp.arange(1, longest + 1, dtype=float)
    if at.channel_scale is None:
        return jnp.where(lengths == at.message_length, channel, 0.0)
    fidelities = theory.ExponentialChannel(channel).fidelity(lengths)
    return fidelities if at.message_length is None else jnp.where(lengths == at.message_length, fidelities, 0.0)


def _corners(at: Situation) -> np.ndarray:
    """The parameters themselves, then every corner of their intervals: rows (beta, k, rho, channel)."""
    channel = at.channel_scale if at.channel_scale is not None else at.fidelity
    parameters = (at.leaf_exponent, at.leaf_scale, at.correlation, channel)
    ends = [sorted({known.low, known.high}) for known in parameters]
    centre = tuple(known.value for known in parameters)
    rows = [centre, *(corner for corner in itertools.product(*ends) if corner != centre)]
    return np.array(rows)


def _widest_star(at: Situation, channel: float, beta: float, scale: float, rho: float) -> Built:
    """The best star of any odd size that the window admits, not only of the fan-ins tried."""
    longest = _longest(at)
    lengths = np.arange(1, longest + 1) if at.message_length is None else np.array([min(at.message_length, longest)])
    sizes, messages = [], []
    for length in lengths:
        count = np.arange(3, min(at.window // int(length), 4001) + 1, 2)
        sizes.append(count)
        messages.append(np.full(count.shape, length))
    size, length = (np.concatenate(parts) for parts in (sizes, messages))
    if not size.size:
        return Built("star", 0, 0, 0, 0, 0.0, 0.0, 0.5)
    gamma = np.asarray(_fidelities(at, jnp.asarray(channel), longest))[length - 1]
    spare = max(at.budget - at.aggregator_compute, 0.0)
    compute = np.asarray(theory.star_leaf_compute(size.astype(float), length.astype(float), spare))
    signal = gamma * np.asarray(theory.leaf_bias(beta, scale, compute))
    bias = rho * signal + (1 - rho) * np.asarray(theory.majority_map_real(size.astype(float), signal))
    at_best = int(np.argmax(bias))
    return _built("star", int(size[at_best]), int(length[at_best]), 1, float(compute[at_best]), float(bias[at_best]))


def _built(kind: str, fan_in: int, length: int, levels: int, compute: float, bias: float) -> Built:
    leaves = fan_in**levels if levels else 1
    return Built(kind, fan_in, length, levels, leaves, compute, bias, (1 + bias) / 2)


def _of(organisation: Organisation, lane: int, place: int) -> Built:
    fan_in, length, levels, compute, bias = (np.asarray(part)[lane, place].item() for part in organisation)
    kind = "one agent" if levels == 0 else "star" if levels == 1 else "tree"
    return _built(kind, fan_in, length, levels, compute, bias)


@partial(jax.jit, static_argnames=("window", "fan_ins", "deepest", "longest", "largest"))
def _everywhere(budgets, rows, fidelities, internal, *, window, fan_ins, deepest, longest, largest):
    def at(row, gammas):
        return enumerate_designs(
            budgets,
            window,
            gammas,
            row[2],
            row[0],
            row[1],
            fan_ins,
            deepest,
            aggregator_compute=internal,
            largest_budget=largest,
            longest=longest,
        )

    return jax.lax.map(lambda lane: at(*lane), (rows, fidelities))


def advise(at: Situation) -> Advice:
    """The best organisation for a situation, what stands beside it, and why."""
    with jax.enable_x64(True):
        return _advise(at)


def _advise(at: Situation) -> Advice:
    rows, longest = _corners(at), _longest(at)
    fan_ins = tuple(b for b in range(3, at.widest + 1, 2) if b <= at.window)
    budgets = np.append(np.geomspace(at.budget / 10**_SPAN, at.budget * 10**_SPAN, _PLACES), at.budget)
    largest = 2.0 ** math.ceil(math.log2(budgets.max()))
    found = jax.tree.map(
        np.asarray,
        _everywhere(
            jnp.asarray(budgets),
            jnp.asarray(rows),
            jnp.stack([_fidelities(at, jnp.asarray(row[3]), longest) for row in rows]),
            at.aggregator_compute,
            window=at.window,
            fan_ins=fan_ins,
            deepest=at.deepest,
            longest=longest,
            largest=largest,
        ),
    )
    here = len(budgets) - 1
    single = _built("one agent", 0, 0, 0, at.budget, float(found.single[0, here]))
    beta, scale, rho, channel = rows[0]
    star = _widest_star(at, channel, beta, scale, rho)
    tree = _of(found.tree, 0, here)
    candidates = [single, star, tree]
    best = max(candidates, key=lambda built: built.bias)
    biases = np.maximum(found.best.bias[:, here], found.single[:, here])
    biases[0] = max(biases[0], best.bias)
    ratios = biases / found.single[:, here]
    laws = _laws(at, tree, beta, scale, rho, channel)
    others = {
        _in_words(_of(found.best, lane, here)): None
        for lane in range(1, len(rows))
        if _in_words(_of(found.best, lane, here)) != _in_words(best)
    }
    return Advice(
        situation=at,
        best=best,
        tree=tree,
        star=star,
        single=single,
        laws=laws,
        reasons=(*_reasons(at, best, tree, laws), *_elsewhere(at, best, budgets[:-1], found.best.levels[0, :-1])),
        bias=Reach(best.bias, float(biases.min()), float(biases.max())),
        advantage=Reach(best.bias / single.bias, float(ratios.min()), float(ratios.max())),
        wins=float(np.mean(ratios[1:] > 1)) if len(rows) > 1 else float(ratios[0] > 1),
        also=tuple(others),
        curve={
            "budget": budgets[:-1],
            "single": found.single[:, :-1],
            "star": found.star.bias[:, :-1],
            "tree": found.tree.bias[:, :-1],
            "best": np.maximum(found.best.bias, found.single)[:, :-1],
            "levels": found.best.levels[:, :-1],
        },
    )


def _in_words(built: Built) -> str:
    if built.kind == "one agent":
        return "one agent"
    return f"{built.kind} b={built.fan_in}, m={built.message_length}, L={built.levels}"


def _laws(at: Situation, tree: Built, beta: float, scale: float, rho: float, channel: float) -> dict[str, float | None]:
    """The closed forms at the fan-in and message length of the best tree; None where infinite or without meaning."""
    if not tree.fan_in:
        return {}
    fan_in, length = tree.fan_in, float(tree.message_length)
    gamma = channel if at.channel_scale is None else float(theory.ExponentialChannel(channel).fidelity(length))
    gain = float(theory.effective_gain(fan_in, rho, gamma))
    exponent = float(theory.organisation_exponent(fan_in, rho, max(gamma, 1e-12)))
    overhead = float(theory.communication_overhead(fan_in, length, at.aggregator_compute))
    settled = float(theory.fixed_point(fan_in, rho, gamma))
    first = theory.integer_depth_threshold(fan_in, length, max(gain, 1e-12), beta, 1, at.aggregator_compute)
    window = theory.synergy_window(
        fan_in, rho, gamma, length, beta, scale, deepest=at.deepest, aggregator_compute=at.aggregator_compute
    )
    values = {
        "fidelity": gamma,
        "alpha": gain,
        "s": exponent,
        "beta": beta,
        "mu_star": settled,
        "B_crit": float(theory.critical_budget_growth(exponent, beta, overhead)),
        "B_1": float(first),
        "B_hi": float(theory.saturation_budget(settled, beta, scale)),
        "B_first": float(window.first) if bool(window.exists) else None,
        "B_last": float(window.last) if bool(window.exists) else None,
        "largest_ratio": float(window.ratio),
    }
    return {key: value if value is not None and math.isfinite(value) else None for key, value in values.items()}


def _reasons(at: Situation, best: Built, tree: Built, laws: dict[str, float | None]) -> list[str]:
    if not tree.fan_in:
        return [f"A window of {at.window} tokens holds no three messages: only one agent can be built."]
    where = f"b = {tree.fan_in}, m = {tree.message_length}"
    alpha, exponent, beta = laws["alpha"], laws["s"], laws["beta"]
    if alpha <= 1:
        return [f"At {where} a level loses weak signals: alpha = {alpha:.4g} <= 1."]
    if exponent <= beta:
        return [
            f"At {where} a tree gains less than one agent does from the same compute: s = {exponent:.4g} <= beta = "
            f"{beta:.4g}."
        ]
    lines = [
        f"At {where} a level multiplies a weak bias by alpha = {alpha:.4g}; s = {exponent:.4g} > beta = {beta:.4g}."
    ]
    if laws["B_first"] is None:
        lines.append(
            f"Even so its window of synergy is empty: at best a tree reaches {laws['largest_ratio']:.4g} of one agent, "
            "saturation comes before whole levels pay."
        )
    elif best.kind == "one agent":
        side = "below" if at.budget < laws["B_first"] else "above"
        lines.append(
            f"The budget lies {side} its window of synergy, {laws['B_first']:.4g} to {laws['B_last']:.4g} tokens."
        )
    else:
        lines.append(
            f"The budget lies within its window of synergy, {laws['B_first']:.4g} to {laws['B_last']:.4g} tokens."
            if laws["B_first"] <= at.budget <= laws["B_last"]
            else f"Trees of this fan-in and message length alone would pay from {laws['B_first']:.4g} to "
            f"{laws['B_last']:.4g} tokens."
        )
        lines.extend(_binding(at, best, laws))
    return lines


def _elsewhere(at: Situation, best: Built, budgets: np.ndarray, levels: np.ndarray) -> list[str]:
    """Where some organisation would win, if one agent wins here."""
    if best.kind != "one agent":
        return []
    won = budgets[levels > 0]
    if not won.size:
        return [f"From {budgets[0]:.3g} to {budgets[-1]:.3g} tokens no organisation beats one agent."]
    side = "more" if won.min() > at.budget else "less" if won.max() < at.budget else "some other"
    return [
        f"With {side} budget an organisation wins: on the grid of budgets tried, from {won.min():.3g} to "
        f"{won.max():.3g} tokens."
    ]


def _binding(at: Situation, best: Built, laws: dict[str, float | None]) -> list[str]:
    """Which limits the best organisation touches."""
    touched = []
    if best.fan_in * (best.message_length + 1) > at.window:
        used = best.fan_in * best.message_length
        touched.append(f"the window ({used} of {at.window} tokens: no longer message, no further one fits)")
    if best.kind == "tree" and best.bias > _NEAR_SATURATION * laws["mu_star"]:
        touched.append(f"saturation (mu* = {laws['mu_star']:.4g}: more budget buys longer messages, not more agents)")
    if best.levels == at.deepest:
        touched.append(f"--deepest {at.deepest}")
    if best.kind == "tree" and best.fan_in == at.widest:
        touched.append(f"--widest {at.widest}")
    return [f"It touches {' and '.join(touched)}." if touched else "Only the budget binds."]
