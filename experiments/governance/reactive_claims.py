"""What agents earn before opponents that react, when a sentinel guards, and what gradient makes of it."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from experiments.claim import Agreement, Claim, Decoy, Ordering, Sharp, Source
from experiments.estimates import mean_of, paired_difference, rounding
from experiments.evidence import Bracket, Evidence
from experiments.governance.guarding import PERIODS
from experiments.governance.reactive import CONSTANTS, DISCOUNT, HORIZON, LATE, RULES, SHARES
from experiments.governance.two_bodies_claims import STRATEGIES, bodies_of
from experiments.laws import elementwise
from theory import governance as theory

MEETINGS, GUARD, TURNS, TUNED = (f"governance/{name}" for name in ("reactive", "vigilance", "switching", "tuned"))
DERIVED = Source("derived here")
# A mean of 200 single-precision payoffs of at most 5.
SUMMED = 2 * LATE
# The mean share of 200 rounds wanders by about 0.01: nearer than this to the middle it decides nothing.
UNDECIDED = 0.05
FIRM = (0.5, 0.65, 0.8, 0.95)
FLOOR = theory.Sentinel().floor


def _constants(ds):
    return xr.DataArray(list(CONSTANTS), dims="agent", coords={"agent": [f"a={a:g}" for a in CONSTANTS]})


def _constant_payoffs(law):
    def predict(ds):
        action = _constants(ds)
        found = [elementwise(lambda a, rule=rule: law(rule, a), action) for rule in STRATEGIES]
        return xr.concat(found, "opponent").assign_coords(opponent=list(RULES))

    return predict


def _constants_paid(ds):
    seen = ds.payoff.sel(opponent=list(RULES), agent=_constants(ds).agent.values)
    return rounding(seen.transpose("body", "opponent", "agent").astype(np.float32), SUMMED, scale=5.0)


# Mean actions of a responder who cooperates in every round, and who turns in one of four: 200 rounds tell that to 0.05.
LEVELS = (0.97, 0.25)
SURELY = ((0.97, 0.97), (0.3, 0.2))


def _exploited(ds) -> Evidence:
    """Shares between which a best responder stops cooperating in every round, and between which in a quarter of them.

    Where he never stops, the last share is both.
    """
    statics = ds.other_action.sel(opponent="best responder", agent=[f"alpha={share:g}" for share in SHARES])
    share = xr.DataArray(list(SHARES), dims="agent") + 0 * statics.drop_vars("agent")
    kind = statics.drop_vars("agent")
    ends = []
    for above, below in SURELY:
        high = share.where(kind < below).min("agent").fillna(max(SHARES))
        ends.append((share.where(kind > above).max("agent"), high))
    low, high = (xr.concat(parts, "bound") for parts in zip(*ends, strict=True))
    return Bracket(low, high, "neighbouring shares of the grid")


def _bounds(action):
    def predict(ds):
        body = np.asarray(action(ds))
        found = theory.exploitation_bounds(body)
        return xr.DataArray(np.stack(found), dims=("bound", "body"), coords={"body": ds.body})

    return predict


@jax.jit
def _minding(bodies):
    """Where body and responder come to rest together; the experiment's responder foresees as many rounds."""

    def shares(body):
        return jax.vmap(lambda level: theory.exploited_share(body, level, HORIZON, DISCOUNT))(jnp.array(LEVELS))

    return jax.lax.map(shares, bodies)


def _mended(ds):
    found = np.asarray(_minding(bodies_of(ds))).T
    return xr.DataArray(found, dims=("bound", "body"), coords={"body": ds.body})


@jax.jit
def _alone(bodies):
    return jax.lax.map(lambda b: theory.body_action(b, theory.closed_loop_state(b, 1.0, 1.0)), bodies)


def _lead(first, second, opponents):
    def observe(ds):
        one, other = (ds.payoff.sel(agent=name, opponent=opponents, drop=True) for name in (first, second))
        return paired_difference(one, other, "body")

    return observe


@jax.jit
def _discomforts(bodies, shares):
    def one(body):
        return jax.lax.map(lambda share: jnp.stack(theory.discomfort_parts(body, share, 0.0)), shares)

    return jax.lax.map(one, bodies)


