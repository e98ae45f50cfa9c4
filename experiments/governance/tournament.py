"""The governed agent in tournaments of the Axelrod library, against players that nobody here wrote.

The paper's agent acts in [0, 1] and the library's players cooperate or defect, so it plays twice over: once its
action is the probability of cooperation, once it cooperates from 1/2 upwards. Both feel a body of their own, habituated
as the paper does it, and the body hears what was played, its own deed included. A copy without the sentinel, whose body
keeps the authority alpha_0 = 0.85, plays beside each. Before the first round the agent takes the opponent for a
cooperator; the official code would let it see the first action in advance, which no opponent here grants.

Repetition r has the r-th body; players that draw no random number meet each other once, since nothing would differ.
Every star of matches (one player against several) is a tournament of the library with a seed of its own, so that the
table does not depend on who plays it where.
"""

from __future__ import annotations

import csv
import importlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import xarray as xr

from dynamics import governance as gov
from dynamics.governance.draws import NOISE
from dynamics.governance.play import WARM_UP
from experiments.engines import start_worker
from experiments.errors import UserError

TIT_FOR_TAT, GENEROUS, DEFECTOR = "TitForTat", "GTFT", "Defector"
PEERS = (TIT_FOR_TAT, GENEROUS, DEFECTOR)

# Deterministic and fast; names of the library's classes.
OTHERS = (
    *("TitFor2Tats", "TwoTitsForTat", "HardTitForTat", "HardTitFor2Tats", "ContriteTitForTat", "OmegaTFT", "Gradual"),
    *("SneakyTitForTat", "ForgivingTitForTat", "SpitefulTitForTat", "AdaptiveTitForTat", "Grudger", "ForgetfulGrudger"),
    *("SoftGrudger", "OppositeGrudger", "GrudgerAlternator", "Forgiver", "FoolMeOnce", "OnceBitten", "Punisher"),
    *("InversePunisher", "LevelPunisher", "Retaliate", "LimitedRetaliate", "GoByMajority", "HardGoByMajority"),
    *("Prober", "Prober2", "Prober3", "HardProber", "Detective", "Appeaser", "EasyGo", "Fortress3", "Handshake"),
    *("Raider", "Ripoff", "SolutionB1", "Winner12", "TF1", "TF3", "Capri", "DelayedAON1", "EvolvedLookerUp2_2_2"),
    *("EvolvedFSM16", "FirstByDavis", "FirstByShubik", "FirstByTidemanAndChieruzzi", "Thumper", "VeryBad", "Grumpy"),
    *("CyclerCCD", "AntiCycler", "ThueMorse"),
)


class Style(NamedTuple):
    """How a body of ours plays: with or without a sentinel, its action a threshold's or a coin's matter."""

    sentinel: bool
    thresholded: bool


GOVERNED = {
    "Governed, probability": Style(True, False),
    "Governed, threshold": Style(True, True),
    "Sentinel off, probability": Style(False, False),
    "Sentinel off, threshold": Style(False, True),
}


class Star(NamedTuple):
    """One player against several: all that a worker needs. body: of this repetition, where one of ours plays."""

    names: tuple[str, ...]
    repetition: int | None
    turns: int
    seed: int
    body: dict[bool, gov.Player] | None


@cache
def library():
    """The Axelrod library, or the sentence that says how to get it."""
    try:
        return importlib.import_module("axelrod")
    except ImportError as error:
        raise UserError(
            "The tournament needs the Axelrod library, which is not installed: pip install -e '.[tournament]'."
        ) from error


@cache
def governed_class():
    """The class of our players: a subclass of the library's `Player`."""
    axl = library()

    class Governed(axl.Player):
        """A habituated body; the sentinel may be off."""

        name = "Governed"
        classifier = {  # noqa: RUF012 (the library copies it)
            "memory_depth": float("inf"),
            "stochastic": True,
            "long_run_time": False,
            "inspects_source": False,
            "manipulates_source": False,
            "manipulates_state": False,
        }

        def __init__(self, label, player, thresholded):
            super().__init__()
            self.label, self.player, self.thresholded = label, player, thresholded

        def __repr__(self):
            return self.label

        def noise(self, *shape):
            return NOISE * self.stream.standard_normal((*shape, len(self.player.body.bias)))

        def strategy(self, opponent):
            if not self.history:
                self.stream = np.random.default_rng(self._seed)
                moment, seen = gov.warmed(self.player, self.noise(WARM_UP)), 1.0
            else:
                own, seen = (float(each.history[-1] == axl.Action.C) for each in (self, opponent))
                moment = gov.move(self.player, self.moment, own, seen, self.noise())
            self.moment, action = gov.consider(self.player, moment, seen)
            chance = float(action >= 0.5) if self.thresholded else action
            return self._random.random_choice(chance)

    return Governed


@jax.jit
@jax.vmap
def _grow(key):
    draws = gov.Keyed(key)
    grown = gov.grown(draws)
    usual = gov.baselines(draws, grown.body, grown.readout, [9500])
    return grown.body, grown.readout, jax.tree.map(lambda leaf: leaf[0], usual)


def bodies(seed: int, count: int) -> list[dict[bool, gov.Player]]:
    """So many habituated bodies, each with the sentinel on (True) and off (False)."""
    with jax.enable_x64(True):
        drawn = _grow(jax.vmap(jr.fold_in, (None, 0))(jr.key(seed), jnp.arange(count)))
        body, readout, usual = jax.tree.map(np.asarray, drawn)
    agents = {True: gov.sentinel(), False: gov.static(gov.sentinel().share)}
    each = [jax.tree.map(lambda leaf, i=i: leaf[i], (body, readout, usual)) for i in range(count)]
    return [{on: gov.hosted(one[0], one[1], agent, one[2]) for on, agent in agents.items()} for one in each]


