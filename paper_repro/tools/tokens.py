"""`separatrix inspect`: what the theory of token dynamics says of each layer of a Mamba checkpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro
from rich.console import Console

from paper_repro.tables import titled

if TYPE_CHECKING:
    from experiments.tokens.architecture import Architecture

File = Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="CHECKPOINT")]

RAW = {
    "both": "a first token with theta^T M theta < 0 converges, every other diverges; later tokens mostly diverge",
    "divergent": "tokens diverge unless they lie in the null space of M",
    "convergent": "tokens shrink, like 1/sqrt(t) in the range of M, in its null space more slowly",
    "frozen": "M is zero to the resolution of the weights, nothing moves",
}
SPHERE = {
    "both": "a first token with theta^T M theta > 0 pulls later ones onto its axis (collapse), others push them off",
    "divergent": "tokens collapse onto the axis of the first",
    "convergent": "tokens become orthogonal: as diverse as the rank of M allows",
    "frozen": "nothing moves either",
}


def inspect(
    checkpoint: File,
    run: str | None = None,
    ids: tuple[int, ...] = (),
    groups: int | None = None,
    out: Path = Path("out"),
) -> int:
    """Say what regime each layer of a trained Mamba or Mamba-2 network is in, and push a text through it.

    Args:
        checkpoint: A .safetensors file, an index of several, or the folder they are in.
        run: A text to push through the layers.
        ids: Token ids to push instead of a text.
        groups: Groups of B and C in Mamba-2, where no config.json beside the weights says it.
        out: The output folder.
    """
    import jax

    from experiments.errors import UserError
    from experiments.tokens import inspection, readings
    from experiments.tokens.architecture import architecture_of
    from experiments.tokens.checkpoint import Checkpoint
    from experiments.tokens.text import token_ids
    from paper_repro.compiled import keep_compiled

    if run is not None and ids:
        raise UserError("Give `--run` or `--ids`, not both.")
    console = Console()
    keep_compiled(out)
    with jax.enable_x64(True):
        opened = Checkpoint.open(checkpoint)
        architecture = architecture_of(opened, groups)
        show_architecture(opened.path, architecture, console)
        how = "ids as given"
        if run is not None:
            ids, how = token_ids(run, opened.path.parent, architecture.vocabulary)
        wanted = run is not None or bool(ids)
        if wanted:
            # Before the slow part, so that a wrong id is found at once.
            inspection.embedded(opened, architecture, ids)
        with console.status("") as status:
            weights = inspection.weights_read(opened, architecture, status.update)
            pushed = inspection.tokens_pushed(opened, architecture, ids, status.update) if wanted else None
        told = readings.summary(weights, pushed, architecture)
    show_layers(told, architecture, console)
    show_reading(told, architecture, console)
    if pushed is not None:
        show_run(told["run"], how, console)
    for path in _written(out, opened.path, weights, pushed, told, architecture):
        console.print(str(path), soft_wrap=True, highlight=False, markup=False)
    return 0


def _written(out, path, weights, pushed, told, architecture) -> Iterator[Path]:
    import xarray as xr

    from experiments import store
    from experiments.tokens.readings import alignment_noise
    from figures import style
    from figures.tokens.inspection import depth_plot

    name = path.name.removesuffix(".index.json").removesuffix(".safetensors")
    if name == "model":
        name = path.resolve().parent.name
    folder = out / "inspect" / name

    def write(file: str, content: bytes) -> Path:
        store.write_whole(folder / file, content)
        return folder / file

    yield write("inspection.json", json.dumps({"checkpoint": str(path), **told}, indent=1, allow_nan=False).encode())
    yield write("inspection.nc", store.netcdf_bytes(weights if pushed is None else xr.merge([weights, pushed])))
    with style.house_style():
        drawn = depth_plot(weights, pushed, alignment_noise(architecture), name)
        for form in ("pdf", "png"):
            yield write(f"depth.{form}", style.rendered(drawn, form))


def _brief(value: float | None) -> str:
    if value is None:
        return "inf"
    return f"{value:.0f}" if 99.5 <= abs(value) < 99999 else f"{value:.2g}"


def _range(low: float | None, high: float | None) -> str:
    return _brief(low) if _brief(low) == _brief(high) else f"{_brief(low)}..{_brief(high)}"


def show_architecture(path: Path, architecture: Architecture, console: Console) -> None:
    """What kind of network was found, and what had to be assumed."""
    a = architecture
    family = {"mamba": "Mamba", "mamba2": "Mamba-2"}[a.family]
    heads = "" if a.family == "mamba" else f", {a.heads} heads in {a.groups} group{'s' if a.groups > 1 else ''}"
    console.print(
        f"[bold]{family}[/] named as in {a.naming}, {a.format}: {a.layers} layers, width {a.width}, "
        f"{a.inner} inner channels, {a.states} states{heads}, {a.taps} taps, vocabulary {a.vocabulary}",
        highlight=False,
    )
    for note in a.notes:
        console.print(f"[yellow]{note}[/]", highlight=False)


def show_layers(told: dict, architecture: Architecture, console: Console) -> None:
    """One line for each layer, or for each group of a layer."""
    many = architecture.groups > 1
    names = ["layer", *(["group"] if many else []), "signs", "spectrum", "< 0", "step", "half-life", "cos"]
    table = titled("From the weights", *names, justify="right")
    for layer in told["layers"]:
        for number, group in enumerate(layer["groups"]):
            first = number == 0
            table.add_row(
                str(layer["layer"]) if first else "",
                *([str(number)] if many else []),
                f"{group['positive']}+ {group['negative']}-",
                _range(*(0.0 if abs(end) < group["resolution"] else end for end in group["spectrum"])),
                f"{100 * group['negative_share']:.1f}%",
                _range(group["step"][0], group["step"][2]),
                _range(group["half_life"][0], group["half_life"][2]),
                f"{layer['value_alignment']:+.4f}" if first else "",
            )
    console.print(table)


def _spans(numbers: list[int]) -> str:
    """1, 2, 3, 7 as 1-3, 7."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def _percent(values: list[float]) -> str:
    low, high = f"{100 * min(values):.0f}", f"{100 * max(values):.0f}"
    return f"{low}%" if low == high else f"{low} to {high}%"


