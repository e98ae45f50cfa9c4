"""Training, for the networks of every row: one pure loop, run whole inside a cell, or leg by leg with checkpoints.

The batch of step i is drawn by the key with i folded in and everything else a step needs is in `Course`, so a course
taken up from a checkpoint is the course that was interrupted: the same compiled loop, the same numbers, the same bits.
Sweeps need no checkpoints (a shard is their unit of resuming and a cell writes no files); long trainings by hand do.
Several seeds are one course with a leading axis (`start_seeds`), trained side by side. Several devices share a batch
(`sharing.shared_among`) and hold equal weights.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
from flax import nnx
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, ArrayLike, Float, Int

from dynamics.sharing import with_auto_axes

# A loss takes the module, a key, and the data that the training was started with.
Loss = Callable[..., Float[Array, ""]]
# Vectors (norms, biases, the skip) and these are not decayed, as the reference implementation has it.
UNDECAYED = ("log_decay",)


class Moving(nnx.Variable):
    """What a module moves by itself while its loss is computed (a codebook's averages), not by a gradient."""


class Course(NamedTuple):
    """How far a training is: steps done, weights, the optimiser's memory, the loss of every step so far, what moves by
    itself, and the running average of the weights if one is kept. Of several seeds, all but the steps done have a
    leading axis."""

    done: Int[Array, ""]
    weights: nnx.State
    memory: Any
    losses: Float[Array, "*seeds steps"]
    moving: nnx.State
    average: nnx.State | None


def adam(steps: Int[ArrayLike, ""], rate: Float[ArrayLike, ""], decay: float = 0.1) -> optax.GradientTransformation:
    """AdamW on gradients clipped to norm 1, the rate falling from `rate` to a tenth along a cosine.

    Both may be traced: one program then serves trainings of other lengths and rates.
    """

    def fall(count):
        # optax's own schedule refuses a traced number of steps.
        return rate * (0.1 + 0.45 * (1 + jnp.cos(jnp.pi * jnp.minimum(count, steps) / steps)))

    return optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(fall, b2=0.999, weight_decay=decay, mask=_decayed))


def _decayed(weights):
    def matrix(path, leaf):
        return leaf.ndim > 1 and not any(str(getattr(step, "key", step)) in UNDECAYED for step in path)

    return jax.tree_util.tree_map_with_path(matrix, weights)


class Training(NamedTuple):
    """What is trained (its structure and what it holds beside weights), on which loss, by which optimiser, under
    which key, for how many steps, on which data (arrays, which a compiled leg takes as arguments), and the share of
    itself that the average of the weights keeps at a step."""

    structure: Any
    fixed: nnx.State
    loss: Loss
    optimiser: optax.GradientTransformation
    key: Array
    steps: int
    data: tuple = ()
    averaging: float | None = None
    seeds: int | None = None

    def model(self, course: Course) -> nnx.Module:
        """The module with the weights reached; of several seeds, one module whose weights have a leading axis."""
        return nnx.merge(self.structure, course.weights, course.moving, self.fixed)

    def averaged(self, course: Course) -> nnx.Module:
        """The module with the running average of its weights; ValueError if none was kept."""
        if course.average is None:
            raise ValueError("Argument `averaging` was not given, so that no average of the weights was kept.")
        return nnx.merge(self.structure, course.average, course.moving, self.fixed)


def start(
    model: nnx.Module,
    loss: Loss,
    optimiser: optax.GradientTransformation,
    key,
    steps: int,
    *,
    data: tuple = (),
    averaging: float | None = None,
) -> tuple[Training, Course]:
    """A training on `loss(model, key, *data)` and its course before the first step.

    averaging: share of itself that an average of the weights keeps at every step, in [0, 1); None keeps no average.
    ValueError unless steps >= 1 and averaging lies in its range.
    """
    if steps < 1:
        raise ValueError(f"Argument `steps` must be at least 1, but is {steps}.")
    if averaging is not None and not 0 <= averaging < 1:
        raise ValueError(f"Argument `averaging` must lie in [0, 1), but is {averaging}.")
    structure, weights, moving, fixed = nnx.split(model, nnx.Param, Moving, ...)
    kind = jax.tree.leaves(weights)[0].dtype
    average = None if averaging is None else weights
    course = Course(jnp.zeros((), jnp.int32), weights, optimiser.init(weights), jnp.zeros(steps, kind), moving, average)
    return Training(structure, fixed, loss, optimiser, key, steps, data, averaging), course


def start_seeds(
    make: Callable[[Array], nnx.Module],
    loss: Loss,
    optimiser: optax.GradientTransformation,
    key,
    steps: int,
    seeds: int,
    *,
    data: tuple = (),
    averaging: float | None = None,
) -> tuple[Training, Course]:
    """A training of several seeds side by side: each with its own weights, made by `make` of a key, and its batches.

    Seed i is the training `start(make(w), ..., key=b)` with (w, b) = split(fold_in(key, i)); all share the data.
    ValueError as from `start`, and unless seeds >= 1.
    """
    if seeds < 1:
        raise ValueError(f"Argument `seeds` must be at least 1, but is {seeds}.")
    pairs = jax.vmap(lambda i: jr.split(jr.fold_in(key, i)))(jnp.arange(seeds))

    def one(pair):
        return start(make(pair[0]), loss, optimiser, pair[1], steps, data=data, averaging=averaging)

    first, _ = one(pairs[0])

    def arrays(pair):
        training, course = one(pair)
        return training.fixed, course._replace(done=None)

    fixed, course = jax.vmap(arrays)(pairs)
    return first._replace(fixed=fixed, key=pairs[:, 1], seeds=seeds), course._replace(done=jnp.zeros((), jnp.int32))


