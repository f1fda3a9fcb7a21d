"""recipes/gemma-4-nf4-into-deepseek-v4.yaml on small models, against torch and transformers."""

import json
from dataclasses import dataclass, field

import deepseek_v4
import graft_reference as reference
import models
import pytest
import torch
from deepseek_v4 import nested, published
from harness import ROOT, build, described, inarch
from models import Saving, VisionShape
from transformers import (
    BitsAndBytesConfig,
    DeepseekV4Config,
    DeepseekV4ForCausalLM,
    Gemma4Config,
    Gemma4ForCausalLM,
    Gemma4ForConditionalGeneration,
    Gemma4TextConfig,
    Gemma4VisionConfig,
)

RECIPE = ROOT / "recipes" / "gemma-4-nf4-into-deepseek-v4.yaml"


def text_config(**changes):
    """In the manner of the 31B: keys are values on full layers, nothing is shared."""
    sizes = dict(
        vocab_size=128,
        hidden_size=112,
        intermediate_size=24,
        num_hidden_layers=6,
        num_attention_heads=2,
        num_key_value_heads=2,
        num_global_key_value_heads=1,
        head_dim=8,
        global_head_dim=32,
        layer_types=["sliding_attention", "full_attention"] * 3,
        attention_k_eq_v=True,
        hidden_size_per_layer_input=0,
        num_kv_shared_layers=0,
        sliding_window=16,
    )
    return Gemma4TextConfig(**{**sizes, **changes})


def whole(directory, **changes):
    vision = Gemma4VisionConfig(
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=8,
        patch_size=models.PATCH,
        position_embedding_size=16,
    )
    tokens = {key: 120 + k for k, key in enumerate(models.MEDIA_TOKENS)}
    config = Gemma4Config(text_config=text_config(**changes), vision_config=vision, **tokens)
    models.save(Gemma4ForConditionalGeneration(config), directory, Saving(seed=11))
    return directory


def text_alone(directory):
    models.save(Gemma4ForCausalLM(text_config(hidden_size=64)), directory, Saving(seed=12))
    return directory


def sharing(directory):
    """Its last layers take keys from earlier ones, as in E2B, though the hub holds their own."""
    return models.gemma4(directory, VisionShape(), Saving(seed=13, hub_spelling=True))


def in_nf4(nested):
    """As transformers and bitsandbytes write it, in several shards."""

    def make(directory):
        quantisation = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=nested,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
        plain = whole(directory.parent / "plain", hidden_size=128, intermediate_size=64)
        model = Gemma4ForConditionalGeneration.from_pretrained(
            plain, quantization_config=quantisation, dtype=torch.bfloat16
        )
        model.save_pretrained(directory, max_shard_size="100KB")
        assert len(list(directory.glob("*.safetensors"))) > 1
        return directory

    return make


def with_quantization(config):
    published(config)
    config["expert_dtype"] = "fp4"
    config["quantization_config"] = {"quant_method": "fp8", "weight_block_size": [128, 128]}
    config["num_nextn_predict_layers"] = 1


def by_default(config):
    """The kinds of layers follow from their number."""
    for key in ("layer_types", "mlp_layer_types"):
        config.pop(key)


@dataclass
class Variant:
    donor: object = whole
    skeleton: dict = field(default_factory=dict)  # changes of its sizes
    spelling: object = None
    layers: int = 4


VARIANTS = {
    "plain": Variant(),
    "published": Variant(spelling=with_quantization),
    "nested-rope": Variant(spelling=nested),
    "by-default": Variant(skeleton=dict(num_hash_layers=3, compress_ratios=None), spelling=by_default),
    "more-layers-than-the-skeleton": Variant(layers=9),
    "fewer-layers-than-the-skeleton": Variant(
        lambda directory: whole(
            directory, num_hidden_layers=2, layer_types=["sliding_attention", "full_attention"]
        ),
        skeleton=dict(pad_token_id=3, mlp_bias=True),
    ),
    "two-of-six": Variant(
        layers=2,
        skeleton=dict(num_hidden_layers=6, compress_ratios=[128, 128, 4, 128, 4, 128]),
        spelling=published,
    ),
    "windows-alone": Variant(skeleton=dict(compress_ratios=[0] * 4, tie_word_embeddings=True)),
    "text-alone": Variant(text_alone),
    "nf4": Variant(in_nf4(nested=False), spelling=published),
    "nf4-nested": Variant(in_nf4(nested=True)),
    "shared-keys": Variant(
        sharing,
        layers=7,
        skeleton=dict(num_hidden_layers=7, compress_ratios=[0, 4, 128, 4, 128, 0, 4]),
    ),
}


def skeleton(directory, changes, spelling):
    """Its config.json."""
    config = deepseek_v4.config(**changes)
    config.save_pretrained(directory)
    models.rewrite_config(directory, lambda c: c.setdefault("dtype", "bfloat16"))
    if spelling:
        models.rewrite_config(directory, spelling)
    return directory / "config.json"