def field(others: Sequence[str] = OTHERS) -> tuple[str, ...]:
    """The players: ours, the library's basic strategies, Generous Tit-for-Tat, and others by their class's name."""
    basic = [strategy.__name__ for strategy in library().basic_strategies]
    return tuple(dict.fromkeys([*GOVERNED, *basic, *PEERS, *others]))


def labels(names: Sequence[str]) -> list[str]:
    """What the library calls these players."""
    return [name if name in GOVERNED else str(getattr(library(), name).name) for name in names]


def stars(names: Sequence[str], turns: int, repetitions: int, seed: int) -> list[Star]:
    """All matches: those that chance touches in every repetition, the others once (repetition None)."""
    classify, axl = library().Classifiers["stochastic"], library()
    changing = [name for name in names if name in GOVERNED or classify(getattr(axl, name)())]
    fixed = [name for name in names if name not in changing]
    grown = bodies(seed, repetitions)

    def star(focal, opponents, repetition):
        place = (seed, names.index(focal), 0 if repetition is None else 1 + repetition)
        own_seed = int(np.random.SeedSequence(place).generate_state(1)[0])
        return Star((focal, *opponents), repetition, turns, own_seed, None if repetition is None else grown[repetition])

    found = [
        star(focal, [*changing[i + 1 :], *fixed], repetition)
        for repetition in range(repetitions)
        for i, focal in enumerate(changing)
    ]
    return found + [star(focal, fixed[i + 1 :], None) for i, focal in enumerate(fixed[:-1])]


def _player(name, body):
    if name not in GOVERNED:
        return getattr(library(), name)()
    style = GOVERNED[name]
    return governed_class()(name, body[style.sentinel], style.thresholded)


def play_star(star: Star) -> np.ndarray:
    """Payoff and cooperation of one round, on average, of the focal player and its opponent: (opponents, 2, 2)."""
    axl = library()
    players = [_player(name, star.body) for name in star.names]
    edges = [(0, i) for i in range(1, len(players))]
    tournament = axl.Tournament(players, turns=star.turns, repetitions=1, edges=edges, seed=star.seed)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "interactions.csv"
        tournament.play(build_results=False, filename=str(path), progress_bar=False)
        with open(path, newline="") as file:
            actions = {(int(row["Player index"]), int(row["Opponent index"])): row["Actions"] for row in _rows(file)}
    found = np.empty((len(edges), 2, 2))
    for k, (i, j) in enumerate(edges):
        pairs = [tuple(map(axl.Action.from_char, pair)) for pair in zip(actions[i, j], actions[j, i], strict=True)]
        found[k, :, 0] = axl.interaction_utils.compute_final_score_per_turn(pairs, tournament.game)
        found[k, :, 1] = axl.interaction_utils.compute_normalised_cooperation(pairs)
    return found


def _rows(file):
    csv.field_size_limit(2**31 - 1)
    return csv.DictReader(file)


def _played(work: Sequence[Star], workers: int) -> Iterator[tuple[int, np.ndarray]]:
    if workers == 1:
        yield from ((i, play_star(star)) for i, star in enumerate(work))
        return
    threads = max(1, (os.cpu_count() or 1) // workers)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=start_worker, initargs=(threads,)) as pool:
        futures = {pool.submit(play_star, star): i for i, star in enumerate(work)}
        try:
            yield from ((futures[future], future.result()) for future in as_completed(futures))
        finally:
            for future in futures:
                future.cancel()


def tournament(
    turns: int = 200,
    repetitions: int = 20,
    workers: int | None = None,
    seed: int = 0,
    others: Sequence[str] = OTHERS,
    watch: Callable[[int, int], None] = lambda done, total: None,
) -> xr.Dataset:
    """Everyone against everyone else; `payoff` and `cooperation` of a round by (repetition, player, opponent).

    No player meets itself: those entries are NaN.  watch: told how many stars of how many were played, at first none.
    """
    _at_least(1, turns=turns, workers=1 if workers is None else workers)
    _at_least(2, repetitions=repetitions)
    _at_least(0, seed=seed)
    names = field(others)
    work = stars(names, turns, repetitions, seed)
    watch(0, len(work))
    values = np.full((2, repetitions, len(names), len(names)), np.nan)
    for done, (place, found) in enumerate(_played(work, min(workers or os.cpu_count() or 1, len(work))), 1):
        star = work[place]
        focal, *opponents = (names.index(name) for name in star.names)
        lanes = slice(None) if star.repetition is None else star.repetition
        for opponent, both in zip(opponents, found, strict=True):
            values[:, lanes, focal, opponent] = both[0].reshape(2, *([1] * (star.repetition is None)))
            values[:, lanes, opponent, focal] = both[1].reshape(2, *([1] * (star.repetition is None)))
        watch(done, len(work))
    dims = ("repetition", "player", "opponent")
    shown = labels(names)
    return xr.Dataset(
        {
            "payoff": (dims, values[0], {"long_name": "payoff of a round", "symbol": r"\bar u"}),
            "cooperation": (dims, values[1], {"long_name": "share of rounds with cooperation", "symbol": r"\bar a"}),
        },
        {
            "repetition": np.arange(repetitions),
            "player": shown,
            "opponent": shown,
            "name": ("player", list(names), {"long_name": "class in the Axelrod library, or style of ours"}),
        },
        {"turns": turns, "seed": seed, "axelrod": library().__version__},
    )


def _at_least(low: int, **values: int) -> None:
    for name, value in values.items():
        if value < low:
            raise UserError(f"`--{name}` must be at least {low}, but is {value}.")
