"""recipes/franken-gemma-4-dense-1b.yaml on small models, against torch and transformers."""

from dataclasses import dataclass, field

import franken_reference as reference
import models
import pytest
import torch
from harness import ROOT, build, described, inarch, tree, write_recipe
from models import Saving, TextShape, VisionShape
from PIL import Image
from transformers import AutoTokenizer, Gemma4ForConditionalGeneration
from transformers.models.gemma3.modeling_gemma3 import Gemma3RMSNorm
from transformers.models.gemma4.image_processing_pil_gemma4 import Gemma4ImageProcessorPil
from transformers.models.gemma4.modeling_gemma4 import Gemma4RMSNorm

RECIPE = ROOT / "recipes" / "franken-gemma-4-dense-1b.yaml"


@dataclass
class Variant:
    layers: int = 12
    text: TextShape = field(default_factory=TextShape)
    text_saving: Saving = field(default_factory=Saving)
    vision: VisionShape = field(default_factory=VisionShape)
    vision_saving: Saving = field(default_factory=lambda: Saving(seed=1))


def hub(seed, **more):
    return Saving(hub_spelling=True, seed=seed, **more)


VARIANTS = {
    "plain": Variant(),
    "six-layers": Variant(layers=6),
    "last-layer-out-of-step": Variant(layers=8),
    "hub-spelling": Variant(
        text_saving=hub(3, max_shard_size="60KB"), vision_saving=hub(4), text=TextShape(heads=2)
    ),
    "sharded-vision": Variant(vision_saving=Saving(seed=5, max_shard_size="50KB")),
    "audio": Variant(vision=VisionShape(audio=True)),
    "float16-text": Variant(text_saving=Saving(dtype=torch.float16, seed=6)),
    "float32-text": Variant(text_saving=Saving(dtype=torch.float32, seed=7)),
    "new-tokens": Variant(text=TextShape(vocab=120)),
    "fewer-tokens": Variant(vision=VisionShape(vocab=112)),
    "two-kv-heads": Variant(text=TextShape(kv_heads=2)),
    "other-scalar": Variant(text=TextShape(scalar=10, head_dim=8)),
}


@dataclass
class Built:
    variant: Variant
    text: object
    vision: object
    out: object


@pytest.fixture(scope="module", params=VARIANTS.values(), ids=VARIANTS.keys())
def built(request, tmp_path_factory):
    """The recipe run on one pair of models."""
    variant, directory = request.param, tmp_path_factory.mktemp("franken")
    text = models.gemma3(directory / "text", variant.text, variant.text_saving)
    vision = models.gemma4(directory / "vision", variant.vision, variant.vision_saving)
    out = build(
        RECIPE,
        directory / "out",
        *("--source", f"text={text}", "--source", f"vision={vision}"),
        *("--set", f"layers={variant.layers}"),
    )
    return Built(variant, text, vision, out)


@pytest.fixture(scope="module")
def loaded(built):
    """What transformers makes of it, with everything it has to say."""
    return Gemma4ForConditionalGeneration.from_pretrained(
        built.out, output_loading_info=True, dtype=torch.bfloat16
    )


def ulps_apart(a, b):
    """The largest distance of two bfloat16 tensors in units of the last place."""

    def ordered(x):
        bits = x.contiguous().view(torch.int16).to(torch.int32)
        return torch.where(bits < 0, -(bits & 0x7FFF), bits)

    return int((ordered(a) - ordered(b)).abs().max())


def test_loads_whole(loaded):
    _, loading = loaded
    assert not any(loading.values()), loading


def test_names_and_dtypes(built):
    tensors = models.read_tensors(built.out)
    wanted = reference.reference(built.text, built.vision, built.variant.layers)
    assert set(tensors) == set(wanted) | {reference.FRESH}
    assert {tensor.dtype for tensor in tensors.values()} == {torch.bfloat16}


def test_values(built):
    tensors = models.read_tensors(built.out)
    wrong = []
    for name, wanted in reference.reference(built.text, built.vision, built.variant.layers).items():
        found = tensors[name]
        if found.shape != wanted.shape:
            wrong.append(f"{name}: {list(found.shape)} and not {list(wanted.shape)}")
            continue
        allowed = 1 if reference.rounded_otherwise(name) else 0
        if (distance := ulps_apart(found, wanted)) > allowed:
            wrong.append(f"{name}: {distance} ulp apart")
    assert not wrong, "\n".join(wrong)