def advance(training: Training, course: Course, until: Int[Array, ""] | int) -> Course:
    """The course after step `until`, a number that may be traced: legs of any length run the same program."""

    def moved(i, fixed, key, course: Course) -> Course:
        def lost(weights):
            # Copied here, because a variable may only be moved under the trace that made it.
            moving = jax.tree.map(lambda leaf: leaf, course.moving)
            model = nnx.merge(training.structure, weights, moving, fixed)
            loss = training.loss(model, jr.fold_in(key, i), *training.data)
            return loss, nnx.state(model, Moving)

        (loss, moving), slope = jax.value_and_grad(lost, has_aux=True)(course.weights)
        change, memory = training.optimiser.update(slope, course.memory, course.weights)
        weights = optax.apply_updates(course.weights, change)
        average, kept = course.average, training.averaging
        if kept is not None:
            average = jax.tree.map(lambda old, new: kept * old + (1 - kept) * new, average, weights)
        return Course(None, weights, memory, course.losses.at[i].set(loss), moving, average)

    # The count of steps is one for all seeds, so that the loop's end is no batched condition.
    together = moved if training.seeds is None else jax.vmap(moved, (None, 0, 0, 0))

    def step(i, course: Course) -> Course:
        done = course.done + 1
        return together(i, training.fixed, training.key, course._replace(done=None))._replace(done=done)

    return jax.lax.fori_loop(course.done, jnp.asarray(until, jnp.int32), step, course)


def trained(
    model: nnx.Module,
    loss: Loss,
    optimiser: optax.GradientTransformation,
    key,
    steps: int,
    *,
    data: tuple = (),
    until: Int[ArrayLike, ""] | None = None,
):
    """The trained module and the loss of every step; pure, for use under jit and vmap.

    until: break off after so many steps, a number that may be traced; later losses are 0.
    """
    training, course = start(model, loss, optimiser, key, steps, data=data)
    course = advance(training, course, steps if until is None else until)
    return training.model(course), course.losses


def train_with_checkpoints(
    training: Training,
    course: Course,
    folder: Path,
    *,
    every: int,
    settings: dict[str, Any],
    watch: Callable[[int, float], None] = lambda done, loss: None,
    mesh: Mesh | None = None,
) -> Course:
    """The course to its end, kept in `folder` after each leg of `every` steps and taken up from the last one kept.

    settings: plain data that say which training this is; a folder that holds another one is refused by ValueError.
    watch: told the steps done and the last loss (of several seeds, their mean) after each leg is safely on disk. A
    process killed at any instant loses at most a leg, and the weights it ends with are those of a run never
    interrupted, bit for bit.
    mesh: that of the loss (`sharing.shared_among`), on whose devices the course then lies from the first step.
    ValueError, with the step, if the loss is not finite at one; the leg is then not kept.
    """
    if every < 1:
        raise ValueError(f"Argument `every` must be at least 1, but is {every}.")
    import orbax.checkpoint as ocp  # takes seconds to import, which a sweep does not need

    leg = jax.jit(lambda course, until, data: advance(training._replace(data=data), course, until))
    options = ocp.CheckpointManagerOptions(max_to_keep=2, enable_async_checkpointing=False)
    with ocp.CheckpointManager(Path(folder).resolve(), options=options) as kept:
        if (last := kept.latest_step()) is not None:
            course = _resumed(ocp, kept, last, course, settings)
        if mesh is not None:
            # What comes out of a leg lies there, and put elsewhere a leg would be compiled again.
            course = jax.device_put(course, NamedSharding(with_auto_axes(mesh), PartitionSpec()))
        while (done := int(course.done)) < training.steps:
            course = leg(course, min(done + every, training.steps), training.data)
            _require_finite(course, done)
            parts = {"leaves": ocp.args.StandardSave(_named(course)), "settings": ocp.args.JsonSave(settings)}
            kept.save(int(course.done), args=ocp.args.Composite(**parts))
            watch(int(course.done), float(jnp.mean(course.losses[..., course.done - 1])))
    return course


def _require_finite(course: Course, since: int) -> None:
    lost = ~np.isfinite(np.asarray(course.losses[..., since : int(course.done)]))
    if lost.any():
        step = since + 1 + int(np.argmax(lost.reshape(-1, lost.shape[-1]).any(axis=0)))
        raise ValueError(
            f"The training blew up: its loss at step {step} is not finite; what is kept ends at step {since}."
        )


def _resumed(ocp, kept, last: int, course: Course, settings: dict[str, Any]) -> Course:
    """The course kept as step `last`, if it is one of this training."""
    stored = kept.restore(last, args=ocp.args.Composite(settings=ocp.args.JsonRestore()))["settings"]
    if stored != settings:
        differing = sorted(name for name in {*stored, *settings} if stored.get(name) != settings.get(name))
        raise ValueError(f"Argument `folder` holds another training: it differs in {', '.join(differing)}.")
    wanted = ocp.args.StandardRestore(jax.tree.map(ocp.utils.to_shape_dtype_struct, _named(course)))
    leaves = kept.restore(last, args=ocp.args.Composite(leaves=wanted))["leaves"]
    return jax.tree.unflatten(jax.tree.structure(course), [leaves[name] for name in _named(course)])


def _named(course: Course) -> dict[str, Array]:
    """The course's arrays under names of their own: what is stored knows nothing of the classes around them."""
    return {jax.tree_util.keystr(path): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(course)}
