"""What `separatrix inspect` reads off weights and tokens, against dense linear algebra and networks built for it."""

from __future__ import annotations

import json
from pathlib import Path

import equinox as eqx
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from dynamics import tokens as dynamics
from experiments.errors import UserError
from experiments.tokens import inspection, readings, text
from experiments.tokens.architecture import architecture_of, layer_of
from experiments.tokens.checkpoint import Checkpoint
from tests.experiments.tokens.hugging_face import FOLDER

FAMILIES = pytest.mark.parametrize("family", ["mamba", "mamba2"])


@pytest.fixture(scope="module")
def seen():
    """For each family: the checkpoint, its architecture, what the weights say, what the tokens do."""
    found = {}
    for family in ("mamba", "mamba2"):
        checkpoint = Checkpoint.open(FOLDER / family)
        architecture = architecture_of(checkpoint)
        ids = load_file(FOLDER / f"{family}_hidden.safetensors")["tokens"]
        weights = inspection.weights_read(checkpoint, architecture)
        found[family] = checkpoint, architecture, weights, inspection.tokens_pushed(checkpoint, architecture, ids)
    return found


@FAMILIES
def test_spectra_are_those_of_the_dense_token_maps(family, seen):
    _, architecture, weights, _ = seen[family]
    tensors = {k: v.astype(float) for k, v in load_file(FOLDER / family / "model.safetensors").items()}
    for layer in range(architecture.layers):
        name = f"backbone.layers.{layer}."
        if family == "mamba":
            rows = tensors[name + "mixer.x_proj.weight"][2:]
        else:
            rows = tensors[name + "mixer.in_proj.weight"][24 : 24 + 12] * tensors[name + "norm.weight"]
        # B of all groups comes first, then C of all groups.
        b, c = rows.reshape(2, architecture.groups, 3, -1)
        for group in range(architecture.groups):
            m = c[group].T @ b[group]
            values = np.linalg.eigvalsh((m + m.T) / 2)
            found = weights["eigenvalue"].sel(layer=layer).isel(group=group).values
            expected = np.sort(values[np.argsort(-np.abs(values))][: found.size])
            np.testing.assert_allclose(found, expected, atol=1e-13)
            positive = int(weights["positive"].sel(layer=layer).isel(group=group))
            assert positive == np.sum(values > 1e-6)


@FAMILIES
def test_decay_and_half_life_are_those_of_the_stored_parameters(family, seen):
    _, architecture, weights, _ = seen[family]
    tensors = load_file(FOLDER / family / "model.safetensors")
    bias = "dt_proj.bias" if family == "mamba" else "dt_bias"
    for layer in range(2):
        name = f"backbone.layers.{layer}.mixer."
        steps = np.logaddexp(0, tensors[name + bias].astype(float)).clip(*architecture.step_limit)
        rates = np.exp(tensors[name + "A_log"].astype(float)).reshape(steps.size, -1)
        one = weights.sel(layer=layer)
        np.testing.assert_allclose(one["step"], steps, rtol=1e-13)
        np.testing.assert_allclose(one["half_life_most"], np.log(2) / (rates.min(1) * steps), rtol=1e-13)
        np.testing.assert_allclose(one["half_life_least"], np.log(2) / (rates.max(1) * steps), rtol=1e-13)


@FAMILIES
def test_tokens_pushed_are_measured_on_the_residual_stream(family, seen):
    pushed = seen[family][-1]
    hidden = load_file(FOLDER / f"{family}_hidden.safetensors")["hidden"].astype(float)
    np.testing.assert_allclose(pushed["norm"].values[1:], np.linalg.norm(hidden, axis=2), rtol=1e-5)
    for row, tokens in zip(range(1, 4), hidden, strict=True):
        unit = tokens / np.linalg.norm(tokens, axis=1, keepdims=True)
        shares = np.linalg.eigvalsh(unit @ unit.T)[::-1] / len(unit)
        assert abs(float(pushed["leading_share"][row]) - shares[0]) < 1e-5
        assert abs(float(pushed["participation"][row]) - 1 / np.sum(shares**2)) < 1e-4
    assert pushed["stage"].values.tolist() == ["embedding", "layer 0", "layer 1", "final norm"]
    for name, variable in pushed.data_vars.items():
        assert variable.attrs["long_name"], name


