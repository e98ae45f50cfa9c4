"""Checkpoints read from disk: the two namings, formats and shards, and everything that can be wrong with a file.

The hidden states come from `transformers` (tests/experiments/tokens/hugging_face.py): stored ones in every run, live
ones where that package is installed.
"""

from __future__ import annotations

import json
import pickle
import zipfile
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from safetensors.numpy import load_file, save_file

from experiments.errors import UserError
from experiments.tokens import inspection
from experiments.tokens.architecture import architecture_of, layer_of
from experiments.tokens.checkpoint import INDEX, Checkpoint
from tests.experiments.tokens import hostile
from tests.experiments.tokens.hugging_face import FOLDER, SMALL, hidden_states, network

FAMILIES = pytest.mark.parametrize("family", ["mamba", "mamba2"])
# The oracle computes in float32: its rounding along two layers of values up to 7 stays ten times below this.
ORACLE = 1e-5


def weights(family):
    return load_file(FOLDER / family / "model.safetensors")


def config(family):
    return json.loads((FOLDER / family / "config.json").read_text())


def stored(folder: Path, tensors, settings=None, name="model.safetensors") -> Path:
    """A checkpoint of these tensors and, if given, this config.json."""
    folder.mkdir(exist_ok=True)
    save_file(tensors, folder / name)
    if settings is not None:
        (folder / "config.json").write_text(json.dumps(settings))
    return folder / name


def pushed(path, tokens, groups=None):
    """Hidden states as the oracle lists them: after each layer, then after the final norm."""
    checkpoint = Checkpoint.open(path)
    architecture = architecture_of(checkpoint, groups)
    states = [x for x, _ in inspection.hidden_states(checkpoint, architecture, tokens)][1:]
    states.append(inspection.final_norm(checkpoint, architecture, states[-1]))
    return np.array(states)


@pytest.fixture(scope="module")
def expected():
    return {family: load_file(FOLDER / f"{family}_hidden.safetensors") for family in SMALL}


@FAMILIES
def test_hidden_states_are_those_of_transformers(family, expected, tmp_path):
    tokens, hidden = expected[family]["tokens"], expected[family]["hidden"]
    np.testing.assert_allclose(pushed(FOLDER / family, tokens), hidden, atol=ORACLE)
    # A mistake is far outside that tolerance, even one in the epsilon of the norms.
    wrong = config(family)
    wrong["layer_norm_epsilon"] = 1.1 * wrong["layer_norm_epsilon"] + 1e-4
    assert np.abs(pushed(stored(tmp_path, weights(family), wrong), tokens) - hidden).max() > 10 * ORACLE


def as_mamba_ssm(family):
    """The same network as the package mamba_ssm names and configures it."""
    tensors = {name.replace("embeddings", "embedding"): tensor for name, tensor in weights(family).items()}
    tensors["lm_head.weight"] = tensors["backbone.embedding.weight"].copy()
    told = config(family)
    settings = {"d_model": 6, "n_layer": 2, "rms_norm": True, "residual_in_fp32": True, "ssm_cfg": {}}
    if family == "mamba2":
        settings["ssm_cfg"] = {"layer": "Mamba2", "ngroups": 2, "dt_limit": told["time_step_limit"], "headdim": 2}
        settings["norm_epsilon"] = told["layer_norm_epsilon"]
    return tensors, settings


@FAMILIES
def test_the_naming_of_mamba_ssm_is_the_same_network(family, expected, tmp_path):
    path = stored(tmp_path, *as_mamba_ssm(family))
    found = architecture_of(Checkpoint.open(path))
    assert (found.naming, found.family) == ("mamba_ssm", family)
    hidden = expected[family]["hidden"]
    np.testing.assert_allclose(pushed(path, expected[family]["tokens"])[-1], hidden[-1], atol=ORACLE)


@FAMILIES
def test_a_model_saved_without_its_head_has_no_prefix(family, tmp_path):
    tensors = {name.removeprefix("backbone."): tensor for name, tensor in weights(family).items()}
    tensors.pop("lm_head.weight", None)
    found = architecture_of(Checkpoint.open(stored(tmp_path, tensors, config(family))))
    assert (found.prefix, found.layers, found.vocabulary) == ("", 2, 17)


