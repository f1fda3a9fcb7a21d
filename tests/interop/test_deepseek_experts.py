"""recipes/deepseek-v3-{pruned,merged,fused}-experts.yaml on small models, against torch and transformers."""

import json

import encoded_parts
import mixtures
import pytest
import torch
from harness import ROOT, build, described, inarch, write_recipe
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

PRUNED, MERGED, FUSED = (ROOT / "recipes" / f"deepseek-v3-{what}-experts.yaml" for what in ("pruned", "merged", "fused"))
LAYERS = (1, 2)
MATRICES = ("gate", "up", "down")
KINDS = {"v3": (mixtures.deepseek_v3, 16), "v2": (mixtures.deepseek_v2, 8)}


class Model:
    def __init__(self, kind, directory):
        make, self.experts = KINDS[kind]
        self.kind, self.path = kind, make(directory / kind)
        self.tensors = load_file(self.path / "model.safetensors")

    def matrix(self, i, e, p):
        return self.tensors[f"model.layers.{i}.mlp.experts.{e}.{p}_proj.weight"].float()

    def others(self):
        """What is no routed expert and no router."""
        return [name for name in self.tensors if ".mlp.experts." not in name and ".mlp.gate." not in name]


@pytest.fixture(scope="module", params=KINDS)
def model(request, tmp_path_factory):
    return Model(request.param, tmp_path_factory.mktemp("experts"))


def generates(directory):
    """Stock transformers loads it without a tensor too many or too few, and it answers."""
    loaded, loading = AutoModelForCausalLM.from_pretrained(directory, output_loading_info=True, dtype="auto")
    assert not any(loading.values()), loading
    tokens = loaded.generate(torch.arange(3, 11)[None], max_new_tokens=4, do_sample=False)
    assert tokens.shape == (1, 12)
    return loaded


def config_of(directory):
    return json.loads((directory / "config.json").read_text())


@pytest.mark.parametrize("keep", [2, 4, 6])
def test_pruned(model, tmp_path, keep):
    counts = mixtures.counts_of(LAYERS, model.experts)
    file = mixtures.write_json(tmp_path / "counts.json", counts)
    out = build(PRUNED, tmp_path / "out", "--source", f"model={model.path}", "--set", f"counts={file}", "--set", f"keep={keep}")
    made = load_file(out / "model.safetensors")
    for i in LAYERS:
        use = counts[str(i)]
        kept = sorted(sorted(range(model.experts), key=lambda e: -use[e])[:keep])
        for new, old in enumerate(kept):
            for p in MATRICES:
                was = model.tensors[f"model.layers.{i}.mlp.experts.{old}.{p}_proj.weight"]
                assert torch.equal(made[f"model.layers.{i}.mlp.experts.{new}.{p}_proj.weight"], was)
        for part in ("weight", "e_score_correction_bias"):
            name = f"model.layers.{i}.mlp.gate.{part}"
            assert (name in made) == (name in model.tensors)
            if name in made:
                assert torch.equal(made[name], model.tensors[name][kept])
    assert all(torch.equal(made[name], model.tensors[name]) for name in model.others())
    assert config_of(out)["n_routed_experts"] == keep
    generates(out)


@pytest.mark.parametrize("weighted", [False, True])
def test_merged(model, tmp_path, weighted):
    groups = mixtures.groups_of(LAYERS, model.experts, 4)
    counts = mixtures.counts_of(LAYERS, model.experts)
    arguments = ["--set", f"groups={mixtures.write_json(tmp_path / 'groups.json', groups)}"]
    if weighted:
        arguments += ["--set", f"counts={mixtures.write_json(tmp_path / 'counts.json', counts)}"]
    out = build(MERGED, tmp_path / "out", "--source", f"model={model.path}", *arguments)
    made = load_file(out / "model.safetensors")
    for i in LAYERS:
        for k, group in enumerate(groups[str(i)]):
            shares = torch.tensor([counts[str(i)][e] + 0.001 if weighted else 1.0 for e in group])
            for p in MATRICES:
                mean = sum(s * model.matrix(i, e, p) for s, e in zip(shares / shares.sum(), group))
                ours = made[f"model.layers.{i}.mlp.experts.{k}.{p}_proj.weight"]
                assert ours.dtype == torch.bfloat16
                torch.testing.assert_close(ours.float(), mean, rtol=2**-8, atol=1e-6)
            for part in ("weight", "e_score_correction_bias"):
                name = f"model.layers.{i}.mlp.gate.{part}"
                if name in model.tensors:
                    assert made[name].dtype == model.tensors[name].dtype
                    row = model.tensors[name].float()[group].mean(0)
                    torch.testing.assert_close(made[name][k].float(), row, rtol=2**-8, atol=1e-6)
    assert all(torch.equal(made[name], model.tensors[name]) for name in model.others())
    generates(out)


