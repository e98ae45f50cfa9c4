"""Real agents: small classifiers of scikit-learn's handwritten digits, in trees of majority votes.

The question is whether a digit is 5 or more. An agent reads some of the 64 pixels (its compute), learned from 100
images by regularised least squares on labels -1 and 1, and votes; five agents make a group, five groups a larger one,
and so on to one root. Strangers chose their pixels by themselves, siblings of one group read the same pixels.
Nothing is drawn from a model but the channel's flips, where there are any. Training and test images are split once.

Two things are random, images and agents, so a cell keeps both margins of its table (images by trees): an interval that
counted only one of them would be too short.
"""

from __future__ import annotations

from functools import cache

import jax.random as jr
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from experiments.experiment import Experiment, Quantity
from experiments.space import Space, listing
from experiments.synergy.quantities import FIDELITY

FAN_IN, DEPTH, LEARNED, TRAINING, RIDGE = 5, 3, 100, 597, 1.0
LEAVES = FAN_IN**DEPTH
PIXELS, FIDELITIES, KINSHIPS = (2, 4, 8, 16, 32), (1.0, 0.8), ("strangers", "siblings")
SPLIT = 20260125
# What is stored of every image and of every tree, in this order.
SUMMARIES = ("bias_0", "bias_1", "bias_2", "bias_3", "pairs_0", "pairs_1", "pairs_2", "cousins")


@cache
def images() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Training images and labels, test images and labels; labels are 1 for digits from 5, else -1."""
    from sklearn.datasets import load_digits

    pixels, digits = load_digits(return_X_y=True)
    labels = np.where(digits >= 5, 1, -1)
    order = np.random.Generator(np.random.PCG64(SPLIT)).permutation(len(labels))
    learned, tested = order[:TRAINING], order[TRAINING:]
    return pixels[learned], labels[learned], pixels[tested], labels[tested]


def trained(rng: np.random.Generator, agents: int, pixels: int, kinship: str) -> tuple[np.ndarray, np.ndarray]:
    """Weights (agents, 64), 0 where an agent does not look, and intercepts of a crowd of classifiers."""
    seen, labels, _, _ = images()
    choices = agents // FAN_IN if kinship == "siblings" else agents
    looked = rng.permuted(np.tile(np.arange(64), (choices, 1)), axis=1)[:, :pixels]
    looked = np.repeat(looked, agents // choices, axis=0)
    lessons = rng.permuted(np.tile(np.arange(TRAINING), (agents, 1)), axis=1)[:, :LEARNED]
    x, y = seen[lessons[:, :, None], looked[:, None, :]], labels[lessons].astype(float)
    middle, level = x.mean(axis=1, keepdims=True), y.mean(axis=1)
    x, y = x - middle, y - level[:, None]
    slopes = np.linalg.solve(
        x.transpose(0, 2, 1) @ x + RIDGE * np.eye(pixels), np.einsum("anp,an->ap", x, y)[..., None]
    )[..., 0]
    weights = np.zeros((agents, 64))
    np.put_along_axis(weights, looked, slopes, axis=1)
    return weights, level - np.sum(middle[:, 0] * slopes, axis=1)


def answers(rng: np.random.Generator, agents: int, pixels: int, kinship: str) -> np.ndarray:
    """Each agent's answer to each test image, 1 for a digit from 5, else -1: (agents, images)."""
    weights, intercepts = trained(rng, agents, pixels, kinship)
    # The scores of one in a million answers lie within single precision of 0.
    scores = weights.astype(np.float32) @ images()[2].T.astype(np.float32) + intercepts[:, None].astype(np.float32)
    return np.where(scores > 0, np.int8(1), np.int8(-1))


def _sums(votes: np.ndarray) -> np.ndarray:
    return votes.reshape(-1, FAN_IN, votes.shape[1]).sum(axis=1, dtype=np.int64)


