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
HORIZON = Quantity(r"L_\infty", "number of levels after which an orbit is taken as settled")
LIMIT_LOW = Quantity(r"\mu^-", "floor of the limits of all orbits that start from a bias in [0.001, 1]")
LIMIT_HIGH = Quantity(r"\mu^+", "ceiling of the limits of all orbits that start from a bias in [0.001, 1]")
SLOPE_LOW = Quantity(r"T'(\mu^-)", "slope of one level at the floor")
SLOPE_HIGH = Quantity(r"T'(\mu^+)", "slope of one level at the ceiling")

AGENTS = Quantity("N", "agents")
ROOTS = Quantity("n", "independent roots in one replicate")
RISK = Quantity("v_L", "error variance of the root")
RISK_FLOOR = Quantity("v^*", "error variance of an infinitely deep tree")
EXCESS = Quantity(r"\varepsilon", "relative distance above the floor")