def test_embedding_is_copied_where_it_existed(built):
    name = "embed_tokens.weight"
    source = models.read_tensors(built.text)[f"model.{name}"]
    found = models.read_tensors(built.out)[f"model.language_model.{name}"]
    rows = min(len(source), len(found))
    assert torch.equal(found[:rows], source[:rows].to(torch.bfloat16))


def test_fresh_projection(built):
    fresh = models.read_tensors(built.out)[reference.FRESH].float()
    assert tuple(fresh.shape) == reference.fresh_shape(built.text, built.vision)
    assert torch.isfinite(fresh).all()
    assert 0.018 < fresh.std() < 0.022
    assert abs(fresh.mean()) < 0.003


def test_config(built):
    config, text = models.read_config(built.out), models.read_config(built.text)
    vision = models.read_config(built.vision)
    found = config["text_config"]
    layers = built.variant.layers
    full = reference.full_layers(text, layers)
    wanted = {
        "num_hidden_layers": layers,
        "layer_types": ["full_attention" if f else "sliding_attention" for f in full],
        "global_head_dim": 2 * text["head_dim"],
        "num_global_key_value_heads": text["num_key_value_heads"],
        "attention_k_eq_v": True,
        "hidden_size_per_layer_input": 0,
        "num_kv_shared_layers": 0,
        "use_double_wide_mlp": False,
        "sliding_window": 1024,
        "max_position_embeddings": 32768,
        "final_logit_softcapping": 30,
        "vocab_size": vision["text_config"]["vocab_size"],
    }
    same = (
        "hidden_size",
        "intermediate_size",
        "num_attention_heads",
        "num_key_value_heads",
        "head_dim",
    )
    wanted |= {key: text[key] for key in same}
    assert {key: found.get(key, "absent") for key in wanted} == wanted
    assert "per_layer_config" not in found
    assert config["audio_config"] is None
    assert config["vision_config"] == vision["vision_config"]
    assert config["model_type"] == "gemma4"
    assert config["architectures"] == ["Gemma4ForConditionalGeneration"]


def test_config_as_transformers_reads_it(loaded, built):
    text = loaded[0].config.text_config
    head_dim = models.read_config(built.text)["head_dim"]
    for i in range(built.variant.layers):
        wide = text.layer_types[i] == "full_attention"
        assert text.per_layer_config[i].head_dim == (2 * head_dim if wide else head_dim)
    assert text.rope_parameters["full_attention"]["rope_type"] == "proportional"
    assert text.rope_parameters["full_attention"]["rope_theta"] == 1_000_000.0
    assert text.rope_parameters["sliding_attention"]["rope_theta"] == 10_000.0


def test_runs_on_an_image_and_text(loaded, built):
    """The carried processor makes the pixels, the carried tokenizer the tokens."""
    model = loaded[0].eval()
    images = Gemma4ImageProcessorPil.from_pretrained(built.out)
    pixels = images(Image.new("RGB", (64, 48), (200, 100, 50)), return_tensors="pt")
    count = int(pixels.pop("num_soft_tokens_per_image")[0])
    tokens = AutoTokenizer.from_pretrained(built.out)
    prompt = "<bos>" + "<|image>" + "<|image|>" * count + "<image|>" + "tokenizer of the model"
    ids = tokens(prompt, return_tensors="pt").input_ids
    assert int((ids == model.config.image_token_id).sum()) == count
    with torch.no_grad():
        seen = model(input_ids=ids, **pixels).logits
        read = model(input_ids=ids[:, -5:]).logits
    assert torch.isfinite(seen).all() and torch.isfinite(read).all()
    assert seen.float().std() > 0 and seen.abs().max() <= 30


def test_generates(loaded):
    produced = loaded[0].generate(torch.tensor([[2, 5, 7]]), max_new_tokens=4, do_sample=False)
    assert produced.shape[1] > 3


def test_files_come_from_the_vision_model(built):
    carried = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")
    carried += ("preprocessor_config.json", "processor_config.json")
    for name in carried:
        assert (built.out / name).read_bytes() == (built.vision / name).read_bytes(), name
    tokens = AutoTokenizer.from_pretrained(built.out)
    assert tokens.image_token_id == models.read_config(built.out)["image_token_id"]


def normed(norm, weight, states):
    module = norm(weight.shape[0], eps=1e-6).double()
    module.weight.data = weight.double()
    # The modules compute in float32 whatever they are given, which is far below the tolerance.
    return module(states.double())


