"""Numbers the paper's repository stores, drawn as hollow diamonds beside ours. (arXiv 2602.20846, stored results)"""

import numpy as np

# Experiment 1: time- and seed-mean of the body's action, by agent.
CONVERGED = {"alpha=0": 0.98283, "alpha=0.5": 0.98307, "alpha=1": 0.98291, "AllC": 0.98313}

# Experiment 2, means over 20 seeds: alpha, KL, mean action, mean payoff, variance of the action.
LANDSCAPE = np.array(
    [
        (0.0, 1.2319, 0.90105, 2.8913, 0.089128),
        (0.1, 1.0132, 0.90745, 2.8792, 0.072781),
        (0.2, 0.8555, 0.91393, 2.8669, 0.058067),
        (0.3, 0.7361, 0.92053, 2.8543, 0.044977),
        (0.4, 0.6182, 0.92708, 2.8419, 0.033602),
        (0.5, 0.5453, 0.93378, 2.8292, 0.023829),
        (0.6, 0.5430, 0.94035, 2.8167, 0.015785),
        (0.7, 0.5076, 0.94712, 2.8038, 0.009412),
        (0.8, 0.5434, 0.95389, 2.7909, 0.004680),
        (0.9, 0.5473, 0.96038, 2.7786, 0.001696),
        (1.0, 0.5585, 0.96705, 2.7660, 0.000345),
    ]
)

# Experiment 3: mean action before the block, in it (rounds 206 to 299) and after it (302 to 305), by agent.
PERTURBED = {
    "alpha=1": (0.9817, 0.9434, 0.9820),
    "sentinel": (0.9845, 0.0344, 0.9984),
    "alpha=0.5": (0.9909, 0.4501, 0.9903),
    "alpha=0": (1.0, 0.0, 1.0),
    "AllC": (1.0, 1.0, 1.0),
}

# Experiment 6: total payoff over 1750 rounds, and the sentinel's share at some rounds.
TOTALS = {"sentinel": 5104.88, "alpha=0": 5070.40, "alpha=0.7": 5012.05, "alpha=0.85": 4998.64, "alpha=1": 4985.32}
SENTINEL_SHARE = {
    500: 0.850,
    501: 0.6713,
    502: 0.4999,
    503: 0.3366,
    504: 0.1805,
    505: 0.0512,
    560: 0.219,
    575: 0.417,
    600: 0.655,
    700: 0.849,
    1300: 0.793,
    1400: 0.8496,
}

# Experiment 8, scaled regime: d, KL at alpha = 0 and 1, Var_1, ratio of mean variances, alpha* at lambda = 3, |w|^2.
DIMENSION = np.array(
    [
        (5, 0.537, 0.081, 3.878e-3, 22.8, 1.0, 30.1),
        (10, 0.273, 0.148, 1.083e-3, 82.0, 0.6, 14.1),
        (15, 0.540, 0.232, 3.23e-4, 284.0, 0.6, 11.4),
        (20, 0.802, 0.416, 4.23e-4, 217.0, 0.6, 6.44),
        (30, 1.214, 0.543, 4.29e-4, 205.0, 0.6, 3.76),
        (50, 2.528, 1.083, 8.8e-5, 1031.0, 0.8, 2.48),
        (75, 4.092, 1.886, 5.6e-5, 1617.0, 0.8, 1.72),
        (100, 5.482, 2.408, 5.9e-5, 1544.0, 0.7, 1.20),
    ]
)
