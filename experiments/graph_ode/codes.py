"""Codebooks of Gaussian samples, of the plane and of growing patterns, fitted and learned (P19-P23, P30)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from dynamics import graph_ode as dynamics
from experiments.experiment import Experiment, Quantity
from experiments.space import Space, listing, replicates

STEP, MEMBERS = 0.5, (1, 2, 5)
SWEEP, MOST, SHIPPED = (4, 8, 16, 30, 32, 64, 128), 128, 30
NOISES = (0.0, 0.01, 0.02, 0.05, 0.1)
AHEAD, START, HISTORY = (0, 15, 30, 45, 60, 75), 20, 10
FAR, PRETRAINING = 1e3, 300
PLANE_GRID, PLANE_MOST = 128, 150


def gauss_levels(key, *, codes, samples):
    """Lloyd's levels of Gaussian samples: error, entropy, the errors of random members, and a uniform step's.

    members: mean square error of the mean of n random members over that of the true means. Levels beyond `codes` are
    kept too far away to be anyone's nearest.
    """
    sample_key, member_key, step_key = jr.split(key, 3)
    values = jr.normal(sample_key, (samples,))
    k = jnp.arange(MOST)
    # The best density of levels is Gaussian too, sqrt 3 times as wide.
    start = np.sqrt(3.0) * jax.scipy.special.ndtri(jnp.minimum((k + 0.5) / codes, 0.5 + 0.5 * (k < codes)))
    levels = dynamics.lloyd_line(values, jnp.where(k < codes, start, FAR + k), 300)
    found = dynamics.nearest_on_line(values, levels)
    order = jnp.argsort(found)
    sizes = jnp.zeros(MOST, int).at[found].add(1)
    first = jnp.cumsum(sizes) - sizes
    means = jnp.zeros(MOST).at[found].add(values) / jnp.maximum(sizes, 1)
    error = jnp.mean((means[found] - values) ** 2)
    # Members of every code, drawn with replacement, many times over; the first n of them speak.
    drawn = jnp.floor(jr.uniform(member_key, (250, MOST, MEMBERS[-1])) * sizes[:, None]).astype(int)
    seen = values[order[jnp.minimum(first[:, None] + drawn, samples - 1)]]
    ratios = []
    for n in MEMBERS:
        beside = jnp.sum(sizes * (jnp.mean(seen[..., :n], axis=-1) - means) ** 2, axis=-1) / samples
        ratios.append(1 + jnp.mean(beside) / error)
    offset = jr.uniform(step_key)
    rounded = (jnp.round(values / STEP + offset) - offset) * STEP
    return {
        "error": error,
        "entropy": _entropy(sizes / samples),
        "members": jnp.stack(ratios),
        "rounded": jnp.mean((rounded - values) ** 2),
    }


def _entropy(shares):
    return -jnp.sum(jnp.where(shares > 0, shares * jnp.log2(jnp.where(shares > 0, shares, 1)), 0))


def plane_codes(key, *, codes, iterations):
    """k-means of the unit square: mean square distance to the nearest centre, pixels taken whole."""
    middles = (jnp.arange(PLANE_GRID) + 0.5) / PLANE_GRID
    points = jnp.stack(jnp.meshgrid(middles, middles), axis=-1).reshape(-1, 2)
    start = jnp.where((jnp.arange(PLANE_MOST) < codes)[:, None], jr.uniform(key, (PLANE_MOST, 2)), FAR)
    _, errors = dynamics.k_means(points, start, iterations)
    # Each pixel belongs to one centre as a whole: its own spread adds exactly h^2/12 a coordinate.
    return {"error": errors[-1] + 1 / (6 * PLANE_GRID**2)}


def _masked_start(histories, codes):
    """Centres at quantiles of the last value, the rest of `MOST` too far away to be anyone's nearest."""
    k = jnp.arange(MOST)
    ranks = jnp.clip(((2 * k + 1) * histories.shape[0]) // (2 * codes), 0, histories.shape[0] - 1)
    return jnp.where((k < codes)[:, None], histories[jnp.argsort(histories[:, -1])[ranks]], FAR)


def _window(fields, end):
    """The last `HISTORY` frames before frame `end`, pixel by pixel: (pixels, time)."""
    return jnp.moveaxis(jax.lax.dynamic_slice_in_dim(fields, end - HISTORY, HISTORY), 0, -1).reshape(-1, HISTORY)


def aged(book, frames, member_key):
    """What a partition made at frame `START` is worth later, by `AHEAD`: its error with true cluster means beside that
    of the frame's own, the square error of random members over that of means, and chi and distance of its probes."""
    shape, count = frames.shape[1:], book.centres.shape[0]
    frozen_codes = dynamics.assign(book, _window(frames, START + 1))
    # Means need no key.
    frozen = dynamics.choose_probes(member_key, frozen_codes, count, shape)

    def at(ahead):
        window = _window(frames, START + 1 + ahead)
        now = window[:, -1:]
        codes = dynamics.assign(book, window)
        means = dynamics.choose_probes(member_key, codes, count, shape)
        fresh = jnp.mean((dynamics.read_probes(means, now)[codes] - now) ** 2)
        stale = jnp.mean((dynamics.read_probes(frozen, now)[frozen_codes] - now) ** 2)
        members = dynamics.random_members(member_key, codes, count, 60)
        spoken = jnp.mean((now[members, 0][codes] - now) ** 2)
        probes = dynamics.read_probes(frozen, window)
        return (
            jnp.sqrt(stale),
            jnp.sqrt(fresh),
            spoken / fresh,
            dynamics.consistency(book, probes, frozen.present),
            dynamics.distance(book, probes, frozen.present),
        )

    return jax.lax.map(at, jnp.asarray(AHEAD))


def pattern_codes(key, *, points, trajectories, histories):
    """Codebooks of histories of growing patterns, fitted to some trajectories and used on another.

    Fields are scaled to [0, 1] by the training trajectories. error: root mean square error of held-out histories, for
    every size in `SWEEP`; the rest with 30 codes. noise: error when the encoder sees noise.  frozen, fresh: error of
    cluster means with the partition of frame 20 or of the frame itself.  chi, distance: what adaptive rules look at.
    member: mean square error of random members over that of means.
    """
    sim_key, draw_key, noise_key, member_key = jr.split(key, 4)
    recipe = dynamics.recipe(
        "sh_release", points=(points, points), extent=(points * np.pi * 20 / 64,) * 2, frames=START + AHEAD[-1] + 1
    )
    runs = jax.lax.map(lambda k: dynamics.simulate(k, recipe)[:, 0], jr.split(sim_key, trajectories + 1))
    low, high = jnp.min(runs[1:]), jnp.max(runs[1:])
    runs = (runs - low) / (high - low)
    test, training = runs[0], runs[1:]
    # Histories at random places and times.
    pick = jr.randint(draw_key, (3, histories), 0, jnp.asarray([[trajectories], [training.shape[1]], [points**2]]))
    flat = training.reshape(trajectories, training.shape[1], -1)
    ends = HISTORY + pick[1] % (training.shape[1] - HISTORY + 1)
    seen = flat[pick[0][:, None], ends[:, None] + jnp.arange(-HISTORY, 0), pick[2][:, None]]
    spread = jnp.std(seen)

    def fit(codes):
        centres, distortions = dynamics.k_means(seen, _masked_start(seen, codes), 15)
        return dynamics.Codebook(centres, jnp.mean(seen), spread, distortions)

    books = jax.lax.map(fit, jnp.asarray(SWEEP))
    shown = jnp.concatenate([_window(test, end) for end in (30, 50, 70, 90)])

    def tested(book):
        found = dynamics.nearest(shown, book.centres)
        shares = dynamics.code_shares(found, MOST)
        return jnp.sqrt(jnp.mean((book.centres[found] - shown) ** 2)), _entropy(shares), jnp.sum(shares > 0)

    error, entropy, live = jax.lax.map(tested, books)
    book = jax.tree.map(lambda leaf: leaf[SWEEP.index(SHIPPED), ...], books)
    book = book._replace(centres=book.centres[:SHIPPED])
    shaken = jax.lax.map(
        lambda noise: jnp.sqrt(
            jnp.mean(
                (
                    book.centres[dynamics.nearest(shown + noise * jr.normal(noise_key, shown.shape), book.centres)]
                    - shown
                )
                ** 2
            )
        ),
        jnp.asarray(NOISES),
    )
    stale, fresh, member, chi, distance = aged(book, test, member_key)
    return {
        "error": error,
        "entropy": entropy,
        "live": live,
        "noise": shaken,
        "frozen": stale,
        "fresh": fresh,
        "member": member,
        "chi": chi,
        "distance": distance * spread,
    }


def turning_codes(key, *, points, trajectories, histories):
    """The age of a partition on lambda-omega, frames 0.25 apart: root mean square errors over both species, each with
    30 codes of its own, as the frame and the partition of frame 20 have them."""
    sim_key, draw_key, member_key = jr.split(key, 3)
    recipe = dynamics.recipe(
        "lambda_omega", points=(points, points), extent=(points * 20 / 64,) * 2, frames=START + AHEAD[-1] + 1
    )
    runs = jax.lax.map(lambda k: dynamics.simulate(k, recipe), jr.split(sim_key, trajectories + 1))
    low, high = (f(runs[1:], axis=(0, 1, 3, 4), keepdims=True) for f in (jnp.min, jnp.max))
    runs = (runs - low) / (high - low)

    def one(place):
        species, key = place
        pick_key, end_key = jr.split(key)
        pick = jr.randint(pick_key, (2, histories), 0, jnp.asarray([[trajectories], [points**2]]))
        end = jr.randint(end_key, (histories, 1), HISTORY, recipe.frames + 1)
        flat = species[1:].reshape(trajectories, recipe.frames, -1)
        seen = flat[pick[0][:, None], end + jnp.arange(-HISTORY, 0), pick[1][:, None]]
        return aged(dynamics.fit_codebook(seen, SHIPPED), species[0], member_key)[:2]

    stale, fresh = jax.lax.map(one, (jnp.moveaxis(runs, 2, 0), jr.split(draw_key, 2)))
    return {name: jnp.sqrt(jnp.mean(part**2, axis=0)) for name, part in (("frozen", stale), ("fresh", fresh))}


def learned_codes(key, *, pretrained, steps, batch, codes):
    """The vector quantiser on histories of growing patterns: live codes and errors, beside k-means on the same.

    pretrained: steps of the first stage, at most `PRETRAINING`.

    spread: share of a prototype's variance over the codebook that is not in its mean, near zero if codes are levels.
    """
    sim_key, draw_key, fit_key = jr.split(key, 3)
    recipe = dynamics.recipe("sh_release", points=(32, 32), extent=(10 * np.pi,) * 2, frames=90, skipped=10)
    runs = jax.lax.map(lambda k: dynamics.simulate(k, recipe)[:, 0], jr.split(sim_key, 4))
    runs = (runs - jnp.min(runs)) / (jnp.max(runs) - jnp.min(runs))
    # Nine windows a run, one after another.
    windows = jnp.moveaxis(runs.reshape(-1, HISTORY, 32**2), 1, 2).reshape(-1, HISTORY)
    windows = windows[jr.permutation(draw_key, windows.shape[0])]
    model = dynamics.VectorQuantiser(fit_key, codes=codes)
    schedule = dynamics.Schedule(pretraining=PRETRAINING, quantising=steps, batch=batch, rate=3e-3)
    model, losses = dynamics.fit_quantiser(fit_key, model, windows, schedule, pretrained)
    found = dynamics.assign(model, windows)
    prototypes = model.prototypes()
    used = dynamics.code_shares(found, codes)
    mean = jnp.mean(prototypes, axis=1, keepdims=True)
    centre = jnp.sum(used[:, None] * mean)
    book = dynamics.fit_codebook(windows, codes)
    return {
        "live": dynamics.live_codes(model, windows),
        "entropy": _entropy(used),
        "error": jnp.sqrt(jnp.mean((prototypes[found] - windows) ** 2)),
        "k_means": jnp.sqrt(jnp.mean((book.centres[dynamics.nearest(windows, book.centres)] - windows) ** 2)),
        "spread": jnp.sum(used[:, None] * (prototypes - mean) ** 2)
        / jnp.sum(used[:, None] * (prototypes - centre) ** 2),
        "loss": jnp.mean(losses[-20:]),
    }


_CODES = Quantity("K", "codes")
_REPLICATE = Quantity("i", "replicate")
_ENTROPY = Quantity("H(k)", "entropy of the codes", "bit")

GAUSS_LEVELS = Experiment(
    name="graph_ode/gauss-levels",
    title="Lloyd's levels of Gaussian samples",
    cell=gauss_levels,
    parameters={"codes": _CODES, "samples": Quantity("n", "samples"), "replicate": _REPLICATE},
    outputs={
        "error": Quantity("e^2", "mean square error"),
        "entropy": _ENTROPY,
        "members": Quantity("r_n", "error of the mean of n random members over that of means", dims=("member",)),
        "rounded": Quantity("e^2", "mean square error of rounding to steps of 1/2, put down at random"),
    },
    scales={
        "quick": Space((listing("codes", (8, 32, 64)), replicates(16)), {"samples": 160_000}),
        "paper": Space((listing("codes", (8, 16, 32, 64, 128)), replicates(24)), {"samples": 400_000}),
    },
    static=("samples",),
    side_by_side=False,
    coordinates={"member": tuple(float(n) for n in MEMBERS)},
)

PLANE_CODES = Experiment(
    name="graph_ode/plane-codes",
    title="k-means of the unit square",
    cell=plane_codes,
    parameters={"codes": _CODES, "iterations": Quantity("t", "iterations"), "replicate": _REPLICATE},
    outputs={"error": Quantity("e^2", "mean square distance to the nearest centre")},
    scales={
        "quick": Space((listing("codes", (50, 150)), replicates(2)), {"iterations": 40}),
        "paper": Space((listing("codes", (50, 150)), replicates(4)), {"iterations": 100}),
    },
    static=("iterations",),
    precision="float32",
    side_by_side=False,
)

PATTERN_CODES = Experiment(
    name="graph_ode/pattern-codes",
    title="Codebooks of growing patterns: size, noise, age",
    cell=pattern_codes,
    parameters={
        "points": Quantity("n", "points per side"),
        "trajectories": Quantity("f", "trajectories the codebook is fitted to"),
        "histories": Quantity("w", "histories it is fitted to"),
        "replicate": _REPLICATE,
    },
    outputs={
        "error": Quantity("e", "root mean square error of held-out histories", dims=("size",)),
        "entropy": Quantity("H(k)", "entropy of the codes", "bit", ("size",)),
        "live": Quantity("K_+", "codes in use", dims=("size",)),
        "noise": Quantity("e", "root mean square error of 30 codes of noisy histories", dims=("noise_level",)),
        "frozen": Quantity("e", "root mean square error with the partition of frame 20", dims=("ahead",)),
        "fresh": Quantity("e", "root mean square error with the partition of the frame itself", dims=("ahead",)),
        "member": Quantity("r", "mean square error of random members over that of means", dims=("ahead",)),
        "chi": Quantity(r"\chi", "mean cosine of probes and codewords, partition of frame 20", dims=("ahead",)),
        "distance": Quantity("d", "distance of probes and codewords, partition of frame 20", dims=("ahead",)),
    },
    scales={
        "quick": Space((replicates(12),), {"points": 64, "trajectories": 3, "histories": 4096}),
        "paper": Space((replicates(16),), {"points": 64, "trajectories": 6, "histories": 8192}),
    },
    static=("points", "trajectories", "histories"),
    precision="float32",
    side_by_side=False,
    packages=("exponax",),
    coordinates={
        "size": tuple(float(size) for size in SWEEP),
        "noise_level": NOISES,
        "ahead": tuple(float(frames) for frames in AHEAD),
    },
)

TURNING_CODES = Experiment(
    name="graph_ode/turning-codes",
    title="Codebooks of turning waves (lambda-omega) and their age",
    cell=turning_codes,
    parameters=PATTERN_CODES.parameters,
    outputs={name: PATTERN_CODES.outputs[name] for name in ("frozen", "fresh")},
    scales={
        "quick": Space((replicates(10),), {"points": 64, "trajectories": 1, "histories": 2048}),
        "paper": Space((replicates(16),), {"points": 64, "trajectories": 6, "histories": 8192}),
    },
    static=("points", "trajectories", "histories"),
    precision="float32",
    side_by_side=False,
    coordinates={"ahead": tuple(float(frames) for frames in AHEAD)},
)

LEARNED_CODES = Experiment(
    name="graph_ode/learned-codes",
    title="The vector quantiser, pretrained and not, beside k-means",
    cell=learned_codes,
    parameters={
        "pretrained": Quantity("t_1", "steps without quantiser"),
        "steps": Quantity("t_2", "steps through the quantiser"),
        "batch": Quantity("w", "histories in a batch"),
        "codes": _CODES,
        "replicate": _REPLICATE,
    },
    outputs={
        "live": Quantity("K_+", "codes in use"),
        "entropy": _ENTROPY,
        "error": Quantity("e", "root mean square error of prototypes"),
        "k_means": Quantity("e", "root mean square error of k-means on the same histories"),
        "spread": Quantity("s", "share of the prototypes' variance that is within a prototype"),
        "loss": Quantity(r"\ell", "loss of the last twenty steps"),
    },
    scales={
        "quick": Space(
            (listing("pretrained", (1, PRETRAINING)), replicates(2)), {"steps": 100, "batch": 512, "codes": SHIPPED}
        ),
        "paper": Space(
            (listing("pretrained", (1, PRETRAINING)), replicates(4)), {"steps": 300, "batch": 2048, "codes": SHIPPED}
        ),
    },
    static=("steps", "batch", "codes"),
    precision="float32",
    side_by_side=False,
    packages=("exponax", "flax", "optax"),
)

EXPERIMENTS = (GAUSS_LEVELS, PLANE_CODES, PATTERN_CODES, TURNING_CODES, LEARNED_CODES)
