"""Weights on disk, read tensor by tensor from safetensors files: memory-mapped, never unpickled, never trusted.

A checkpoint is one `.safetensors` file, an `.index.json` that names several, or a folder that holds either. Whatever
is wrong with it ends in a `UserError` of one sentence.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from experiments.errors import UserError

FORMATS = {"F64": 2.0**-52, "F32": 2.0**-23, "F16": 2.0**-10, "BF16": 2.0**-7}
"""Formats of floating-point weights and the spacing of each at 1."""
INDEX, WHOLE = "model.safetensors.index.json", "model.safetensors"
LARGEST_JSON = 64 * 2**20
LONGEST_NAME = 200
HABITS = {
    b"PK\x03\x04": "a zip archive, as torch.save writes it (a pickle inside)",
    b"\x1f\x8b": "a gzip file",
    b"version https://git-lfs": "a Git LFS pointer: the weights themselves were not downloaded",
}


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; UserError unless it is one."""
    try:
        if path.stat().st_size > LARGEST_JSON:
            raise UserError(f"{path} is not read: it is larger than {LARGEST_JSON // 2**20} MiB.")
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror or error}.") from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{path} is not valid JSON.") from None
    if not isinstance(found, dict):
        raise UserError(f"{path} must hold a JSON object, but holds a {type(found).__name__}.")
    return found


def _habit(start: bytes) -> str:
    """What a file that is no safetensors file looks like; nothing if like nothing known."""
    # Protocols 2 to 5 start like the length of a short header, were the third byte zero.
    if start[:1] == b"\x80" and start[1:2] in (b"\2", b"\3", b"\4", b"\5") and any(start[2:3]):
        return "a pickle"
    return next((what for magic, what in HABITS.items() if start.startswith(magic)), "")


def _opened(path: Path):
    if not path.is_file():
        raise UserError(f"Cannot read {path}: " + ("it is not a regular file." if path.exists() else "no such file."))
    try:
        with path.open("rb") as stream:
            start = stream.read(24)
        if not start:
            raise UserError(f"{path} is empty.")
        return safe_open(path, framework="np")
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror or error}.") from None
    except SafetensorError as error:
        if habit := _habit(start):
            raise UserError(f"{path} is not a safetensors file but {habit}.") from None
        reason = "".join(letter if letter.isprintable() else " " for letter in str(error))
        raise UserError(f"{path} is not a safetensors file, or is truncated ({reason[:120]}).") from None


def _index(path: Path) -> dict[str, Path]:
    """The file of each tensor, as an index of shards lists them."""
    table = read_json(path).get("weight_map")
    if not isinstance(table, dict) or not table or not all(isinstance(name, str) for name in table.values()):
        raise UserError(f"{path} has no `weight_map` from tensors to files.")
    for name in set(table.values()):
        # An index is foreign data: it may not point outside its own folder.
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise UserError(f"{path} names {name[:80]!r}, which is no safetensors file beside it.")
    return {tensor: path.parent / name for tensor, name in table.items()}


def located(path: Path) -> Path:
    """The file to open: `path` itself, or in a folder the index, the whole model or the only safetensors file."""
    if not path.is_dir():
        if not path.exists():
            raise UserError(f"Cannot read {path}: no such file or folder.")
        return path
    for name in (INDEX, WHOLE):
        if (path / name).exists():
            return path / name
    found = sorted(path.glob("*.safetensors"))
    if len(found) != 1:
        what = "no safetensors file" if not found else f"{len(found)} safetensors files and no {INDEX}"
        raise UserError(f"The folder {path} holds {what}: name the file to inspect.")
    return found[0]


@dataclass(frozen=True)
class Checkpoint:
    """Names, shapes and formats of all tensors; a tensor's numbers are read when they are asked for."""

    path: Path
    shapes: dict[str, tuple[int, ...]]
    formats: dict[str, str]
    _files: dict[str, Any] = field(repr=False)

    @classmethod
    def open(cls, path: Path) -> Checkpoint:
        """Read the headers only."""
        path = located(Path(path))
        if path.suffix == ".json":
            places = _index(path)
            files = {shard: _opened(shard) for shard in sorted(set(places.values()))}
        else:
            files = {path: _opened(path)}
            places = dict.fromkeys(files[path].keys(), path)
        held = {shard: set(file.keys()) for shard, file in files.items()}
        shapes, formats, handles = {}, {}, {}
        for name, shard in places.items():
            # Names are quoted in messages and in a terminal, so they may hold no control characters.
            if not name.isprintable() or len(name) > LONGEST_NAME:
                raise UserError(f"{path} has a tensor with an unprintable or overlong name, {name[:40]!r}.")
            if name not in held[shard]:
                raise UserError(f"{path} lists the tensor `{name}`, which is not in {shard}.")
            part = files[shard].get_slice(name)
            handles[name], shapes[name], formats[name] = files[shard], tuple(part.get_shape()), part.get_dtype()
        if not handles:
            raise UserError(f"{path} holds no tensors.")
        return cls(path, shapes, formats, handles)

    def config(self) -> dict[str, Any]:
        """`config.json` beside the weights, or nothing."""
        path = self.path.parent / "config.json"
        return read_json(path) if path.exists() else {}

    def tensor(self, name: str, rows: np.ndarray | None = None) -> np.ndarray:
        """The tensor in float64, or some of its rows; UserError for a format other than float and for NaN."""
        if name not in self.shapes:
            raise UserError(f"{self.path} has no tensor `{name}`.")
        if self.formats[name] not in FORMATS:
            raise UserError(f"Tensor `{name}` must be one of {', '.join(FORMATS)}, but is {self.formats[name]}.")
        if rows is None:
            found = self._files[name].get_tensor(name).astype(np.float64)
        else:
            part = self._files[name].get_slice(name)
            wanted, places = np.unique(rows, return_inverse=True)
            found = np.concatenate([part[int(row) : int(row) + 1].astype(np.float64) for row in wanted])[places]
        if not np.isfinite(found).all():
            raise UserError(f"Tensor `{name}` of {self.path} holds NaN or infinite numbers.")
        return found