def logits(tensors, prefix, norm, scaling, states, head_dim, heads, kv_heads):
    """Attention logits before the rotary embedding, [heads, tokens, tokens]."""

    def project(name, count):
        weight = tensors[f"{prefix}.{name}_proj.weight"].double()
        split = (states @ weight.T).reshape(len(states), count, head_dim)
        return normed(norm, tensors[f"{prefix}.{name}_norm.weight"], split).transpose(0, 1)

    keys = project("k", kv_heads).repeat_interleave(heads // kv_heads, dim=0)
    return scaling * project("q", heads) @ keys.transpose(1, 2)


def test_attention_logits_are_kept(built):
    text, out = models.read_tensors(built.text), models.read_tensors(built.out)
    config = models.read_config(built.text)
    generator = torch.Generator().manual_seed(8)
    states = torch.randn(9, config["hidden_size"], generator=generator, dtype=torch.float64)
    heads, kv_heads, d = (
        config[k] for k in ("num_attention_heads", "num_key_value_heads", "head_dim")
    )
    for i, full in enumerate(reference.full_layers(config, built.variant.layers)):
        names = f"layers.{i}.self_attn"
        before = logits(
            *(text, f"model.{names}", Gemma3RMSNorm, config["query_pre_attn_scalar"] ** -0.5),
            *(states, d, heads, kv_heads),
        )
        after = logits(
            *(out, f"model.language_model.{names}", Gemma4RMSNorm, 1.0),
            *(states, 2 * d if full else d, heads, kv_heads),
        )
        # Both norms were rounded to bfloat16, each by at most 2^-9 of its value.
        assert (after - before).abs().max() <= 6e-3 * before.abs().max(), f"layer {i}"


def test_output_projection_is_kept(built):
    """O'·[v; v] = O·v on full layers: halving a bfloat16 loses nothing."""
    text, out = models.read_tensors(built.text), models.read_tensors(built.out)
    config = models.read_config(built.text)
    heads, d = config["num_attention_heads"], config["head_dim"]
    values = torch.randn(
        heads, d, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(9)
    )
    doubled = torch.cat([values, values], dim=1).reshape(heads * 2 * d, 5)
    for i, full in enumerate(reference.full_layers(config, built.variant.layers)):
        if not full:
            continue
        name = f"layers.{i}.self_attn.o_proj.weight"
        old = text[f"model.{name}"].to(torch.bfloat16).double()
        new = out[f"model.language_model.{name}"].double()
        torch.testing.assert_close(
            new @ doubled, old @ values.reshape(heads * d, 5), rtol=0, atol=1e-12
        )


def test_same_bytes_for_any_number_of_workers(built, tmp_path):
    again = build(
        RECIPE,
        tmp_path / "again",
        *("--source", f"text={built.text}", "--source", f"vision={built.vision}"),
        *("--set", f"layers={built.variant.layers}", "--jobs", "1"),
    )
    shards = sorted(path.name for path in built.out.glob("*.safetensors"))
    assert shards == sorted(path.name for path in again.glob("*.safetensors"))
    for name in shards:
        assert (again / name).read_bytes() == (built.out / name).read_bytes()


# Slips that leave every name, shape and dtype right, with the part of the recipe that they change.
# The first two are on the published card: the scale on both norms, and no care for the tiling.
SLIPS = {
    "scale in full on both norms": ("rescale: sqrt(logit_scale)", "rescale: logit_scale"),
    "tiled heads count twice": ("rescale: sqrt(logit_scale / 2)", "rescale: sqrt(logit_scale)"),
    "o not halved": ("- split_halves: d", "- tile: { d: 2 }"),
    "norms left as Gemma 3 has them": (
        "- norm_convention: one_plus_to_plain\n      - rescale: sqrt(logit_scale)\n",
        "- rescale: sqrt(logit_scale)\n",
    ),
}


@pytest.mark.parametrize("old, new", SLIPS.values(), ids=SLIPS.keys())
def test_the_recipe_catches_a_slip(tmp_path, old, new):
    """Its checks fail, and nothing is published."""
    text = RECIPE.read_text()
    assert text.count(old) == 1
    recipe = write_recipe(tmp_path, text.replace(old, new))
    sources = (
        *("--source", f"text={models.gemma3(tmp_path / 'text')}"),
        *("--source", f"vision={models.gemma4(tmp_path / 'vision')}"),
    )
    before = tree(tmp_path)
    result = inarch("run", recipe, "-o", tmp_path / "out", *sources, "--set", "layers=12")
    assert result.returncode == 1, described(result)
    assert "error[E80" in result.stderr, described(result)
    assert tree(tmp_path) == before
