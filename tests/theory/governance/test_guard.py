"""Section 11.6 of the specification: what the sentinel feels at rest, and its orbit among turns, derived here."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from theory import governance

from .bodies import compiled, grown, portrait, states


def test_settled_discomfort_of_a_simulated_body():
    """A plain loop among cooperators, its baselines the means of the run."""
    # Under noise that does not bend the sigmoid.
    body = grown(6, 0)._replace(noise=0.03)
    found, outputs, _ = states(body, 1.0, 1.0, 400, 100)
    strange = np.sqrt(((found - found.mean((0, 1))) ** 2).mean(-1)).mean()
    changed = np.abs(outputs - outputs.mean()).mean()
    felt = compiled("discomfort_parts")(body, 1.0, 1.0)
    # The mean of a norm of six neurons is below its root mean square by about 1/(4 d).
    assert_allclose(felt.state, 0.3 * strange, rtol=0.06)
    assert_allclose(felt.output, 0.3 * changed, rtol=0.1)
    assert_allclose(felt.disagreement, 0.4 * (1 - outputs.mean()), rtol=0.1)
    assert_allclose(sum(felt), compiled("settled_discomfort")(body, 1.0, 1.0))
    assert float(felt.state) >= 0.3 * body.noise


def test_threshold_at_inverts_the_equilibrium():
    for share in (0.85, 0.4, 0.05):
        theta = float(governance.threshold_at(share, 0.4))
        sentinel = governance.Sentinel(threshold=theta)
        assert_allclose(governance.sentinel_equilibrium(0.4, sentinel), share, atol=1e-12)
        assert_allclose(
            governance.sentinel_equilibrium(0.4, sentinel._replace(threshold=theta - 0.01)), max(share - 0.1, 0.05)
        )


def test_one_defection_is_felt_above_the_calm():
    body = grown(6, 0)
    pulse, calm = compiled("pulse_discomfort")(body, 0.85), compiled("settled_discomfort")(body, 0.85, 1.0)
    # The body and its echo now disagree by all that the body does.
    assert float(pulse) > float(calm) + 0.4 * (2 * float(portrait(6, 0)["insulated"]) - 1)


def test_turning_shares_fall_and_return():
    body = grown(6, 1)
    turned = compiled("turning_shares")
    short, long = turned(body, 4.0), turned(body, 128.0)
    assert 0.05 <= float(short.wary) <= float(short.trusting) < float(long.trusting) <= 0.85
    assert_allclose(long.wary, 0.05, atol=1e-6)


@pytest.mark.parametrize("name", ["settled_discomfort", "discomfort_parts"])
def test_guard_refuses_by_name(name):
    with pytest.raises(ValueError, match="`opponent` must lie"):
        getattr(governance, name)(grown(6, 0), 0.5, 1.5)
