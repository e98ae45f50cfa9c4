"""How large the parts of a comparison are, how long they are trained, and what is tried to set them.

`Sizes()` is the scaled-down protocol. `published_sizes()` is the record of the released code: what is known of it
stands as it is known, and what was not published to us is ours and said to be so in `UNPUBLISHED`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dynamics.graph_ode import denoiser_training, predictor_training, unet, vector_quantiser


@dataclass(frozen=True)
class Grids:
    """What is tried on validation trajectories, each time the first value if there is nothing to try on.

    rates: of the networks' optimiser.  ridges: of the autoregression.  delays: frames that a mode decomposition sees.
    predictor_rates: of the graph predictor's optimiser.  noises: q of the Wiener decoder.  levels: at which the
    diffusion decoder starts.  trial: the share of the steps of a training for which each rate is tried.

    Short trials favour large rates: let past the ends of these grids they chose ones for Fourier operators that whole
    trainings are the worse for.
    """

    rates: tuple[float, ...] = (4e-3, 1e-2, 2.5e-2)
    ridges: tuple[float, ...] = (3e-6, 1e-4, 3e-3)
    delays: tuple[int, ...] = (1, 2)
    predictor_rates: tuple[float, ...] = (3e-3, 1e-2, 3e-2)
    noises: tuple[float, ...] = (0.02, 0.005, 0.05, 0.1)
    levels: tuple[int, ...] = (20, 5, 10, 50)
    trial: float = 0.1


FIXED = Grids(rates=(4e-3,), ridges=(3e-6,), delays=(1,), predictor_rates=(3e-3,), noises=(0.02,), levels=(20,))
"""Nothing is tried: for protocols too small to tell settings apart, and for data without a validation set."""


@dataclass(frozen=True)
class Sizes:
    """How large the parts are and how long they are trained.

    history, codes, block: T, K, frames between two chances to encode.  histories: what the codebook is fitted to.
    how: the representative of a code, its members' "mean" or a "random" one.
    quantiser, hidden, latent: the learned codebook's training and widths; k-means on histories where it is None.
    width, heads, predictor: of the graph predictor and its training.  published: whether predictor and sampler have
    their published forms instead of those that learn in minutes.
    steps, batch, unroll: of the network baselines' training.  ranks: of the mode decompositions.
    modes, operator: of the Fourier operators, modes a side and width.
    network, denoiser, sampler_steps: of the diffusion decoder.  grids: what is tried.
    """

    history: int = 10
    codes: int = 30
    block: int = 5
    histories: int = 32_000
    how: str = "mean"
    quantiser: vector_quantiser.Schedule | None = None
    hidden: int = 32
    latent: int = 32
    width: int = 48
    heads: int = 2
    predictor: predictor_training.Schedule = field(default_factory=predictor_training.Schedule)
    published: bool = False
    steps: int = 600
    batch: int = 8
    unroll: int = 3
    ranks: tuple[int, int] = (41, 164)
    modes: int = 16
    operator: int = 10
    network: unet.UNetShape = field(default_factory=unet.small_unet)
    denoiser: denoiser_training.DenoiserSchedule = field(default_factory=denoiser_training.DenoiserSchedule)
    sampler_steps: int = 5
    grids: Grids = FIXED


UNPUBLISHED = (
    "optimiser, rate and steps of encoder and predictor; the codebook's size on systems other than Swift-Hohenberg; "
    "tau of the adaptive rule; whether published results used the inert ODE, the guided sampler or the 55 million "
    "weights; mixed precision is replaced by single"
)
"""What was not published to us of the record."""


def published_sizes() -> Sizes:
    """Swift-Hohenberg at 128 x 128: K = 30, h = e = 32, d = 256, 8 heads, the U-Net of 26 million weights.

    Known: batches of 32 windows of the whole grid for the encoder; Adam 1e-5 after a linear warm-up, batches of 32,
    1000 epochs and the average 0.9999 for the diffusion model; random members; the sampler from y itself at level
    197. The FNO has 16 modes and width 200 and takes 10 epochs of batches of 32 at 1e-3, which the other networks
    (ours) take as well.
    """
    return Sizes(
        histories=2**21,
        how="random",
        quantiser=vector_quantiser.Schedule(batch=32 * 128**2),
        width=256,
        heads=8,
        published=True,
        steps=10 * 100 * 90 // 32,
        batch=32,
        unroll=1,
        ranks=(164, 655),
        operator=200,
        network=unet.published_unet(),
        denoiser=denoiser_training.FAITHFUL_DENOISER,
        grids=Grids(rates=(1e-3,), levels=(197,)),
    )