def _middle_threshold(noise):
    """theta at which the share stands halfway between alpha_0 and the floor, against defection."""

    def predict(ds):
        baseline = np.array(FIRM)
        middle = (baseline + FLOOR) / 2
        parts = np.asarray(_discomforts(bodies_of(ds), middle))
        discomfort = parts[..., 2] + (parts[..., 0] + parts[..., 1] if noise else 0)
        found = [
            [
                float(theory.threshold_at(m, d, theory.Sentinel(baseline=b)))
                for m, d, b in zip(middle, row, baseline, strict=True)
            ]
            for row in discomfort
        ]
        return xr.DataArray(found, dims=("body", "baseline"), coords={"body": ds.body, "baseline": baseline})

    return predict


def _middle_seen(ds):
    share = ds.share.sel(guarded="defection", baseline=list(FIRM), drop=True)
    middle = (share.baseline + FLOOR) / 2
    threshold = ds.threshold + 0 * share
    low = threshold.where(share < middle - UNDECIDED).max("threshold")
    high = threshold.where(share > middle + UNDECIDED).min("threshold")
    because = "thresholds of the grid at which the share is clearly below and above the middle"
    return Bracket(low.transpose("body", "baseline"), high.transpose("body", "baseline"), because)


def _of_paper_size(ds):
    return ds.sel(dimension=30, drop=True).isel(neuron=slice(0, 30), origin=slice(0, 30))


@jax.jit
def _turned(bodies, periods):
    one = jax.vmap(lambda body, period: theory.turning_shares(body, period).trusting, (None, 0))
    return jax.lax.map(lambda body: one(body, periods), bodies)


HALF = 0.45


def _return(ds):
    """The length of a turn at whose end the share is halfway back, interpolated between whole ones."""
    ds = _of_paper_size(ds)
    periods = np.arange(2.0, 65.0)
    shares = np.asarray(_turned(bodies_of(ds), periods))
    found = [np.interp(HALF, np.maximum.accumulate(row), periods) for row in shares]
    return xr.DataArray(found, dims="body", coords={"body": ds.body})


def _recovered(ds):
    return float(theory.rounds_to_recover(FLOOR, 0.7))


def _return_seen(ds):
    share = _of_paper_size(ds).share_trusting
    period = xr.DataArray(list(map(float, PERIODS)), dims="period", coords={"period": share.period}) + 0 * share
    low = period.where(share < HALF - UNDECIDED).max("period")
    high = period.where(share > HALF + UNDECIDED).min("period")
    return Bracket(low, high, "lengths of the grid at which the share is clearly below and above the middle")


def _held_lead(first, second):
    """The first candidate's lead on the held-out populations, from every starting point."""

    def observe(ds):
        paid = ds.held_payoff.mean("member")
        lead = paid.sel(candidate=first, drop=True) - paid.sel(candidate=second, drop=True)
        return mean_of(lead, "population")

    return observe


# No body feels as much.
DEAF = 0.4


def _where_it_hears(ds):
    """Nothing from starts that hear; from a deaf one the lead of the constant share that it is, a loss."""
    return xr.where(ds.threshold < DEAF, 0.0, _held_lead("static 0.85", "published")(ds).value)


