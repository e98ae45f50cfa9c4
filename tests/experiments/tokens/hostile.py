"""Files as a careless or hostile world hands them over, as hypothesis strategies."""

from __future__ import annotations

import json
import struct

from hypothesis import strategies as st


def file_of(header: bytes, data: bytes, length: int | None = None) -> bytes:
    """A safetensors file: the header's length in eight bytes, the header, the data."""
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def split(content: bytes) -> tuple[dict, bytes]:
    """Header and data of a good file."""
    (size,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + size]), content[8 + size :]


numbers = st.one_of(
    st.integers(-3, 40), st.sampled_from([2**31, 2**32, 2**62, 2**63, 2**64, 10**30, -1, 1.5, None, "7"])
)
kinds = st.sampled_from(["F32", "F16", "BF16", "F64", "I64", "BOOL", "F8_E4M3", "C64", "f32", "", None, 7])


@st.composite
def damaged(draw, content: bytes) -> bytes:
    """The good file `content` with one thing wrong: a byte, its length, an entry of its header, or all of it."""
    how = draw(st.sampled_from(["bytes", "cut", "length", "entry", "name", "drop", "noise"]))
    if how == "noise":
        return draw(st.binary(max_size=64))
    if how == "cut":
        return content[: draw(st.integers(0, len(content) - 1))]
    if how == "bytes":
        place = draw(st.integers(0, min(len(content) - 1, 2500)))
        return content[:place] + draw(st.binary(min_size=1, max_size=3)) + content[place + 1 :]
    header, data = split(content)
    if how == "length":
        length = draw(st.one_of(st.integers(0, 10**4), st.sampled_from([2**32, 2**63, 2**64 - 1, 10**8 + 1])))
        return file_of(json.dumps(header).encode(), data, length)
    name = draw(st.sampled_from(sorted(set(header) - {"__metadata__"})))
    entry = header.pop(name)
    if how == "entry":
        change = draw(st.sampled_from(["dtype", "shape", "data_offsets", "all"]))
        new = {"dtype": kinds, "shape": st.lists(numbers, max_size=4), "data_offsets": st.lists(numbers, max_size=3)}
        header[name] = draw(numbers) if change == "all" else {**entry, change: draw(new[change])}
    elif how == "name":
        header[draw(st.text(max_size=12)) + name[draw(st.integers(0, len(name))) :]] = entry
    return file_of(json.dumps(header).encode(), data)