def test_spread_from_collapse_to_an_orthogonal_frame():
    line = np.outer([1.0, -2.0, 0.5, 3.0, 1.0, 4.0], [3.0, 4.0, 0.0])
    # The other singular values are rounding, and their logarithms count.
    np.testing.assert_allclose(inspection.spread(line), (1, 1, 1), rtol=1e-13)
    # The frame of section 4.2, repeated with period D: still D directions, whatever the tokens' lengths.
    frame = np.concatenate([2 * np.eye(3), np.eye(3)])
    np.testing.assert_allclose(inspection.spread(frame), (1 / 3, 3, 3), rtol=1e-13)
    np.testing.assert_allclose(inspection.spread(np.concatenate([frame, np.zeros((1, 3))])), (1 / 3, 3, 3), rtol=1e-13)
    assert inspection.spread(np.zeros((2, 3))) == (0, 0, 0)


def tied(folder, signs):
    """The small Mamba with the sign constraint of section 8.1 in each layer: S_C = P, S_B = diag(delta) P."""
    tensors = load_file(FOLDER / "mamba" / "model.safetensors")
    for layer, sign in enumerate(signs):
        name = f"backbone.layers.{layer}.mixer.x_proj.weight"
        p = tensors[name][5:]
        tensors[name] = np.concatenate([tensors[name][:2], np.float32(sign)[:, None] * p, p])
    save_file(tensors, folder / "model.safetensors")
    checkpoint = Checkpoint.open(folder)
    architecture = architecture_of(checkpoint)
    return readings.summary(inspection.weights_read(checkpoint, architecture), None, architecture)


def test_sections_4_and_5_the_sign_decides_both_flows_in_opposite_senses(tmp_path):
    told = tied(tmp_path, [(0.9, 1.1, 2.0), (-0.9, -1.1, -2.0)])
    (first,), (second,) = (layer["groups"] for layer in told["layers"])
    assert (first["raw"], first["sphere"], first["negative_share"]) == ("divergent", "collapse", 0.0)
    assert (second["raw"], second["sphere"], second["negative_share"]) == ("convergent", "diversity", 1.0)
    assert (first["positive"], first["negative"], second["positive"], second["negative"]) == (3, 0, 0, 3)
    assert max(first["skew_share"], second["skew_share"]) < 1e-12
    # Section 4.2: behind the first N tokens, t^-(1 - q^N)/2 in the null space, q = e^(-a softplus(b)).
    tensors = load_file(FOLDER / "mamba" / "model.safetensors")
    steps = np.logaddexp(0, tensors["backbone.layers.1.mixer.dt_proj.bias"].astype(float))
    q = np.exp(-np.exp(tensors["backbone.layers.1.mixer.A_log"].astype(float)) * steps[:, None])
    powers = -(1 - q**3) / 2
    np.testing.assert_allclose(second["null_space"], [powers.min(), powers.max()], rtol=1e-12)
    assert first["null_space"] is None
    mixed = tied(tmp_path, [(1.0, -1.0, 1.0), (0.0, 0.0, 0.0)])["layers"]
    assert (mixed[0]["groups"][0]["raw"], mixed[0]["groups"][0]["sphere"]) == ("both", "both")
    assert (mixed[1]["groups"][0]["raw"], mixed[1]["groups"][0]["sphere"]) == ("frozen", "frozen")


def test_section_8_3_where_the_sign_is_silent(seen):
    _, architecture, weights, _ = seen["mamba"]
    layer = weights.sel(layer=0)
    assert {"mirror", "gate", "convolution", "output", "decay"} <= set(readings.silences(layer, architecture))
    assert "skip" not in readings.silences(layer, architecture)
    clear = layer.assign(value_alignment=1.0, rate_most=layer["rate_least"], skip=layer["skip"] * 0 + 1)
    assert set(readings.silences(clear, architecture)) == {"mirror", "gate", "convolution"}
    assert "skip" in readings.silences(layer.assign(skip=0 * layer["skip"]), architecture)
    _, architecture, weights, _ = seen["mamba2"]
    found = readings.silences(weights.sel(layer=0), architecture)
    assert "activation" in found
    assert not {"mirror", "decay"} & set(found)


