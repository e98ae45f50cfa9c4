"""What a figure is to the rest of the house: a name, the datasets it reads, and a pure drawing function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import matplotlib.figure


@dataclass(frozen=True)
class Figure:
    """`draw(*datasets) -> matplotlib Figure`, one Dataset for each experiment named, in that order.

    `counterpart` names the paper's own figure where there is one; `caption` says what is drawn, with parameters.
    """

    name: str
    experiments: tuple[str, ...]
    draw: Callable[..., matplotlib.figure.Figure]
    caption: str
    counterpart: str = ""