@dataclass
class Built:
    variant: Variant
    donor: object
    skeleton: object
    out: object

    def arguments(self):
        yield from ("--source", f"donor={self.donor}", "--set", f"skeleton={self.skeleton}")
        yield from ("--set", f"layers={self.variant.layers}")

    def wanted(self):
        """The whole set of tensors, as transformers makes them of the skeleton."""
        config = DeepseekV4Config.from_pretrained(self.skeleton.parent)
        config.quantization_config = None
        model = DeepseekV4ForCausalLM(config).to(torch.bfloat16)
        model.save_pretrained(self.skeleton.parent / "new")
        saved = models.read_tensors(self.skeleton.parent / "new")
        return deepseek_v4.official(saved, torch.bfloat16)

    def moved(self):
        config = json.loads(self.skeleton.read_text())
        return reference.moved(self.donor, config, self.variant.layers)


@pytest.fixture(scope="module", params=VARIANTS.values(), ids=VARIANTS.keys())
def built(request, tmp_path_factory):
    variant, directory = request.param, tmp_path_factory.mktemp("graft")
    donor = variant.donor(directory / "donor")
    config = skeleton(directory / "skeleton", variant.skeleton, variant.spelling)
    made = Built(variant, donor, config, directory / "out")
    build(RECIPE, made.out, *made.arguments())
    return made


@pytest.fixture(scope="module")
def loaded(built):
    return DeepseekV4ForCausalLM.from_pretrained(built.out, output_loading_info=True)


def test_loads_whole(loaded):
    model, loading = loaded
    assert not any(loading.values()), loading
    assert model.dtype == torch.bfloat16


def test_generates(loaded):
    produced = loaded[0].generate(torch.tensor([[2, 5, 7]]), max_new_tokens=4, do_sample=False)
    assert produced.shape[1] > 3
    with torch.no_grad():
        seen = loaded[0](torch.tensor([[2, 5, 7, 9] * 6])).logits.float()
    assert torch.isfinite(seen).all() and seen.std() > 0


def described_by(tensors):
    return {name: (tensor.dtype, tuple(tensor.shape)) for name, tensor in tensors.items()}


def test_names_shapes_and_dtypes(built):
    assert described_by(models.read_tensors(built.out)) == described_by(built.wanted())


def test_what_moved(built):
    found, moved = models.read_tensors(built.out), built.moved()
    assert moved
    for name, tensor in moved.items():
        assert torch.equal(found[name], tensor), name


def test_what_is_new(built):
    found, padding = models.read_tensors(built.out), built.variant.skeleton.get("pad_token_id")
    moved, random = built.moved(), set()
    for name, tensor in found.items():
        value = reference.fresh_value(name)
        if name in moved or name.endswith("tid2eid"):
            continue
        if value is not None:
            assert (tensor == value).all(), name
            continue
        if name == "embed.weight" and padding is not None:
            assert not tensor[padding].any()
            tensor = torch.cat([tensor[:padding], tensor[padding + 1 :]])
        # As random as 0.02 · N(0, 1): five standard errors of either moment.
        values, count = tensor.double(), tensor.numel()
        assert abs(values.std() - 0.02) < 5 * 0.02 / (2 * count) ** 0.5, name
        assert abs(values.mean()) < 5 * 0.02 / count**0.5, name
        start = tuple(tensor.flatten()[:8].tolist())
        assert start not in random, f"{name} has the numbers of another"
        random.add(start)
    assert {"embed.weight", "layers.0.attn.wq_b.weight"} <= set(found) - set(moved)


def test_tables_choose_experts_that_are_there(built):
    config = DeepseekV4Config.from_pretrained(built.skeleton.parent)
    tables = [t for n, t in models.read_tensors(built.out).items() if n.endswith("tid2eid")]
    assert len(tables) == config.mlp_layer_types.count("hash_moe")
    for table in tables:
        assert table.dtype == torch.int64
        assert table.shape == (config.vocab_size, config.num_experts_per_tok)
        assert (0 <= table).all() and (table < config.n_routed_experts).all()
        assert all(len(set(row)) == len(row) for row in table.tolist())


def test_config(built):
    found, given = models.read_config(built.out), json.loads(built.skeleton.read_text())
    for key in ("quantization_config", "expert_dtype", "torch_dtype", "dtype"):
        given.pop(key, None)
    given |= {"architectures": ["DeepseekV4ForCausalLM"], "num_nextn_predict_layers": 0}
    assert found == given | {"dtype": "bfloat16"}


def test_same_bytes_for_any_number_of_workers(built, tmp_path):
    again = build(RECIPE, tmp_path / "again", *built.arguments(), "--jobs", "1")
    name = "model.safetensors"
    assert (again / name).read_bytes() == (built.out / name).read_bytes()


def test_another_seed(tmp_path):
    donor = whole(tmp_path / "donor")
    config = skeleton(tmp_path / "skeleton", {}, None)
    outs = [
        build(
            RECIPE,
            tmp_path / f"out-{seed}",
            *("--source", f"donor={donor}", "--set", f"skeleton={config}", "--set", f"seed={seed}"),
        )
        for seed in (1, 2)
    ]
    a, b = (models.read_tensors(out) for out in outs)
    name = "layers.3.attn.wq_b.weight"
    assert not torch.equal(a[name], b[name])
    name = "layers.3.attn.wq_a.weight"
    assert torch.equal(a[name], b[name])


def test_a_skeleton_of_another_kind(tmp_path):
    donor = text_alone(tmp_path / "donor")
    arguments = ("--source", f"donor={donor}", "--set", f"skeleton={donor / 'config.json'}")
    result = inarch("check", RECIPE, *arguments)
    assert result.returncode == 1, described(result)
