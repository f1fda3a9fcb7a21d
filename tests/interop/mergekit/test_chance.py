"""Methods that throw coins: how many entries they keep, which, and what becomes of those."""

import merges
import numpy as np
import plan_reference
import pytest
import sparse_reference as sparse

CONFIGS = [path for path in merges.named("dare", "della") if "density-one" not in path.stem]
DIFFERS = 1e-6  # of a difference that is not rounding


def differences(bench, config, side):
    """Of each tensor: the difference of its one model from the base, that which is left of it, and its settings."""
    plan = plan_reference.documents(config, bench.root)
    for name, tensor in merges.tensors(side(config)).items():
        exact = plan.exact(name)
        delta = exact.tensors[0] - exact.base
        kept = tensor.double().numpy() - exact.base
        yield name, delta, kept, exact


def probabilities(delta, settings):
    if "epsilon" in settings:
        return sparse.della_probabilities(delta, settings["density"], settings["epsilon"])
    return np.full(delta.shape, settings["density"])


@pytest.mark.parametrize("side", ["ours", "theirs"])
@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_coins(bench, config, side):
    wanted = variance = found = size = 0
    for name, delta, left, exact in differences(bench, config, getattr(bench, side)):
        changed = np.abs(delta) > DIFFERS
        kept = (np.abs(left) > DIFFERS) & changed
        unchanged = np.abs(delta) < DIFFERS / 10  # what is kept grows when it is rescaled
        assert not (unchanged & (np.abs(left) > DIFFERS)).any(), name
        chances = probabilities(delta, exact.per_tensor[0])[changed]
        wanted += chances.sum()
        variance += (chances * (1 - chances)).sum()
        found += kept.sum()
        size += changed.sum()
        if changed.any():
            rescaled(name, delta, left, kept, exact.parameters["rescale"])
    assert size > 10000
    assert abs(found - wanted) < 5 * variance**0.5, (found, wanted)


def rescaled(name, delta, left, kept, rescale):
    """What is left is the difference, by a factor that keeps the sum of magnitudes."""
    factor = np.abs(delta).sum() / np.abs(delta[kept]).sum() if rescale else 1
    scale = np.abs(delta).max()
    np.testing.assert_allclose(left[kept], factor * delta[kept], atol=1e-5 * scale + 2e-7, err_msg=name)


@pytest.mark.parametrize("side", ["ours", "theirs"])
@pytest.mark.parametrize("config", merges.named("della.", "della-linear") or CONFIGS, ids=lambda path: path.stem)
def test_larger_magnitudes_are_kept_more_often(bench, config, side):
    thirds = np.zeros((3, 2))
    for _, delta, left, exact in differences(bench, config, getattr(bench, side)):
        chances = probabilities(delta, exact.per_tensor[0])
        settings = exact.per_tensor[0]
        place = (chances - settings["density"] + settings["epsilon"]) / (2 * settings["epsilon"])
        for k in range(3):
            which = (np.abs(delta) > DIFFERS) & (place * 3 >= k) & (place * 3 < k + 1 + (k == 2))
            thirds[k] += ((np.abs(left) > DIFFERS) & which).sum(), chances[which].sum()
    found, wanted = thirds.T
    assert (np.abs(found - wanted) < 5 * np.sqrt(wanted)).all(), thirds


def test_coins_of_several_models_differ(bench):
    """Two tensors of one shape do not keep the same entries, nor do both of two models."""
    config = merges.named("dare-linear-plain")[0]
    masks = [
        np.abs(left) > DIFFERS
        for name, delta, left, _ in differences(bench, config, bench.ours)
        if name.endswith("gate_proj.weight")
    ]
    assert all((a != b).mean() > 0.2 for a, b in zip(masks, masks[1:]))
