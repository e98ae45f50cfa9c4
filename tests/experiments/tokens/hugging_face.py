"""The oracle: random networks of the `transformers` package (needs it and torch; the fixtures do not).

`python -m tests.experiments.tokens.hugging_face` writes tests/experiments/tokens/oracle anew: for each family a
checkpoint as `save_pretrained` writes it, and beside it the hidden states that `transformers` computes from it.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "oracle"
SMALL = {
    "mamba": dict(hidden_size=6, state_size=3, num_hidden_layers=2, time_step_rank=2, vocab_size=17, use_bias=True),
    # Step sizes run into both limits; two groups of three heads.
    "mamba2": dict(
        hidden_size=6, state_size=3, num_hidden_layers=2, head_dim=2, num_heads=6, n_groups=2, vocab_size=17,
        chunk_size=4, time_step_limit=(0.1, 0.8), layer_norm_epsilon=1e-3,
    ),
}  # fmt: skip
TOKENS = (3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 16)


def network(family: str, seed: int = 0, **changes):
    """A random network in which no parameter has its usual initial value: ones and zeros would hide mistakes."""
    import torch
    import transformers as hf

    torch.manual_seed(seed)
    config = (hf.MambaConfig if family == "mamba" else hf.Mamba2Config)(**{**SMALL[family], **changes})
    model = (hf.MambaForCausalLM if family == "mamba" else hf.Mamba2ForCausalLM)(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            spread = 0.5 * weight.shape[-1] ** -0.5 * (3 if "proj.weight" in name else 1)
            weight.copy_(spread * torch.randn(weight.shape))
            if name.endswith(("norm.weight", "norm_f.weight", ".D")):
                weight.add_(1.0)
            elif name.endswith(("embeddings.weight", "A_log")):
                weight.copy_(torch.randn(weight.shape))
            elif name.endswith(("dt_bias", "dt_proj.bias")):
                weight.sub_(1.0)
    return model


def hidden_states(model, tokens=TOKENS):
    """(layers + 1, tokens, width): the residual stream after each layer; of the last, after the final norm too."""
    import torch

    with torch.no_grad():
        ids = torch.tensor([tokens])
        seen = model.backbone(ids, output_hidden_states=True, use_cache=False).hidden_states
    return torch.stack(seen)[:, 0].to(torch.float32).numpy()


def write() -> None:
    """The committed fixtures."""
    import numpy as np
    from safetensors.numpy import save_file

    for family in SMALL:
        model = network(family)
        model.save_pretrained(FOLDER / family)
        (FOLDER / family / "generation_config.json").unlink(missing_ok=True)
        expected = {"tokens": np.asarray(TOKENS), "hidden": hidden_states(model)}
        save_file(expected, FOLDER / f"{family}_hidden.safetensors")


if __name__ == "__main__":
    write()
