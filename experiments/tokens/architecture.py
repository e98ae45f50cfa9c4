"""What kind of network a checkpoint holds, found from names and shapes; `config.json` only where shapes are silent.

Naming of Hugging Face (`backbone.embeddings.weight`) and of mamba_ssm (`backbone.embedding.weight`), with or without
the prefix `backbone.`; the tensors of a layer are named alike in both. Shapes give every size but two: RMSNorm's
epsilon (1e-5 in all published models), and for Mamba-2 how the G N rows of B divide into G groups of N states.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import jax.numpy as jnp

from dynamics.tokens import Mamba, Mamba2
from experiments.errors import UserError
from experiments.tokens.checkpoint import FORMATS, Checkpoint

LAYER = re.compile(r"(.*?)layers\.(0|[1-9]\d{0,5})\.(.+)", re.DOTALL)
USUAL_STATES = 128  # of every published Mamba-2 model
LARGEST_RATE = 88.0  # exp overflows float32 beyond

MAMBA = {
    "norm.weight": ("W",),
    "mixer.in_proj.weight": ("2D", "W"),
    "mixer.conv1d.weight": ("D", "1", "K"),
    "mixer.x_proj.weight": ("R+2N", "D"),
    "mixer.dt_proj.weight": ("D", "R"),
    "mixer.dt_proj.bias": ("D",),
    "mixer.A_log": ("D", "N"),
    "mixer.D": ("D",),
    "mixer.out_proj.weight": ("W", "D"),
}
MAMBA2 = {
    "norm.weight": ("W",),
    "mixer.in_proj.weight": ("2D+2GN+H", "W"),
    "mixer.conv1d.weight": ("D+2GN", "1", "K"),
    "mixer.dt_bias": ("H",),
    "mixer.A_log": ("H",),
    "mixer.D": ("H",),
    "mixer.norm.weight": ("D",),
    "mixer.out_proj.weight": ("W", "D"),
}
OPTIONAL = {
    "mixer.in_proj.bias": "mixer.in_proj.weight",
    "mixer.conv1d.bias": "mixer.conv1d.weight",
    "mixer.out_proj.bias": "mixer.out_proj.weight",
}


@dataclass(frozen=True)
class Architecture:
    """Sizes and conventions. `notes` are what was assumed, a sentence each."""

    family: str
    naming: str
    prefix: str
    embedding: str | None
    layers: int
    width: int
    inner: int
    states: int
    groups: int
    heads: int
    taps: int
    rank: int
    vocabulary: int
    unit: float
    """Spacing at 1 of the format of the weights that make B and C."""
    format: str
    epsilon: float = 1e-5
    step_limit: tuple[float, float] = (0.0, math.inf)
    notes: tuple[str, ...] = ()


def _need(condition: bool, sentence: str) -> None:
    if not condition:
        raise UserError(sentence)


def _layout(checkpoint: Checkpoint) -> tuple[str, dict[int, dict[str, str]]]:
    """The prefix of the layers' names, and the tensors of each layer by their short names."""
    found: dict[str, dict[int, dict[str, str]]] = {}
    for name in checkpoint.shapes:
        if match := LAYER.fullmatch(name):
            prefix, number, short = match.groups()
            found.setdefault(prefix, {}).setdefault(int(number), {})[short] = name
    found = {p: layers for p, layers in found.items() if any("mixer.A_log" in names for names in layers.values())}
    _need(
        len(found) == 1,
        f"{checkpoint.path} is no Mamba or Mamba-2 network: "
        + (f"{len(found)} stacks of selective layers." if found else "no tensor is named `...layers.N.mixer.A_log`."),
    )
    ((prefix, layers),) = found.items()
    absent = next(i for i in range(len(layers) + 1) if i not in layers)
    _need(
        absent == len(layers), f"Layer {absent} of {checkpoint.path} is missing: there are layers up to {max(layers)}."
    )
    return prefix, layers


def _setting(config: dict, names: tuple[str, ...], default, kind):
    """The first of `names` in the configuration or in its `ssm_cfg`, checked to be of `kind`."""
    inner = config.get("ssm_cfg")
    for table in (config, inner if isinstance(inner, dict) else {}):
        for name in names:
            if table.get(name) is not None:
                value = table[name]
                good = isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool)
                _need(good, f"`{name}` of config.json cannot be {str(value)[:40]!r}.")
                return value
    return default