def test_the_cosine_of_the_value_path_is_one_where_it_is_theorys_identity(seen):
    checkpoint, architecture, _, _ = seen["mamba"]
    block = layer_of(checkpoint, architecture, 0)
    inner = (block.in_proj[:12] * block.norm).T
    for sign in (1.0, -1.0):
        aligned = eqx.tree_at(lambda w: w.out_proj, block, sign * 0.3 * inner)
        assert abs(float(inspection._layer(aligned, 1e-7)["value_alignment"][1]) - sign) < 1e-13


@FAMILIES
def test_the_summary_is_plain_json_and_the_datasets_survive_netcdf(family, seen, tmp_path):
    import xarray as xr

    from experiments import store

    _, architecture, weights, pushed = seen[family]
    told = json.loads(json.dumps(readings.summary(weights, pushed, architecture), allow_nan=False))
    assert [layer["layer"] for layer in told["layers"]] == [0, 1]
    assert len(told["layers"][0]["groups"]) == architecture.groups
    assert told["run"]["norm"][0][0] == float(pushed["norm"][0].min())
    path = tmp_path / "inspection.nc"
    path.write_bytes(store.netcdf_bytes(xr.merge([weights, pushed])))
    back = store.read_netcdf(path)
    np.testing.assert_array_equal(back["eigenvalue"], weights["eigenvalue"])
    assert back["step"].attrs["symbol"] == "Delta"


def test_tokens_that_cannot_be_pushed(seen, tmp_path):
    checkpoint, architecture, _, _ = seen["mamba"]
    for ids, sentence in (([17], "one is 17"), ([-1], "one is -1"), ([], "text is empty")):
        with pytest.raises(UserError, match=sentence):
            inspection.embedded(checkpoint, architecture, np.array(ids))
    tensors = load_file(FOLDER / "mamba" / "model.safetensors")
    for name in [name for name in tensors if "embedding" in name or "lm_head" in name]:
        del tensors[name]
    save_file(tensors, tmp_path / "model.safetensors")
    headless = Checkpoint.open(tmp_path)
    with pytest.raises(UserError, match="has no embedding"):
        inspection.embedded(headless, architecture_of(headless), np.array([1]))
    tensors = load_file(FOLDER / "mamba" / "model.safetensors")
    tensors["backbone.layers.1.mixer.out_proj.weight"] = np.full((6, 12), 1e300)
    tensors["backbone.layers.1.mixer.D"] = np.full(12, 1e300)
    save_file(tensors, tmp_path / "model.safetensors")
    huge = Checkpoint.open(tmp_path)
    with pytest.raises(UserError, match="overflow in layer 1"):
        inspection.tokens_pushed(huge, architecture_of(huge), np.array([1, 2]))


def test_a_text_becomes_bytes_where_no_tokenizer_can_be_had(tmp_path, monkeypatch):
    ids, how = text.token_ids("aé", tmp_path, 100)
    assert ids.tolist() == [97, 195 % 100, 169 % 100]
    assert "no tokenizer.json" in how
    (tmp_path / "tokenizer.json").write_text("{}")
    monkeypatch.setitem(__import__("sys").modules, "tokenizers", None)
    ids, how = text.token_ids("a", tmp_path, 100)
    assert (ids.tolist(), "is not installed" in how) == ([97], True)


class Tokenizers:
    """Stands for the package `tokenizers`: one token a word, numbered by its length."""

    class Tokenizer:
        """Its class of that name."""

        ids: tuple = ()

        @classmethod
        def from_file(cls, path):
            """Read a tokenizer; the real one raises a bare Exception for a broken file."""
            if "broken" in Path(path).read_text():
                raise Exception("expected value\nat line 1")
            return cls()

        def encode(self, words):
            """The encoding, with `ids`."""
            self.ids = [len(word) for word in words.split()]
            return self


def test_a_tokenizer_beside_the_checkpoint_is_used(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tokenizers", Tokenizers)
    (tmp_path / "tokenizer.json").write_text("{}")
    ids, how = text.token_ids("one three", tmp_path, 100)
    assert (ids.tolist(), how) == ([3, 5], "tokenized with tokenizer.json")
    (tmp_path / "tokenizer.json").write_text("broken")
    with pytest.raises(UserError, match="cannot be used: expected value at line 1"):
        text.token_ids("a", tmp_path, 100)


def test_all_observations_are_described(seen):
    for _, _, weights, pushed in seen.values():
        assert all(variable.attrs["long_name"] for data in (weights, pushed) for variable in data.data_vars.values())
    assert isinstance(layer_of(*seen["mamba2"][:2], 0), dynamics.Mamba2)
