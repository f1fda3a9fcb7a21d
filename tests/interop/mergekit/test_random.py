"""Configs made at random against their exact values."""

import compare
import merges
import plan_reference
import pytest
import random_config
import yaml


@pytest.mark.parametrize("seed", range(80))
def test_random(bench, seed, tmp_path):
    path = tmp_path / "config.yml"
    path.write_text(yaml.safe_dump(random_config.config(seed), sort_keys=False))
    bench.run(path, tmp_path / "out")
    plan = plan_reference.documents(path, bench.root)
    for name, tensor in merges.tensors(tmp_path / "out").items():
        exact = plan.exact(name)
        compare.assert_rounded_once(tensor, exact.value, exact.undecided, name)
