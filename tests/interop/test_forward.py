"""What `inarch logits` and `inarch stats` compute, against transformers."""

import json

import decoders
import pytest
import torch
from harness import described, inarch
from safetensors.torch import load_file

LENGTHS = [19, 1, 70]


def compute(command, model, tokens, out, *arguments):
    result = inarch(command, model, "--tokens", json.dumps(tokens), "-o", out, *arguments)
    assert result.returncode == 0, described(result)
    return load_file(out)


def distance(a, b):
    """The greatest difference, relative to the greatest of what was expected."""
    return float((a - b).abs().max() / b.abs().max())


@pytest.mark.parametrize("case", decoders.CASES)
def test_logits_and_states(tmp_path, case):
    path = decoders.decoder(case, tmp_path / "model")
    model = decoders.load(path)
    tokens = decoders.sequences(97, LENGTHS)
    logits = compute("logits", path, tokens, tmp_path / "logits.safetensors")
    stats = compute("stats", path, tokens, tmp_path / "stats.safetensors")
    for s, ids in enumerate(tokens):
        states, wanted = decoders.run(model, ids)
        assert distance(logits[f"sequence.{s}"], wanted) < 1e-4
        for layer in range(len(states) - 1):
            assert distance(stats[f"layers.{layer}.state.last"][s], states[layer][-1]) < 1e-4
            assert distance(stats[f"layers.{layer}.state.mean"][s], states[layer].mean(0)) < 1e-4