def _check_config(config: dict, family: str) -> None:
    said = _setting(config, ("model_type",), family, str)
    said = {"Mamba1": "mamba", "Mamba2": "mamba2"}.get(_setting(config, ("layer",), "", str), said)
    _need(
        said == family,
        f"config.json says {said[:40]!r}, but the tensors are those of {family}: only mamba and mamba2 are known.",
    )
    act = _setting(config, ("hidden_act",), "silu", str)
    _need(act in ("silu", "swish"), f"`hidden_act` must be silu, but is {act[:40]!r}.")
    _need(_setting(config, ("rms_norm",), True, bool), "`rms_norm` is false: LayerNorm networks are not known.")
    _need(
        not _setting(config, ("norm_before_gate",), False, bool),
        "`norm_before_gate` is true: only the gate before the norm is known.",
    )


def _groups(config: dict, product: int, heads: int, asked: int | None) -> tuple[int, tuple[str, ...]]:
    """Into how many groups the `product` = G N rows of B divide."""
    given = asked if asked is not None else _setting(config, ("n_groups", "ngroups"), None, int)
    states = _setting(config, ("state_size", "d_state"), None, int)
    if given is None:
        usual = product % USUAL_STATES == 0 and heads % (product // USUAL_STATES) == 0
        given = product // USUAL_STATES if usual else 1
        how = f"Without config.json, G N = {product} is taken as {given} group(s) of {product // given} states"
        return given, (f"{how}; `--groups` says otherwise.",)
    _need(
        given >= 1 and product % given == 0 and heads % given == 0,
        f"`groups` must divide G N = {product} and the {heads} heads, but is {given}.",
    )
    _need(
        asked is not None or states is None or states * given == product,
        f"config.json says {given} groups of {states} states, but the weights have G N = {product}.",
    )
    return given, ()


def _limit(config: dict) -> tuple[float, float]:
    """The two ends of the step sizes; transformers writes an infinite end as {"__float__": "Infinity"}."""
    pair = _setting(config, ("time_step_limit", "dt_limit"), (0.0, math.inf), (list, tuple))
    numbers = [math.inf if end == {"__float__": "Infinity"} else end for end in pair]
    good = len(numbers) == 2 and all(isinstance(end, int | float) and not isinstance(end, bool) for end in numbers)
    _need(good and 0 <= numbers[0] < numbers[1], f"`time_step_limit` of config.json cannot be {str(pair)[:40]}.")
    return float(numbers[0]), float(numbers[1])


def architecture_of(checkpoint: Checkpoint, groups: int | None = None) -> Architecture:
    """The architecture, after every layer's names, shapes and formats were compared with it.

    groups: of Mamba-2, where no config.json says it.
    """
    prefix, layers = _layout(checkpoint)
    first = {short: checkpoint.shapes[name] for short, name in layers[0].items()}
    _need(
        "mixer.x_proj.weight" in first or "mixer.dt_bias" in first,
        f"{checkpoint.path} is no Mamba or Mamba-2 network: layer 0 has neither `x_proj.weight` nor `dt_bias`.",
    )
    family = "mamba" if "mixer.x_proj.weight" in first else "mamba2"
    table = MAMBA if family == "mamba" else MAMBA2
    for short in table:
        _need(short in first, f"{checkpoint.path} has no tensor `{prefix}layers.0.{short}`, which {family} needs.")
        rank = len(table[short])
        _need(
            len(first[short]) == rank and min(first[short]) >= 1,
            f"Tensor `{prefix}layers.0.{short}` must have {rank} axes of at least 1, but its shape is {first[short]}.",
        )
    config = checkpoint.config()
    _check_config(config, family)
    width, inner = first["mixer.out_proj.weight"]
    sizes = {"W": width, "D": inner, "2D": 2 * inner, "1": 1, "K": first["mixer.conv1d.weight"][2]}
    notes: tuple[str, ...] = ()
    if family == "mamba":
        states, rank = first["mixer.A_log"][1], first["mixer.dt_proj.weight"][1]
        heads, count = inner, 1
        _need(groups in (None, 1), "`--groups` is for Mamba-2: Mamba has one group.")
        sizes |= {"N": states, "R": rank, "R+2N": rank + 2 * states}
    else:
        heads, convolved, rank = first["mixer.A_log"][0], first["mixer.conv1d.weight"][0], 0
        product = (convolved - inner) // 2
        _need(
            product >= 1 and inner % heads == 0,
            f"`mixer.conv1d.weight` has {convolved} channels, {inner} inner ones and {heads} heads, which cannot be.",
        )
        count, notes = _groups(config, product, heads, groups)
        states = product // count
        sizes |= {"H": heads, "D+2GN": inner + 2 * product, "2D+2GN+H": 2 * inner + 2 * product + heads}
    _check_layers(checkpoint, prefix, layers, table, sizes, family)

    embedding = next(
        (n for n in (f"{prefix}embeddings.weight", f"{prefix}embedding.weight") if n in checkpoint.shapes), None
    )
    vocabulary = 0
    if embedding is not None:
        shape = checkpoint.shapes[embedding]
        _need(len(shape) == 2 and shape[1] == width and shape[0] >= 1,
              f"Tensor `{embedding}` must have shape (vocabulary, {width}), but has {shape}.")  # fmt: skip
        vocabulary = shape[0]
    epsilon = _setting(config, ("layer_norm_epsilon", "norm_epsilon"), 1e-5, (int, float))
    _need(0 < epsilon < 1, f"`layer_norm_epsilon` must lie in (0, 1), but is {epsilon}.")
    kind = checkpoint.formats[layers[0]["mixer.x_proj.weight" if family == "mamba" else "mixer.in_proj.weight"]]
    return Architecture(
        family=family,
        naming="mamba_ssm" if embedding == f"{prefix}embedding.weight" else "Hugging Face",
        prefix=prefix,
        embedding=embedding,
        layers=len(layers),
        width=width,
        inner=inner,
        states=states,
        groups=count,
        heads=heads,
        taps=sizes["K"],
        rank=rank,
        vocabulary=vocabulary,
        unit=FORMATS[kind],
        format=kind,
        epsilon=float(epsilon),
        step_limit=_limit(config) if family == "mamba2" else (0.0, math.inf),
        notes=notes,
    )


def _check_layers(checkpoint, prefix, layers, table, sizes, family) -> None:
    """Every layer has exactly the tensors of the family, in the same sizes and in a float format."""
    for number, names in layers.items():
        for short in table:
            _need(short in names, f"{checkpoint.path} has no tensor `{prefix}layers.{number}.{short}`.")
        for short, name in names.items():
            _need(
                short in table or short in OPTIONAL,
                f"Tensor `{name}` belongs to neither Mamba nor Mamba-2: the network is of another kind.",
            )
            axes = table[short] if short in table else table[OPTIONAL[short]][:1]
            expected = tuple(sizes[axis] for axis in axes)
            _need(
                checkpoint.shapes[name] == expected,
                f"Tensor `{name}` must have shape ({', '.join(axes)}) = {expected}, but has {checkpoint.shapes[name]}.",
            )
            _need(
                checkpoint.formats[name] in FORMATS,
                f"Tensor `{name}` must be one of {', '.join(FORMATS)}, but is {checkpoint.formats[name]}.",
            )


def layer_of(checkpoint: Checkpoint, architecture: Architecture, number: int) -> Mamba | Mamba2:
    """The weights of one layer, upcast to JAX's default float; those of the other layers stay on disk."""

    def read(short: str):
        name = f"{architecture.prefix}layers.{number}.{short}"
        return jnp.asarray(checkpoint.tensor(name), float) if name in checkpoint.shapes else None

    a_log = read("mixer.A_log")
    _need(
        bool((a_log < LARGEST_RATE).all()),
        f"A_log of layer {number} must lie below {LARGEST_RATE:g}, but reaches {a_log.max():g}.",
    )
    shared = {
        "norm": read("norm.weight"),
        "in_proj": read("mixer.in_proj.weight"),
        "in_bias": read("mixer.in_proj.bias"),
        "conv": read("mixer.conv1d.weight")[:, 0],
        "conv_bias": read("mixer.conv1d.bias"),
        "a_log": a_log,
        "skip": read("mixer.D"),
        "out_proj": read("mixer.out_proj.weight"),
        "out_bias": read("mixer.out_proj.bias"),
        "epsilon": architecture.epsilon,
    }
    if architecture.family == "mamba":
        return Mamba(
            x_proj=read("mixer.x_proj.weight"),
            dt_proj=read("mixer.dt_proj.weight"),
            dt_bias=read("mixer.dt_proj.bias"),
            **shared,
        )
    return Mamba2(
        dt_bias=read("mixer.dt_bias"),
        gate_norm=read("mixer.norm.weight"),
        groups=architecture.groups,
        step_limit=architecture.step_limit,
        **shared,
    )
