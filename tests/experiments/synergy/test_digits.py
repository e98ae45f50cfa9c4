"""Trees of real classifiers: agents are what scikit-learn fits, summaries are plain sums, verdicts can turn."""

import jax.random as jr
import numpy as np
import pytest

from experiments.synergy import digits
from experiments.synergy.agents_table import read_table
from experiments.synergy.digits_claims import CLAIMS, measured
from tests.experiments.synergy.quick import dataset, finding, shortcomings

BY_ID = {claim.id.removeprefix("synergy/ensemble-"): claim for claim in CLAIMS}


def test_agents_are_scikit_learns_ridge_classifiers():
    from sklearn.linear_model import RidgeClassifier

    seen, labels, _, _ = digits.images()
    weights, intercepts = digits.trained(np.random.default_rng(5), 5, 8, "strangers")
    again = np.random.default_rng(5)
    looked = again.permuted(np.tile(np.arange(64), (5, 1)), axis=1)[:, :8]
    lessons = again.permuted(np.tile(np.arange(digits.TRAINING), (5, 1)), axis=1)[:, : digits.LEARNED]
    for agent in range(5):
        fitted = RidgeClassifier(alpha=digits.RIDGE).fit(seen[lessons[agent]][:, looked[agent]], labels[lessons[agent]])
        np.testing.assert_allclose(weights[agent, looked[agent]], np.ravel(fitted.coef_), rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(intercepts[agent], np.ravel(fitted.intercept_)[0], rtol=1e-8)
        assert np.count_nonzero(weights[agent]) <= 8


def test_training_and_test_images_are_apart_and_siblings_read_the_same_pixels():
    seen, labels, tested, truth = digits.images()
    assert len(seen) + len(tested) == 1797
    assert set(labels) == set(truth) == {-1, 1}
    weights, _ = digits.trained(np.random.default_rng(0), 10, 6, "siblings")
    read = weights != 0
    # A pixel that is blank in all lessons of an agent has weight 0.
    assert np.all(read[:5].sum(axis=0)[~read[:5].any(axis=0)] == 0)
    assert read[:5].any(axis=0).sum() <= 6
    assert read[5:].any(axis=0).sum() <= 6


def test_summaries_are_plain_sums():
    votes = np.random.default_rng(1).choice([-1, 1], (digits.LEAVES, 7))
    found = dict(zip(digits.SUMMARIES, digits.tree_summaries(np.random.default_rng(2), votes, 1.0), strict=True))
    level = votes
    for depth in range(digits.DEPTH):
        groups = level.reshape(-1, 5, 7)
        pairs = [g[i] * g[j] for g in groups for i in range(5) for j in range(5) if i != j]
        np.testing.assert_allclose(found[f"pairs_{depth}"], np.mean(pairs, axis=0), atol=1e-12)
        np.testing.assert_allclose(found[f"bias_{depth}"], level.mean(axis=0), atol=1e-12)
        level = np.where(groups.sum(axis=1) > 0, 1, -1)
    np.testing.assert_allclose(found["bias_3"], level[0])
    group = np.arange(digits.LEAVES) // 5
    everyone = [votes[i] * votes[j] for i in range(125) for j in range(125) if group[i] != group[j]]
    np.testing.assert_allclose(found["cousins"], np.mean(everyone, axis=0), atol=1e-12)


def test_a_channel_flips_messages_at_every_edge():
    """Votes that are all right: the mean of one level is f_5(gamma), of two f_5(gamma f_5(gamma))."""
    votes = np.ones((digits.LEAVES, 4000), int)
    found = dict(zip(digits.SUMMARIES, digits.tree_summaries(np.random.default_rng(3), votes, 0.6), strict=True))

    def majority(u):
        return (15 * u - 10 * u**3 + 3 * u**5) / 8

    first = majority(0.6)
    second = majority(0.6 * first)
    for name, expected in (("bias_1", first), ("bias_2", second), ("bias_3", majority(0.6 * second))):
        error = found[name].std() / np.sqrt(4000)
        assert abs(found[name].mean() - expected) < 4.5 * error


def test_claims_get_the_verdicts_of_the_ledger_and_reject_their_decoys():
    assert not shortcomings(CLAIMS)


def raised(ds, name, by):
    """One summary larger by so much in every image and every tree."""
    change = np.zeros(len(digits.SUMMARIES))
    change[digits.SUMMARIES.index(name)] = by
    return ds.assign({part: ds[part] + change[:, None] for part in ("by_image", "by_tree")})


@pytest.mark.parametrize(
    ("claim", "name", "by", "verdict"),
    [
        ("difficulty", "bias_2", 0.05, "refuted"),
        ("kin", "bias_1", 0.2, "refuted"),
        # The claim stays refuted, and so is its sharp version when cousins agree less than siblings.
        ("cousins", "cousins", -0.05, "refuted"),
    ],
)
def test_claims_answer_to_data_that_are_slightly_wrong(claim, name, by, verdict):
    changed = raised(dataset("digits-trees"), name, by)
    found = finding(BY_ID[claim], digits_trees=changed)
    assert found.verdict == verdict
    assert not found.sharp_holds


def test_errors_count_images_and_trees_as_a_bootstrap_of_both_does():
    ds = dataset("digits-trees").sel(pixels=[8], kinship=["strangers"], fidelity=[1.0])
    seen = measured(ds)
    rng = np.random.default_rng(0)
    images, trees = (ds[name].values.reshape(len(digits.SUMMARIES), -1)[1:4] for name in ("by_image", "by_tree"))

    def redrawn(rows):
        return rows[:, rng.integers(0, rows.shape[1], rows.shape[1])].mean(axis=1) - rows.mean(axis=1)

    drawn = np.array([redrawn(images) + redrawn(trees) for _ in range(1000)])
    # The spread of 1000 draws errs by 2 percent, that of 100 trees' own spread cancels.
    np.testing.assert_allclose(drawn.std(axis=0), seen.standard_error.values.ravel(), rtol=0.12)


def test_votes_of_digits_are_a_table_that_can_be_calibrated(tmp_path):
    frame = digits.digits_table(groups=2)
    frame.to_csv(tmp_path / "digits.csv", index=False)
    table = read_table(tmp_path / "digits.csv")
    assert (table.tasks, table.agents, table.size) == (1200, 10, 5)
    assert table.transmissions == len(frame) == 1200 * 10 * len(digits.PIXELS)
    assert table.flips / table.transmissions == pytest.approx(0.1, abs=0.01)


def test_cells_are_the_same_for_the_same_key():
    one, two = (
        digits.digits_trees(jr.key(3), pixels=4, kinship="siblings", fidelity=0.8, trees=2)["by_tree"] for _ in range(2)
    )
    np.testing.assert_array_equal(one, two)
