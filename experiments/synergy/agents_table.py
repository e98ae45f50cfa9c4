"""A user's table of agents' outcomes, read in chunks and kept as sums: one vote a row, groups of votes on tasks.

Columns (CSV in UTF-8 with a header; others are ignored):
    task      what was asked; the tasks are the independent unit of all intervals
    agent     who answered
    compute   how much computation the agent spent on it, > 0; at most 64 different levels
    correct   0 or 1 (or false, true): whether the answer was right
    group     optional: agents whose votes one aggregator hears; all agents of a task by default
    stratum   optional: tasks of like difficulty, compared only with each other
    sent, received   optional, 0 or 1: a bit that went through the channel, and what arrived; both or neither a row

Memory grows with the groups and by eight bytes a row (repeated rows are found by 64-bit hashes), not with the file.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.errors import UserError
from experiments.synergy.estimation import VoteTotals

WANTED = ("task", "agent", "compute", "correct")
OPTIONAL = ("group", "stratum", "sent", "received")
CHUNK, HANDS, MAX_LEVELS = 250_000, 4096, 64
FLAGS = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, "false": 0, "true": 1}


@dataclass(frozen=True)
class AgentsTable:
    """What a table says, summed: totals by hand (a random batch of tasks) and stratum, and counts of right votes.

    computes: the compute of each stratum.  totals: arrays (hands, strata).  counts: how many groups of `size` votes had
    j of them right, (strata, size + 1).  size: the commonest number of votes in a group.
    """

    rows: int
    tasks: int
    agents: int
    groups: int
    size: int
    strata: tuple[tuple[float, str], ...]
    totals: VoteTotals
    counts: np.ndarray
    flips: int
    transmissions: int

    @property
    def computes(self) -> np.ndarray:
        return np.array([compute for compute, _ in self.strata])


@dataclass
class _Reader:
    """What is known of a file so far."""

    path: Path
    rows: int = 0
    strata: dict[tuple[float, str], int] = field(default_factory=dict)
    groups: list[pd.DataFrame] = field(default_factory=list)
    keys: list[np.ndarray] = field(default_factory=list)
    agents: list[np.ndarray] = field(default_factory=list)
    flips: int = 0
    transmissions: int = 0

    def refuse(self, what: str) -> UserError:
        return UserError(f"{self.path}: {what}.")

    def at(self, column: str, bad: np.ndarray, values: pd.Series, wanted: str) -> UserError:
        place = int(np.argmax(bad))
        text = values.iloc[place]
        found = "is empty" if text == "" else f"is `{text}`"
        return self.refuse(f"line {self.rows + place + 2}: `{column}` must be {wanted}, but {found}")

    def flags(self, chunk: pd.DataFrame, column: str, blank: bool = False) -> np.ndarray:
        """Zeros and ones; -1 for a blank, where blanks are allowed."""
        codes, words = pd.factorize(chunk[column])
        known = FLAGS | ({"": -1} if blank else {})
        values = np.array([known.get(str(word).strip().lower(), -2) for word in words], dtype=np.int8)[codes]
        if (values == -2).any():
            raise self.at(column, values == -2, chunk[column], "0 or 1")
        return values

    def labels(self, chunk: pd.DataFrame, column: str) -> np.ndarray:
        """Labels as 64-bit hashes."""
        if (empty := (chunk[column] == "").to_numpy()).any():
            raise self.at(column, empty, chunk[column], "given")
        codes, words = pd.factorize(chunk[column])
        return pd.util.hash_array(np.asarray(words, dtype=object), categorize=False)[codes]

    def stratum(self, chunk: pd.DataFrame) -> np.ndarray:
        """Each row's stratum: its compute, and its stratum label if there is one."""
        codes, words = pd.factorize(chunk["compute"])
        values = pd.to_numeric(pd.Series(np.asarray(words, dtype=object)), errors="coerce").to_numpy(float)
        bad = ~(np.isfinite(values) & (values > 0))
        if bad.any():
            raise self.at("compute", bad[codes], chunk["compute"], "a positive number")
        kinds, names = pd.factorize(chunk["stratum"]) if "stratum" in chunk else (np.zeros(len(chunk), int), [""])
        pairs, place = np.unique(codes * len(names) + kinds, return_inverse=True)
        for pair in pairs[: MAX_LEVELS + 1].tolist():
            name = (float(values[pair // len(names)]), str(names[pair % len(names)]))
            self.strata.setdefault(name, len(self.strata))
        if len(self.strata) > MAX_LEVELS:
            raise self.refuse(
                f"`compute` and `stratum` take more than {MAX_LEVELS} different values together, but votes are compared"
                " at equal compute: round them to a few levels"
            )
        own = [self.strata[float(values[p // len(names)]), str(names[p % len(names)])] for p in pairs.tolist()]
        return np.array(own)[place]

    def take(self, chunk: pd.DataFrame) -> None:
        """Add a chunk of rows."""
        chunk = chunk.fillna("")
        right = self.flags(chunk, "correct")
        stratum = self.stratum(chunk)
        task, agent = self.labels(chunk, "task"), self.labels(chunk, "agent")
        group = self.labels(chunk, "group") if "group" in chunk else np.zeros(len(chunk), np.uint64)
        rows = pd.DataFrame({"task": task, "stratum": stratum, "group": group, "agent": agent, "right": right})
        self.keys.append(pd.util.hash_pandas_object(rows.drop(columns="right"), index=False).to_numpy())
        self.agents.append(np.unique(agent))
        summed = rows.groupby(["task", "stratum", "group"], sort=False)["right"].agg(["size", "sum"])
        self.groups.append(summed.reset_index())
        if "sent" in chunk:
            sent, received = self.flags(chunk, "sent", True), self.flags(chunk, "received", True)
            if (lone := (sent < 0) != (received < 0)).any():
                raise self.at("received", lone, chunk["received"], "given where `sent` is, and blank where it is")
            self.flips += int(np.sum(sent != received))
            self.transmissions += int(np.sum(sent >= 0))
        self.rows += len(chunk)

    def refuse_repeats(self) -> None:
        """Refuse a table in which a row comes twice; says which lines."""
        keys = np.concatenate(self.keys)
        order = np.argsort(keys, kind="stable")
        again = np.flatnonzero(keys[order][1:] == keys[order][:-1])
        if again.size:
            later = order[again + 1]
            first = int(np.argmin(later))
            raise self.refuse(
                f"line {later[first] + 2} repeats the task, agent, compute and group of line {order[again[first]] + 2}:"
                " give one row for each answer"
            )


def _chunks(path: Path, rows: int) -> Iterator[pd.DataFrame]:
    options = {"encoding": "utf-8-sig", "dtype": str, "keep_default_na": False, "skipinitialspace": True}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            header = [str(name) for name in pd.read_csv(path, nrows=0, **options).columns]
            found = [name for name in header if name in (*WANTED, *OPTIONAL)]
            missing = [name for name in WANTED if name not in found]
            if missing:
                raise UserError(
                    f"{path} has no column {', '.join(f'`{name}`' for name in missing)}: its columns are "
                    f"{', '.join(header)[:200] or 'none'}; wanted are {', '.join(WANTED)}."
                )
            if ("sent" in found) != ("received" in found):
                raise UserError(f"{path} has only one of the columns `sent` and `received`: give both or neither.")
            # All columns: told which to use, pandas would drop what a line has too much instead of refusing it.
            with pd.read_csv(path, chunksize=rows, index_col=False, **options) as reader:
                for chunk in reader:
                    yield chunk[found]
    except pd.errors.EmptyDataError as error:
        raise UserError(f"{path} is empty: a table has a header and one row for each answer.") from error
    except UnicodeDecodeError as error:
        byte = f"byte {error.object[error.start]:#04x}"
        raise UserError(f"{path} is not UTF-8 text ({byte} cannot be read): save the table as CSV in UTF-8.") from error
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise UserError(f"{path} is not a table: {' '.join(str(error).split())}.") from error
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror or error}.") from error


def read_table(path: Path, seed: int = 0, chunk: int = CHUNK) -> AgentsTable:
    """The sums of a table; UserError, one sentence with the file and the line, for one that cannot be used.

    seed: deals the tasks into hands, when there are more than 4096 of them.
    """
    reader = _Reader(Path(path))
    for rows in _chunks(reader.path, chunk):
        reader.take(rows)
    if not reader.rows:
        raise reader.refuse("there is a header but no row")
    reader.refuse_repeats()
    groups = pd.concat(reader.groups).groupby(["task", "stratum", "group"], sort=True).sum().reset_index()
    agents = len(np.unique(np.concatenate(reader.agents)))
    votes, right = groups["size"].to_numpy(float), groups["sum"].to_numpy(float)
    task, labels = pd.factorize(groups["task"])
    if votes.max() < 2:
        who = "there is one agent only" if agents == 1 else "no group has two votes on one task at one compute"
        raise reader.refuse(f"{who}, so errors cannot be seen to agree")
    if len(labels) < 2:
        raise reader.refuse("there is one task only, and tasks are what intervals count")
    if (outcome := right.sum() / votes.sum()) in (0, 1):
        raise reader.refuse(f"every outcome is {outcome:.0f}: where nothing varies there is no correlation to measure")
    sizes = np.bincount(votes[votes > 1].astype(int))
    size = int(np.argmax(sizes))
    strata = sorted(reader.strata)
    stratum = np.argsort(np.array([reader.strata[name] for name in strata]))[groups["stratum"].to_numpy()]
    return AgentsTable(
        rows=reader.rows,
        tasks=len(labels),
        agents=agents,
        groups=len(groups),
        size=size,
        strata=tuple(strata),
        totals=_totals(task, stratum, votes, right, len(labels), len(strata), seed),
        counts=_counts(stratum, votes, right, size, len(strata)),
        flips=reader.flips,
        transmissions=reader.transmissions,
    )


def _totals(task, stratum, votes, right, tasks: int, strata: int, seed: int) -> VoteTotals:
    """Sums within each task, then within each hand: a squared sum of a task must not mix with its hand's."""
    hands = min(tasks, HANDS)
    # Dealt at random: tasks in the order of the file may get harder and harder.
    hand_of = np.random.default_rng(seed).permutation(tasks) % hands
    signed = 2 * right - votes

    def summed(where, values, count):
        return np.bincount(where, weights=values, minlength=count)

    cells, cell = np.unique(task * strata + stratum, return_inverse=True)
    own_votes, own_signed = summed(cell, votes, len(cells)), summed(cell, signed, len(cells))
    by_cell = (
        own_votes,
        own_signed,
        own_votes**2,
        own_signed**2,
        summed(cell, votes * (votes - 1), len(cells)),
        summed(cell, signed**2 - votes, len(cells)),
    )
    at = hand_of[cells // strata] * strata + cells % strata
    return VoteTotals(*(summed(at, values, hands * strata).reshape(hands, strata) for values in by_cell))


def _counts(stratum, votes, right, size: int, strata: int) -> np.ndarray:
    seen = votes == size
    places = stratum[seen] * (size + 1) + right[seen].astype(int)
    return np.bincount(places, minlength=strata * (size + 1)).reshape(strata, size + 1).astype(float)
