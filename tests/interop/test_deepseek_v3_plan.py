"""docs/mixtures.md on the whole of DeepSeek V3: what it says is what `plan` says of its headers."""

import json

import pytest
from harness import ROOT, described, inarch

FUSED = ROOT / "recipes" / "deepseek-v3-fused-experts.yaml"
PAGE = (ROOT / "docs" / "mixtures.md").read_text()
CONFIG = dict(
    model_type="deepseek_v3",
    architectures=["DeepseekV3ForCausalLM"],
    hidden_size=7168,
    intermediate_size=18432,
    moe_intermediate_size=2048,
    num_hidden_layers=61,
    num_attention_heads=128,
    num_key_value_heads=128,
    n_routed_experts=256,
    n_shared_experts=1,
    num_experts_per_tok=8,
    n_group=8,
    topk_group=4,
    q_lora_rank=1536,
    kv_lora_rank=512,
    qk_nope_head_dim=128,
    qk_rope_head_dim=64,
    v_head_dim=128,
    first_k_dense_replace=3,
    vocab_size=129280,
    num_nextn_predict_layers=1,
    tie_word_embeddings=False,
    torch_dtype="bfloat16",
)


@pytest.fixture(scope="module")
def headers(tmp_path_factory):
    directory = tmp_path_factory.mktemp("v3")
    config = directory / "config.json"
    config.write_text(json.dumps(CONFIG))
    result = inarch("synth", "deepseek_v3", "--config", config, "--headers-only", "-o", directory / "v3")
    assert result.returncode == 0, described(result)
    return directory / "v3"


@pytest.mark.parametrize("n_fused", [8, 4, 2])
def test_the_page(headers, n_fused):
    arguments = ["--source", f"model={headers}", "--set", f"n_fused={n_fused}", "--jobs", 2]
    result = inarch("plan", FUSED, *arguments, "--format", "json", timeout=400)
    assert result.returncode == 0, described(result)
    plan = json.loads(result.stdout)
    written = f"{plan['bytes_written'] / 1e9:.1f} GB"
    assert f"| {n_fused} fused | {plan['parameters']:,} | {written} | under 0.8 GiB |" in PAGE
    assert plan["peak_memory"] < 0.8 * 2**30
    assert plan["source_files_at_once"] <= 4