@FAMILIES
@pytest.mark.parametrize("kind", [np.float16, ml_dtypes.bfloat16, np.float64])
def test_every_float_format_is_upcast_exactly(family, kind, tmp_path):
    rounded = {name: tensor.astype(kind) for name, tensor in weights(family).items()}
    checkpoint = Checkpoint.open(stored(tmp_path, rounded, config(family)))
    found = architecture_of(checkpoint)
    assert found.unit == float(ml_dtypes.finfo(kind).eps)
    for number in range(2):
        block = layer_of(checkpoint, found, number)
        expected = rounded[f"backbone.layers.{number}.mixer.in_proj.weight"].astype(float)
        np.testing.assert_array_equal(block.in_proj, expected)
        assert block.in_proj.dtype == np.float64


def sharded(folder, family):
    """Two shards and their index; the folder."""
    tensors = weights(family)
    names = sorted(tensors)
    parts = {"model-1-of-2.safetensors": names[::2], "model-2-of-2.safetensors": names[1::2]}
    for file, part in parts.items():
        save_file({name: tensors[name] for name in part}, folder / file)
    places = {name: file for file, part in parts.items() for name in part}
    (folder / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": places}))
    (folder / "config.json").write_text(json.dumps(config(family)))
    return folder


@FAMILIES
def test_shards_are_one_checkpoint(family, expected, tmp_path):
    sharded(tmp_path, family)
    hidden = expected[family]["hidden"]
    for path in (tmp_path, tmp_path / INDEX):
        np.testing.assert_allclose(pushed(path, expected[family]["tokens"])[-1], hidden[-1], atol=ORACLE)


def test_without_a_config_the_sizes_come_from_the_shapes(tmp_path):
    alone = architecture_of(Checkpoint.open(stored(tmp_path, weights("mamba"))))
    assert (alone.layers, alone.width, alone.inner, alone.states, alone.rank, alone.taps) == (2, 6, 12, 3, 2, 4)
    assert not alone.notes
    checkpoint = Checkpoint.open(stored(tmp_path, weights("mamba2")))
    one = architecture_of(checkpoint)
    # The shapes hold the product only, and one group is the usual case.
    assert (one.groups, one.states, one.heads) == (1, 6, 6)
    assert "taken as 1 group(s) of 6 states" in one.notes[0]
    two = architecture_of(checkpoint, groups=2)
    assert (two.groups, two.states, two.notes) == (2, 3, ())


def test_the_usual_number_of_states_tells_the_groups(tmp_path):
    tensors = weights("mamba2")
    for number in range(2):
        name = f"backbone.layers.{number}.mixer."
        rows = np.zeros((12 + 2 * 256, 6), np.float32)
        tensors[name + "conv1d.weight"] = np.zeros((12 + 2 * 256, 1, 4), np.float32)
        tensors[name + "conv1d.bias"] = np.zeros(12 + 2 * 256, np.float32)
        tensors[name + "in_proj.weight"] = np.concatenate([rows, np.zeros((12 + 6, 6), np.float32)])
    found = architecture_of(Checkpoint.open(stored(tmp_path, tensors)))
    assert (found.groups, found.states) == (2, 128)


def test_only_the_rows_asked_for_are_read(tmp_path):
    table = np.arange(30, dtype=np.float16).reshape(10, 3)
    checkpoint = Checkpoint.open(stored(tmp_path, {"table": table}))
    np.testing.assert_array_equal(checkpoint.tensor("table", np.array([7, 0, 7])), table[[7, 0, 7]])


def refused(call, *parts):
    """The one sentence with which `call` is refused; it must hold all `parts`."""
    with pytest.raises(UserError) as error:
        call()
    sentence = str(error.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    for part in parts:
        assert part in sentence, sentence
    return sentence


def opened(path, groups=None):
    """As far as the command goes before it computes, and the first layer."""
    checkpoint = Checkpoint.open(path)
    architecture = architecture_of(checkpoint, groups)
    for number in range(architecture.layers):
        layer_of(checkpoint, architecture, number)
    return architecture


def test_files_that_are_no_checkpoints(tmp_path):
    path = tmp_path / "model.safetensors"
    refused(lambda: opened(path), "no such file")
    path.write_bytes(b"")
    refused(lambda: opened(path), "is empty")
    path.write_bytes(b"hello, I am a text and no weights")
    refused(lambda: opened(path), "is not a safetensors file, or is truncated")
    path.write_bytes(pickle.dumps({"backbone.layers.0.mixer.A_log": list(range(100))}))
    refused(lambda: opened(path), "but a pickle")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", "x")
    refused(lambda: opened(path), "a pickle inside")
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n")
    refused(lambda: opened(path), "Git LFS pointer")
    good = (FOLDER / "mamba" / "model.safetensors").read_bytes()
    path.write_bytes(good[:-1])
    refused(lambda: opened(path), "truncated")
    header, data = hostile.split(good)
    path.write_bytes(hostile.file_of(json.dumps(header).encode(), data, 2**63))
    refused(lambda: opened(path), "truncated")
    first, second = sorted(header, key=lambda name: header[name].get("data_offsets", [-1])[0])[1:3]
    header[second]["data_offsets"] = header[first]["data_offsets"]
    path.write_bytes(hostile.file_of(json.dumps(header).encode(), data))
    refused(lambda: opened(path), "is not a safetensors file")
    save_file({}, path)
    refused(lambda: opened(path), "holds no tensors")


def test_folders_and_indices_that_lead_nowhere(tmp_path):
    refused(lambda: opened(tmp_path), "holds no safetensors file")
    for name in ("a", "b"):
        save_file(weights("mamba"), tmp_path / f"{name}.safetensors")
    refused(lambda: opened(tmp_path), "2 safetensors files")
    folder = tmp_path / "shards"
    folder.mkdir()
    sharded(folder, "mamba")
    index = json.loads((folder / INDEX).read_text())
    for broken, sentence in [
        ("[1, 2]", "must hold a JSON object"),
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("{}", "no `weight_map`"),
        (json.dumps({"weight_map": {"x": "../../x.safetensors"}}), "no safetensors file beside it"),
        (json.dumps({"weight_map": {"x": "model.bin"}}), "no safetensors file beside it"),
        (json.dumps({"weight_map": {"x": "model-1-of-2.safetensors"}}), "lists the tensor `x`"),
        (json.dumps({"weight_map": {"x": "model-9-of-9.safetensors"}}), "no such file"),
    ]:
        (folder / INDEX).write_text(broken)
        refused(lambda: opened(folder), sentence)
    (folder / INDEX).write_text(json.dumps(index))
    assert opened(folder).layers == 2
    (folder / "config.json").unlink()
    (folder / "config.json").mkdir()
    refused(lambda: opened(folder), "Cannot read", "config.json")


LAYER = "backbone.layers.1.mixer."


@pytest.mark.parametrize(
    ("family", "change", "sentence"),
    [
        ("mamba", {LAYER + "D": None}, "has no tensor `backbone.layers.1.mixer.D`"),
        ("mamba", {LAYER + "A_log": np.zeros((12, 4), "f4")}, "must have shape (D, N) = (12, 3), but has (12, 4)"),
        ("mamba", {"backbone.layers.0.mixer.A_log": np.zeros(12, "f4")}, "must have 2 axes"),
        ("mamba", {"backbone.layers.0.mixer.A_log": np.zeros((12, 0), "f4")}, "at least 1"),
        ("mamba2", {"backbone.layers.0.mixer.A_log": np.zeros((6, 2), "f4")}, "must have 1 axes"),
        ("mamba2", {"backbone.layers.0.mixer.A_log": np.zeros(5, "f4")}, "which cannot be"),
        ("mamba", {LAYER + "A_log": np.full((12, 3), 100, "f4")}, "must lie below 88, but reaches 100"),
        ("mamba", {LAYER + "in_proj.weight": np.full((24, 6), np.nan, "f4")}, "holds NaN or infinite numbers"),
        ("mamba", {LAYER + "D": np.zeros(12, "i4")}, "must be one of F64, F32, F16, BF16, but is I32"),
        ("mamba", {LAYER + "b_layernorm.weight": np.ones(3, "f4")}, "belongs to neither Mamba nor Mamba-2"),
        ("mamba", {"backbone.layers.3.mixer.A_log": np.zeros((12, 3), "f4")}, "Layer 2 of"),
        ("mamba", {"other.layers.0.mixer.A_log": np.zeros((12, 3), "f4")}, "2 stacks of selective layers"),
        ("mamba", {"backbone.layers.0.mixer.x_proj.weight": None}, "neither `x_proj.weight` nor `dt_bias`"),
        ("mamba", {"backbone.embeddings.weight": np.zeros((17, 5), "f4")}, "must have shape (vocabulary, 6)"),
    ],
)  # fmt: skip
def test_tensors_that_do_not_fit(family, change, sentence, tmp_path):
    tensors = {name: tensor for name, tensor in (weights(family) | change).items() if tensor is not None}
    refused(lambda: opened(stored(tmp_path, tensors, config(family))), sentence)


@pytest.mark.parametrize("name", ["\x1b[2Jx", "a\nb", "x" * 201])
def test_names_that_would_disturb_a_terminal(name, tmp_path):
    path = stored(tmp_path, weights("mamba") | {name: np.zeros(1, np.float32)})
    refused(lambda: opened(path), "unprintable or overlong name")
    told = config("mamba") | {"model_type": "a\nb"}
    refused(lambda: opened(stored(tmp_path, weights("mamba"), told)), r"says 'a\nb'")


def test_a_network_of_another_kind(tmp_path):
    tensors = {"model.layers.0.self_attn.q_proj.weight": np.zeros((4, 4), np.float32)}
    refused(lambda: opened(stored(tmp_path, tensors)), "is no Mamba or Mamba-2 network")


@pytest.mark.parametrize(
    ("family", "settings", "sentence"),
    [
        ("mamba", {"model_type": "falcon_mamba"}, "config.json says 'falcon_mamba'"),
        ("mamba", {"model_type": 3}, "`model_type` of config.json cannot be '3'"),
        ("mamba", {"hidden_act": "gelu"}, "`hidden_act` must be silu"),
        ("mamba", {"rms_norm": False}, "LayerNorm"),
        ("mamba", {"layer_norm_epsilon": -1}, "must lie in (0, 1), but is -1"),
        ("mamba", {"layer_norm_epsilon": True}, "cannot be 'True'"),
        ("mamba2", {"n_groups": 4}, "must divide G N = 6 and the 6 heads, but is 4"),
        ("mamba2", {"n_groups": 0}, "must divide"),
        ("mamba2", {"n_groups": 3}, "says 3 groups of 3 states"),
        ("mamba2", {"time_step_limit": [0.5, 0.1]}, "`time_step_limit`"),
        ("mamba2", {"time_step_limit": "none"}, "`time_step_limit`"),
        ("mamba2", {"ssm_cfg": {"norm_before_gate": True}}, "`norm_before_gate` is true"),
    ],
)  # fmt: skip
def test_a_config_that_does_not_fit(family, settings, sentence, tmp_path):
    refused(lambda: opened(stored(tmp_path, weights(family), config(family) | settings)), sentence)


def test_an_unbounded_step_size_is_read_as_transformers_and_json_write_it(tmp_path):
    for end in ({"__float__": "Infinity"}, float("inf")):
        told = config("mamba2") | {"time_step_limit": [0.0, end]}
        assert opened(stored(tmp_path, weights("mamba2"), told)).step_limit == (0.0, float("inf"))


def test_groups_that_cannot_be_asked_for(tmp_path):
    path = stored(tmp_path, weights("mamba2"))
    refused(lambda: opened(path, groups=4), "but is 4")
    refused(lambda: opened(FOLDER / "mamba", groups=2), "Mamba has one group")


@pytest.mark.parametrize("family", ["mamba", "mamba2"])
def test_damaged_files_end_in_one_sentence(family, tmp_path):
    path = tmp_path / "damaged.safetensors"

    @settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
    @given(hostile.damaged((FOLDER / family / "model.safetensors").read_bytes()))
    def survives(content):
        path.write_bytes(content)
        try:
            sentence = f"{opened(path).layers} layers"
        except UserError as error:
            sentence = str(error)
        assert "\n" not in sentence
        assert len(sentence) < 400

    survives()


@pytest.mark.parametrize(
    ("family", "changes"),
    [
        ("mamba", {}),
        ("mamba", dict(use_bias=False, use_conv_bias=False, hidden_size=32, state_size=16, num_hidden_layers=3)),
        ("mamba2", {}),
        ("mamba2", dict(hidden_size=32, num_heads=8, head_dim=8, n_groups=1, use_bias=True,
                        time_step_limit=(0.0, float("inf")))),
        ("mamba2", dict(hidden_size=16, num_heads=8, head_dim=4, n_groups=4, use_conv_bias=False)),
    ],
)  # fmt: skip
def test_live_networks_of_transformers_give_the_same_hidden_states(family, changes, tmp_path):
    pytest.importorskip("transformers")
    model = network(family, seed=1, **changes)
    model.save_pretrained(tmp_path)
    tokens = np.random.default_rng(0).integers(0, 17, 40)
    seen, told = pushed(tmp_path, tokens), hidden_states(model, tokens.tolist())
    scale = np.maximum(1.0, np.abs(told).max())
    np.testing.assert_allclose(seen, told, atol=ORACLE * scale)
