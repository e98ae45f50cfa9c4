"""What a solver reports of a flow: how the solve ended, and what each token was seen to do.

The statuses have the numbers of the house's result codes (`experiments/codes.py`), so that a cell can store them.
"""

OK, NON_FINITE, BLOW_UP, STEP_LIMIT = 0, 1, 2, 3

STATIC, CONVERGENT, SLOW, FINITE, BLOWING_UP, FOLLOWER_POWER, FOLLOWER_LOGLOG, CONE, DIVERGENT, UNDECIDED = range(10)
REGIMES = (
    "static",
    "convergent",
    "slow",
    "finite",
    "blow-up",
    "follower-power",
    "follower-loglog",
    "cone",
    "divergent",
    "undecided",
)