def show_reading(told: dict, architecture: Architecture, console: Console) -> None:
    """What theory says of the layers, and what keeps the sign of M from saying more."""

    def say(head: str, text: str) -> None:
        console.print(f"[bold]{head}[/] {text}", highlight=False)

    layers = told["layers"]
    groups = [(layer["layer"], group) for layer in layers for group in layer["groups"]]
    token = "silu(conv(x))" if architecture.family == "mamba" else "the normalised residual stream"
    size = architecture.inner if architecture.family == "mamba" else architecture.width
    console.print(
        f"M = S_C^T S_B acts on {token}, {size} channels. signs, spectrum: eigenvalues of its symmetric part, the "
        "others are 0; < 0: share of directions with theta^T M theta < 0; step, half-life (in tokens): of all heads "
        "and states, at rest; cos: of W_out^T with the rows of W_in that make the values.",
        style="dim",
        highlight=False,
    )
    console.print("\n[bold]What theory says, were the layer the equation alone[/]")
    for regime in RAW:
        if numbers := sorted({number for number, group in groups if group["raw"] == regime}):
            layer = f"layer{'s' if len(numbers) > 1 else ''} {_spans(numbers)}"
            powers = [p for _, group in groups if group["raw"] == regime for p in group["null_space"] or ()]
            slower = f", like t^p with p from {min(powers):.2g} to {max(powers):.2g}" if powers else ""
            say(f"{layer}, raw:", RAW[regime] + slower + ".")
            say(f"{layer}, normalised:", SPHERE[regime] + ".")
    skew = [group["skew_share"] for _, group in groups]
    if max(skew) > 0.01:
        say(
            "not symmetric:", f"{_percent(skew)} of |M|^2 is skew; for later tokens theory is complete without it only."
        )
    console.print("\n[bold]Where the sign of M is silent[/]")
    silent: dict[str, list[int]] = {}
    for layer in layers:
        for name in layer["silent"]:
            silent.setdefault(name, []).append(layer["layer"])
    taps = _percent([layer["present_tap"] for layer in layers])
    if "mirror" in silent:
        say("mirror:", "(M, D, W_out) and (-M, -D, -W_out) are one function; a sign counts only against D and W_out.")
        say("convolution, SiLU:", f"M meets tokens after both; {taps} of the taps' energy is the present token's.")
    else:
        say(
            "convolution, SiLU:",
            f"B and C pass both after M's weights, so C.B has signs of its own (taps: {taps} now).",
        )
    say("D:", f"is positive in {_percent([layer['skip_positive'] for layer in layers])} of the heads of a layer.")
    say("gate:", "multiplies what M returns, channel by channel and with either sign.")
    remarks = {
        "skip": "D has both signs or is zero and gives M no sign to count against.",
        "output": "W_out W_x has no positive part along theory's identity (cos below 3 s.d. of unrelated maps).",
        "decay": "the states of a channel decay at different rates, so no law in M alone holds.",
    }
    for name, text in remarks.items():
        if name in silent:
            say(f"{name}:", f"layers {_spans(silent[name])}: {text}")


def show_run(told: dict, how: str, console: Console) -> None:
    """Norms, Gram share and ranks of the tokens against depth."""
    console.print(f"\n{len(told['tokens'])} tokens ({how})", highlight=False)
    table = titled(
        "Tokens pushed", "after", "|x|", "lambda_1", "r", "eff. rank", "C.B > 0", "step used", justify="right"
    )
    table.columns[0].justify = "left"
    rows = zip(
        told["stages"], told["norm"], told["leading_share"], told["participation"], told["effective_rank"], strict=True
    )
    for depth, (stage, norm, leading, participation, rank) in enumerate(rows):
        inside = 0 < depth <= len(told["step"])
        positive, step = (told["self_positive"][depth - 1], told["step"][depth - 1]) if inside else ([], [])
        table.add_row(
            stage,
            _range(norm[0], norm[2]),
            f"{leading:.3f}",
            f"{participation:.1f}",
            f"{rank:.1f}",
            _percent(positive) if positive else "",
            _range(step[0], step[2]) if step else "",
        )
    console.print(table)
    console.print(
        "lambda_1: leading share of the Gram matrix of the normalised tokens, 1 at collapse; r and effective rank: "
        "how many directions they fill; C.B: the token's weight on itself.\n",
        style="dim",
        highlight=False,
    )


COMMANDS = {"inspect": inspect}