def multislerp(matrices):
    """Equal weights, without a base: the direction of the mean of directions, times the mean norm."""
    norms = torch.stack([m.norm() for m in matrices])
    mean = sum(m / n for m, n in zip(matrices, norms)) / len(matrices)
    return mean / mean.norm() * norms.mean()


def sce(matrices):
    """With all entries, and differences from the first."""
    deltas = torch.stack([m - matrices[0] for m in matrices[1:]])
    weights = deltas.square().mean((1, 2))
    weights = weights / weights.sum() if weights.sum() > 0 else torch.ones_like(weights) / len(weights)
    majority = torch.where(deltas.sum(0) >= 0, 1.0, -1.0)
    mask = torch.sign(deltas) == majority
    shares = (weights[:, None, None] * mask).sum(0)
    return matrices[0] + (weights[:, None, None] * mask * deltas).sum(0) / shares.clamp(min=1e-6)


def slerp(matrices):
    a, b = matrices
    cosine = (a / a.norm() * (b / b.norm())).sum()
    angle = torch.arccos(cosine)
    return torch.sin(angle / 2) / torch.sin(angle) * (a + b)


FUSIONS = {"mean": lambda ms: sum(ms) / len(ms), "multislerp": multislerp, "sce": sce, "slerp": slerp}


def fused(method, mode, matrices):
    if mode == "once" or len(matrices) == 1:
        return FUSIONS[method](matrices) if len(matrices) > 1 else matrices[0]
    pairs = [matrices[k : k + 2] for k in range(0, len(matrices), 2)]
    return fused(method, mode, [FUSIONS[method](pair) if len(pair) > 1 else pair[0] for pair in pairs])


CASES = [("mean", "once"), ("multislerp", "once"), ("sce", "once"), ("mean", "progressive"), ("multislerp", "progressive"), ("sce", "progressive"), ("slerp", "progressive")]


@pytest.mark.parametrize("method, mode", CASES)
@pytest.mark.parametrize("n_fused", [2, 4])
def test_fused(model, tmp_path, method, mode, n_fused):
    rank = 3
    groups = mixtures.groups_of(LAYERS, model.experts, n_fused)
    file = mixtures.write_json(tmp_path / "groups.json", groups)
    settings = dict(groups=file, method=method, mode=mode, rank=rank)
    out = build(FUSED, tmp_path / "out", "--source", f"model={model.path}", *(a for k, v in settings.items() for a in ("--set", f"{k}={v}")))
    made = load_file(out / "model.safetensors")
    size = model.experts // n_fused
    expected = set(model.others()) | {name for name in model.tensors if ".mlp.gate." in name}
    for i in LAYERS:
        table = made[f"model.layers.{i}.mlp.inv_mapping_dict"]
        expected.add(f"model.layers.{i}.mlp.inv_mapping_dict")
        assert table.dtype == torch.int64 and table.tolist() == groups[str(i)]
        for k, group in enumerate(groups[str(i)]):
            mask = made[f"model.layers.{i}.mlp.experts.{k}.mask_up_proj.weight"]
            expected.add(f"model.layers.{i}.mlp.experts.{k}.mask_up_proj.weight")
            assert mask.shape == (32, size) and 0.01 < mask.float().std() < 0.03
            for p in MATRICES:
                module = f"model.layers.{i}.mlp.experts.{k}.{p}_proj."
                f = fused(method, mode, [model.matrix(i, e, p) for e in group])
                ours, a, b, s = (made[module + part] for part in ("fused_layer.weight", "qa_weights", "qb_weights", "scaling_factor"))
                expected |= {module + part for part in ("fused_layer.weight", "qa_weights", "qb_weights", "scaling_factor")}
                assert ours.dtype == torch.bfloat16
                torch.testing.assert_close(ours.float(), f, rtol=2**-7, atol=1e-4)
                assert a.shape == (size, rank, f.shape[1]) and b.shape == (size, f.shape[0], rank) and s.shape == (size, f.shape[0])
                for j, e in enumerate(group):
                    rest = model.matrix(i, e, p) - f
                    u, sigma, v = torch.linalg.svd(rest)
                    best = u[:, :rank] @ torch.diag(sigma[:rank]) @ v[:rank]
                    mean = sigma[:rank].mean()
                    torch.testing.assert_close(s[j].float(), (10 * mean).expand(f.shape[0]), rtol=0.02, atol=1e-4)
                    back = 0.1 * s[j].float()[:, None] * (b[j].float() @ a[j].float())
                    assert (back - best).norm() <= 0.03 * best.norm() + 1e-5
    assert set(made) == expected
    assert all(torch.equal(made[name], model.tensors[name]) for name in expected & set(model.tensors))
    config = config_of(out)
    assert (config["n_fused_experts"], config["fused_expert_dora_rank"], config["fused_expert_method"]) == (n_fused, rank, "mixture")
    assert config["n_routed_experts"] == model.experts