CLAIMS = (
    Claim(
        id="governance/reactive-constants",
        kind="equality",
        statement="constant actions are paid 1 + 3a - a^2 by Tit-for-Tat, 3 - 3a/2 by win-stay lose-shift (but 3 for "
        "full cooperation), and by memory-one rules in general what their stationary reply pays",
        source=DERIVED,
        experiment=MEETINGS,
        predict=_constant_payoffs(theory.constant_payoff),
        observe=_constants_paid,
        comparison=Agreement(),
        decoy=Decoy("as by an opponent who stays friendly", _constant_payoffs(lambda rule, a: theory.payoff(a, 1.0))),
    ),
    Claim(
        id="governance/exploited-share",
        kind="threshold",
        statement="a best responder cooperates while the body's share is below 1/(2 + b), then every other round, and "
        "never from 3/(4 + b) on, whatever the body: one with the paper's 0.85 and no sentinel is a sucker",
        source=DERIVED,
        experiment=MEETINGS,
        predict=_bounds(lambda ds: _alone(bodies_of(ds))),
        observe=_exploited,
        comparison=Agreement(),
        decoy=Decoy("as if the body itself defected, b = 0", _bounds(lambda ds: np.zeros(ds.sizes["body"]))),
        sharp=Sharp(
            "a body minds being exploited, and the responder foresees that: the shares at which he turns are those of "
            "the joint attractor of both",
            _mended,
        ),
    ),
    Claim(
        id="governance/reactive-defection",
        kind="ordering",
        statement="defection, which pays best on every schedule, loses to the sentinel before Tit-for-Tat, its "
        "generous kin and a best responder",
        source=DERIVED,
        experiment=MEETINGS,
        predict=lambda ds: 0.0,
        observe=_lead("sentinel", "a=0", ["TfT", "GTFT", "best responder"]),
        comparison=Ordering(),
        decoy=Decoy("by 3 a round", lambda ds: 3.0),
    ),
    Claim(
        id="governance/reactive-shift",
        kind="ordering",
        statement="before win-stay lose-shift, which a body's slight defections drive to one half, plain defection "
        "earns more than the sentinel",
        source=DERIVED,
        experiment=MEETINGS,
        predict=lambda ds: 0.0,
        observe=_lead("a=0", "sentinel", ["WSLS"]),
        comparison=Ordering(),
        decoy=Decoy("by 2 a round", lambda ds: 2.0),
    ),
    Claim(
        id="governance/guarded-share",
        kind="ordering",
        statement="before a best responder the sentinel earns more than the constant share 0.85 that it starts from",
        source=DERIVED,
        experiment=MEETINGS,
        predict=lambda ds: 0.0,
        observe=_lead("sentinel", "alpha=0.85", ["best responder"]),
        comparison=Ordering(),
        decoy=Decoy("by 4 a round", lambda ds: 4.0),
    ),
    Claim(
        id="governance/guard-threshold",
        kind="threshold",
        statement="against defection the share stands halfway to its floor at theta = D(alpha) - (eta_up/eta_dn) "
        "(alpha_0 - alpha), D being lasting disagreement and the body's own noise, at baselines of one half and more",
        source=DERIVED,
        experiment=GUARD,
        predict=_middle_threshold(True),
        observe=_middle_seen,
        comparison=Agreement(),
        decoy=Decoy("as if only disagreement were felt", _middle_threshold(False)),
    ),
    Claim(
        id="governance/turn-return",
        kind="threshold",
        statement="while an opponent turns every tau rounds, the sentinel of 30 neurons is halfway back at the end of "
        "a friendly turn from that tau on that a body at its rests gives it, with baselines that follow",
        source=DERIVED,
        experiment=TURNS,
        predict=_return,
        observe=_return_seen,
        comparison=Agreement(),
        decoy=Decoy("the 33 rounds after which a share counts as recovered", _recovered),
    ),
    Claim(
        id="governance/tuned-published",
        kind="ordering",
        statement="from every starting point gradients through the rounds find a sentinel that earns more than the "
        "published one on populations it was not trained on",
        source=DERIVED,
        experiment=TUNED,
        predict=lambda ds: 0.0,
        observe=_held_lead("trained", "published"),
        comparison=Ordering(),
        decoy=Decoy("by 0.2 a round", lambda ds: 0.2),
        sharp=Sharp(
            "from every start that ever feels something; a threshold above all discomfort has no slope at first: 30 "
            "steps lead from there to more than its constant share earns, and only 150 to more than the published one",
            _where_it_hears,
        ),
    ),
    Claim(
        id="governance/tuned-echo",
        kind="ordering",
        statement="but not as much as Tit-for-Tat without any body: before win-stay lose-shift the body's slight "
        "defections cost what no sentinel wins back",
        source=DERIVED,
        experiment=TUNED,
        predict=lambda ds: 0.0,
        observe=_held_lead("TfT", "trained"),
        comparison=Ordering(),
        decoy=Decoy("by 0.3 a round", lambda ds: 0.3),
    ),
    Claim(
        id="governance/tuned-defection",
        kind="ordering",
        statement="nor as plain defection, which no sentinel can imitate: half of this population does not mind it",
        source=DERIVED,
        experiment=TUNED,
        predict=lambda ds: 0.0,
        observe=_held_lead("a=0", "trained"),
        comparison=Ordering(),
        decoy=Decoy("by 1 a round", lambda ds: 1.0),
    ),
)