def tree_summaries(rng: np.random.Generator, votes: np.ndarray, fidelity: float) -> np.ndarray:
    """What one tree makes of its leaves' right (1) and wrong (-1) votes, for every image: (SUMMARIES, images).

    Mean vote of each level; mean product of two votes of a group, at each level below the root; the same for two leaves
    of different groups. All of votes as sent; what a node hears is flipped with probability (1 - fidelity)/2.
    """
    levels, pairs = [votes.mean(axis=0)], []
    leaves = _sums(votes)
    others = len(votes) * (len(votes) - FAN_IN)
    cousins = (leaves.sum(axis=0) ** 2 - (leaves**2).sum(axis=0)) / others
    for _ in range(DEPTH):
        pairs.append(((_sums(votes) ** 2 - FAN_IN) / (FAN_IN * (FAN_IN - 1))).mean(axis=0))
        heard = votes if fidelity == 1 else votes * np.where(rng.random(votes.shape) < (1 - fidelity) / 2, -1, 1)
        votes = np.sign(_sums(heard))
        levels.append(votes.mean(axis=0))
    return np.stack([*levels, *pairs, cousins])


def digits_trees(key, *, pixels, kinship, fidelity, trees):
    """`trees` trees of freshly trained agents on all test images: means over trees, and means over images."""
    rng = np.random.default_rng(np.asarray(jr.key_data(key)))
    truth = images()[3]
    by_image, by_tree = 0.0, []
    # Products this small only wait for each other's threads.
    with threadpool_limits(limits=1):
        for _ in range(trees):
            seen = tree_summaries(rng, answers(rng, LEAVES, pixels, kinship) * truth, fidelity)
            by_image = by_image + seen / trees
            by_tree.append(seen.mean(axis=1))
    return {"by_image": by_image, "by_tree": np.stack(by_tree, axis=1)}


def digits_table(groups: int = 5, seed: int = 0, fidelity: float = 0.8) -> pd.DataFrame:
    """The votes of strangers at every compute as a table of `agents_table`, their messages flipped by a channel."""
    rng = np.random.default_rng(seed)
    truth = images()[3]
    agents = groups * FAN_IN
    names = np.array([f"a{i + 1}" for i in range(agents)])
    group = np.array([f"g{i // FAN_IN + 1}" for i in range(agents)])
    parts = []
    for pixels in PIXELS:
        said = answers(rng, agents, pixels, "strangers")
        heard = said * np.where(rng.random(said.shape) < (1 - fidelity) / 2, -1, 1)
        task, agent = (place.ravel() for place in np.meshgrid(np.arange(len(truth)), np.arange(agents), indexing="ij"))
        own = said.T.ravel()
        parts.append(
            pd.DataFrame(
                {
                    "task": task,
                    "agent": names[agent],
                    "group": group[agent],
                    "compute": pixels,
                    "correct": (own == truth[task]).astype(int),
                    "sent": (own > 0).astype(int),
                    "received": (heard.T.ravel() > 0).astype(int),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


DIGITS_TREES = Experiment(
    name="synergy/digits-trees",
    title="Trees of classifiers of handwritten digits",
    cell=digits_trees,
    parameters={
        "pixels": Quantity("x", "pixels that an agent reads"),
        "kinship": Quantity("kin", "whether agents of one group read the same pixels"),
        "fidelity": FIDELITY,
        "trees": Quantity("R", "trees of freshly trained agents"),
    },
    outputs={
        "by_image": Quantity("m_i", "summaries of each image, mean over trees", dims=("summary", "image")),
        "by_tree": Quantity("m_r", "summaries of each tree, mean over images", dims=("summary", "tree")),
    },
    scales={
        name: Space(
            (listing("pixels", PIXELS), listing("kinship", KINSHIPS), listing("fidelity", FIDELITIES)),
            {"trees": trees},
        )
        for name, trees in (("quick", 80), ("paper", 160))
    },
    static=("kinship",),
    compiled=False,
)

EXPERIMENTS = (DIGITS_TREES,)
