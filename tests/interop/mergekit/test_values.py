"""Every tensor of every config: theirs but for one step of the dtype, or nearer to the exact value than theirs."""

from pathlib import Path

import compare
import merges
import plan_reference
import pytest
import table

# What mergekit writes in another dtype or shape than it should: what is wrong with it.
THEIR_FAULTS = {
    "arcee-fusion": "float32 where dtype says bfloat16",
    "sce-topk": "one axis too many where nothing is selected",
    "sce-bf16-topk": "one axis too many where nothing is selected",
}


def same_shapes_and_dtypes(ours, theirs):
    assert set(ours) == set(theirs)
    described = [{name: (tuple(x.shape), x.dtype) for name, x in each.items()} for each in (ours, theirs)]
    assert described[0] == described[1]


@pytest.mark.parametrize("config", merges.CONFIGS, ids=lambda path: path.stem)
def test_values(bench, config):
    ours, theirs = (merges.tensors(side(config)) for side in (bench.ours, bench.theirs))
    if config.stem in THEIR_FAULTS:
        assert set(ours) == set(theirs)
    else:
        same_shapes_and_dtypes(ours, theirs)
    plan, failures = plan_reference.documents(config, bench.root), []
    plan.with_vocabulary_of(bench.ours(config))
    for name, tensor in ours.items():
        exact = plan.exact(name)
        if exact.value is None:
            continue
        assert exact.value.shape == tuple(tensor.shape), name
        other = theirs[name]
        if other.shape != tensor.shape:
            other = other[0]  # there is no difference from the base in any of them
        distance = compare.distance(tensor, other, exact)
        table.add(exact.method, str(tensor.dtype).removeprefix("torch."), config.stem, distance)
        if not distance.good():
            failures.append(f"{name}: {distance}")
    assert not failures, "\n".join(failures)


@pytest.mark.parametrize("config", merges.BEYOND, ids=lambda path: path.stem)
def test_values_without_theirs(bench, config):
    """The exact value, rounded once, but for what float32 loses on the way."""
    assert config.stem in bench.refused
    plan = plan_reference.documents(config, bench.root).with_vocabulary_of(bench.ours(config))
    for name, tensor in merges.tensors(bench.ours(config)).items():
        exact = plan.exact(name)
        assert exact.value.shape == tuple(tensor.shape), name
        compare.assert_rounded_once(tensor, exact.value, exact.undecided, name)


def test_faults_are_still_there(bench):
    """When mergekit mends one, its config is to be compared as the others are."""
    for stem in THEIR_FAULTS:
        config = Path(merges.HERE / "configs" / f"{stem}.yml")
        with pytest.raises(AssertionError):
            same_shapes_and_dtypes(merges.tensors(bench.ours(config)), merges.tensors(bench.theirs(config)))
