"""The paper's quantities under their symbols, as every sweep of the row stores them (arXiv 2601.17311)."""

from __future__ import annotations

from experiments.experiment import Quantity

FAN_IN = Quantity("b", "fan-in of an aggregator")
CORRELATION = Quantity(r"\rho", "correlation of siblings' errors")
FIDELITY = Quantity(r"\gamma", "reliability of one message")
BIAS = Quantity("u", "bias of a vote")
INITIAL_BIAS = Quantity(r"\mu_0", "bias of a leaf")
DEPTH = Quantity("L", "number of aggregation levels")
ROOT_BIAS = Quantity(r"\mu_L", "bias of the root")
GAIN = Quantity(r"\alpha", "slope of one level at zero bias")
FIXED_POINT = Quantity(r"\mu^*", "stable bias of an infinitely deep tree")
NOISE_VARIANCE = Quantity(r"\sigma^2", "noise variance of one message")
LEAF_VARIANCE = Quantity("v_0", "error variance of a leaf")
MESSAGE_LENGTH = Quantity("m", "message length", unit="tokens")
REPLICATE = Quantity("r", "replicate")
LEVELS = Quantity("D", "levels of the stored trajectory")
TRAJECTORY = Quantity(r"\mu_L", "bias at every depth", dims=("depth",))
SCALED_DISTANCE = Quantity("z", "(alpha - 1) L, distance to threshold in units of 1/L")
GAIN_EXCESS = Quantity(r"\alpha-1", "excess of the gain over 1")
LOG_SLOPE = Quantity(r"\partial_\rho\ln\mu_L", "logarithmic slope of the bias in the correlation", dims=("depth",))
LOG_INITIAL_BIAS = Quantity(r"\log_{10}\mu_0", "logarithm of a leaf's bias")
SHORTFALL = Quantity(r"\varepsilon", "relative distance to the fixed point")
LOG_SHORTFALL = Quantity(r"\log_{10}\varepsilon", "logarithm of the relative distance to the fixed point")
MIXING_DEPTH = Quantity(r"L_{\mathrm{mix}}", "fewest levels that come within a shortfall of the fixed point")
FIDELITY_SHARE = Quantity(r"\tau", "(gamma - gamma_c)/(1 - gamma_c), where the fidelity lies above its threshold")
GROWTH_LEVELS = Quantity("n", "levels of undamped growth from the leaf's bias to the fixed point")