def test_groups_that_leave_an_expert_out(model, tmp_path):
    groups = mixtures.groups_of(LAYERS, model.experts, 2)
    groups["2"][0][0] = groups["2"][1][0]
    file = mixtures.write_json(tmp_path / "groups.json", groups)
    result = inarch("check", FUSED, "--source", f"model={model.path}", "--set", f"groups={file}")
    assert result.returncode == 1 and "i = 2" in result.stderr, described(result)


COPY = """\
inarch: 1
sources: {{ m: {{ path: "{path}" }} }}
tensors:
  - {{ from: "m:{{name...}}", to: "{{name}}" }}
output: {{ encode: {encode}, config: m }}
"""


def fp8(model, directory):
    """FP8 blocks, whose scales are powers of two so that bf16 holds the values."""
    text = COPY.format(path=model.path, encode="{ fp8: { block: [8, 8], scales: e8m0 } }")
    return build(write_recipe(directory, text), directory / "coded"), ".scale"


def awq(model, directory):
    """Experts as AutoAWQ writes them."""
    generator = torch.Generator().manual_seed(5)
    tensors = {}
    for name, tensor in model.tensors.items():
        if ".mlp.experts." not in name:
            tensors[name] = tensor.half()
            continue
        coded = encoded_parts.awq(tuple(tensor.shape), 8)(generator)
        coded.parts[".scales"] = coded.parts[".scales"].log2().round().exp2()  # values that f16 holds
        tensors |= {name.removesuffix(".weight") + part: value for part, value in coded.parts.items()}
    path = directory / "coded"
    path.mkdir()
    save_file(tensors, path / "model.safetensors", metadata={"format": "pt"})
    config = config_of(model.path)
    config["quantization_config"] = {"quant_method": "awq", "bits": 4, "group_size": 8, "version": "gemm"}
    config.pop("torch_dtype", None)
    mixtures.write_json(path / "config.json", config | {"dtype": "float16"})
    return path, ".qweight"


@pytest.mark.parametrize("encode", [fp8, awq])
@pytest.mark.parametrize("recipe", [PRUNED, MERGED, FUSED], ids=["pruned", "merged", "fused"])
def test_encoded_sources_are_as_their_values(model, tmp_path, recipe, encode):
    """What is computed is that of the decoded model, what is copied stays encoded."""
    coded, ending = encode(model, tmp_path)
    assert any(name.endswith(ending) for name in load_file(coded / "model.safetensors"))
    plain = build(write_recipe(tmp_path, COPY.format(path=coded, encode="none")), tmp_path / "plain")
    if recipe == PRUNED:
        counts = mixtures.write_json(tmp_path / "counts.json", mixtures.counts_of(LAYERS, model.experts))
        arguments = ["--set", f"counts={counts}", "--set", "keep=4"]
    else:
        groups = mixtures.write_json(tmp_path / "groups.json", mixtures.groups_of(LAYERS, model.experts, 2))
        arguments = ["--set", f"groups={groups}"]
    made = [build(recipe, tmp_path / f"of-{source.name}", "--source", f"model={source}", *arguments) for source in (coded, plain)]
    if recipe == PRUNED:
        kept = load_file(made[0] / "model.safetensors")
        assert any(name.endswith(ending) and ".experts.3." in name for name in kept)
        made[0] = build(write_recipe(tmp_path, COPY.format(path=made[0], encode="none")), tmp_path / "decoded")
    ours, theirs = (load_file(out / "model.safetensors") for out in made)
    assert set(ours) == set(theirs)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


ROUTER_NORMS = ROOT / "recipes" / "cookbook" / "router-norms.yaml"


def test_pruned_by_what_a_recipe_measured(model, tmp_path):
    """The experts whose rows of the router are longest."""
    norms = build(ROUTER_NORMS, tmp_path / "norms", "--source", f"model={model.path}")
    pruned = build(
        PRUNED, tmp_path / "pruned", "--source", f"model={model.path}",
        "--set", f"counts={norms}/model.safetensors", "--set", "by=router_norm", "--set", "keep=4",
    )
    ours = load_file(pruned / "model.safetensors")
    for i in LAYERS:
        gate = model.tensors[f"model.layers.{i}.mlp.gate.weight"]
        kept = sorted(gate.float().norm(dim=1).argsort(descending=True)[:4].tolist())
        assert torch.equal(ours[f"model.layers.{i}.mlp.gate.weight"], gate[kept])
        for new, old in enumerate(kept):
            assert torch.equal(ours[f"model.layers.{i}.mlp.experts.{new}.up_proj.weight"].float(), model.matrix(i, old, "up"))
    generates(pruned)
