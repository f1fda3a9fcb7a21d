"""recipes/deepseek-v4-as-v2.yaml on small models, against torch and transformers."""

from dataclasses import dataclass

import deepseek_v4
import masquerade_reference as reference
import models
import pytest
import torch
from deepseek_v4 import V4, nested, published
from harness import ROOT, build, described, inarch
from transformers import DeepseekV2ForCausalLM, DeepseekV4ForCausalLM

RECIPE = ROOT / "recipes" / "deepseek-v4-as-v2.yaml"
ROPE = deepseek_v4.SIZES["qk_rope_head_dim"]

VARIANTS = {
    "plain": V4(),
    "published": V4(spelling=published, predicting=True, seed=1),
    "nested-rope": V4(spelling=nested, seed=2),
    "float32": V4(dtype=torch.float32, seed=3),
    "files": V4(files=3, spelling=published, seed=4),
    "one-group": V4(dict(o_groups=1), seed=5),
    "three-groups": V4(dict(num_attention_heads=6, o_groups=3, head_dim=8, qk_rope_head_dim=6)),
    "layers-as-in-pro": V4(dict(compress_ratios=[128, 128, 4, 128], num_hash_layers=3), seed=6),
    "biased": V4(dict(mlp_bias=True), seed=7),
    # Blocks that no matrix ends in the middle of, for which transformers has other numbers.
    "fp8-and-fp4": V4(dict(moe_intermediate_size=64), published, block=(2, 2), predicting=True, seed=9),
    "tied": V4(dict(tie_word_embeddings=True), seed=8),
}


@dataclass
class Built:
    v4: object
    out: object


@pytest.fixture(scope="module", params=VARIANTS.values(), ids=VARIANTS.keys())
def built(request, tmp_path_factory):
    directory = tmp_path_factory.mktemp("as-v2")
    v4 = deepseek_v4.make(directory / "v4", request.param)
    return Built(v4, build(RECIPE, directory / "out", "--source", f"v4={v4}"))


def load(model, directory, dtype="auto"):
    loaded, loading = model.from_pretrained(directory, output_loading_info=True, dtype=dtype)
    assert not any(loading.values()), loading
    return loaded.eval()


@pytest.fixture(scope="module")
def loaded(built):
    return load(DeepseekV2ForCausalLM, built.out)


def test_the_source_is_a_v4(built):
    """transformers reads it, so that it is spelled as a published one."""
    load(DeepseekV4ForCausalLM, built.v4)


def test_values(built):
    wanted, found = reference.reference(built.v4, ROPE), models.read_tensors(built.out)
    assert set(found) == set(wanted)
    for name, tensor in wanted.items():
        assert found[name].dtype == torch.bfloat16, name
        if not name.endswith(".o_proj.weight"):
            assert torch.equal(found[name], tensor), name
            continue
        # Products are summed in float32, in some order.
        largest = float(tensor.abs().max())
        torch.testing.assert_close(found[name], tensor, rtol=2**-7, atol=1e-6 * largest)


def test_config(built):
    config, v4 = models.read_config(built.out), models.read_config(built.v4)
    heads, head_dim = v4["num_attention_heads"], v4["head_dim"]
    wanted = {
        "model_type": "deepseek_v2",
        "architectures": ["DeepseekV2ForCausalLM"],
        "num_key_value_heads": heads,
        "kv_lora_rank": head_dim - ROPE,
        "qk_nope_head_dim": head_dim - ROPE,
        "qk_rope_head_dim": ROPE,
        "v_head_dim": head_dim,
        "first_k_dense_replace": 0,
        "moe_layer_freq": 1,
        "topk_method": "greedy",
        "n_group": 1,
        "topk_group": 1,
        "rope_theta": 10000,
        "rope_scaling": None,
    }
    same = ["vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "q_lora_rank"]
    same += ["moe_intermediate_size", "n_routed_experts", "num_experts_per_tok", "rms_norm_eps"]
    same += ["n_shared_experts", "routed_scaling_factor", "max_position_embeddings"]
    wanted |= {key: v4[key] for key in same}
    assert {key: config.get(key, "absent") for key in wanted} == wanted
    assert not {"quantization_config", "expert_dtype", "compress_ratios"} & set(config)


def test_rope_as_transformers_reads_it(loaded):
    assert loaded.config.rope_parameters == {"rope_theta": 10000.0, "rope_type": "default"}
    assert loaded.dtype == torch.bfloat16


def test_generates(loaded):
    produced = loaded.generate(torch.tensor([[2, 5, 7]]), max_new_tokens=4, do_sample=False)
    assert produced.shape[1] > 3
    with torch.no_grad():
        seen = loaded(torch.tensor([[2, 5, 7, 9]])).logits.float()
    assert torch.isfinite(seen).all() and seen.std() > 0


def test_what_attention_keeps(built):
    """The parts that V2 has do what they did in V4."""
    v4 = load(DeepseekV4ForCausalLM, built.v4, torch.float32)
    v2 = load(DeepseekV2ForCausalLM, built.out, torch.float32)
    config, generator = v2.config, torch.Generator().manual_seed(9)

    def states(width):
        return torch.randn(1, 3, width, generator=generator)

    tolerance = dict(rtol=0, atol=0.02)
    for old, new in zip(v4.model.layers, v2.model.layers):
        old, new = old.self_attn, new.self_attn
        x, attended = states(config.hidden_size), states(config.num_attention_heads * config.v_head_dim)
        with torch.no_grad():
            queries = old.q_b_proj(old.q_a_norm(old.q_a_proj(x)))
            torch.testing.assert_close(
                new.q_b_proj(new.q_a_layernorm(new.q_a_proj(x))), queries, **tolerance
            )
            grouped = old.o_a_proj(attended.reshape(1, 3, v4.config.o_groups, -1)).flatten(2)
            torch.testing.assert_close(new.o_proj(attended), old.o_b_proj(grouped), **tolerance)
            latent = states(config.kv_lora_rank)[:, None]
            turned = states(ROPE)[:, None]
            keys, values = new.expand_kv(latent, turned)
        heads = (-1, config.num_attention_heads, -1, -1)
        assert torch.equal(keys, torch.cat([latent, turned], dim=-1).expand(heads))
        assert torch.equal(values[..., : config.kv_lora_rank], latent.expand(heads))
        assert not values[..., config.kv_lora_rank :].any()


def test_a_tensor_that_is_not_known_is_no_oversight(tmp_path):
    """What V4 has beyond what the recipe moves or leaves by name is an error."""
    v4 = deepseek_v4.make(tmp_path / "v4", V4())
    tensors = models.read_tensors(v4) | {"layers.1.attn.wx.weight": torch.ones(2, 2)}
    deepseek_v4.write(v4, tensors, 1)
    result = inarch("check", RECIPE, "--source", f"v4={v4}")
    assert result.returncode == 1 and "E210" in result.stderr, described(result)


def test_widths_that_v2_refuses(tmp_path):
    v4 = deepseek_v4.make(tmp_path / "v4", V4(dict(num_attention_heads=10)))
    result = inarch("check", RECIPE, "--source", f"v4={v4}")
    assert result.returncode == 1 and "multiple of the number of heads" in result.stderr
