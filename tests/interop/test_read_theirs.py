"""Files that safetensors and transformers write, and what they make of ours."""

import json
import struct

import models
import pytest
import torch
from harness import build, copy_recipe, described, inarch, write_recipe
from models import Saving
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import AutoTokenizer, LlamaForCausalLM

DTYPES = [
    getattr(torch, name)
    for name in (
        *("float64", "float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2"),
        *("float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu", "complex64"),
        *("int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool"),
    )
]


def random_bytes(dtype, *shape):
    """Any bits at all, NaN and infinity among them; a bool has two values."""
    if dtype == torch.bool:
        return torch.randint(0, 2, shape).bool()
    size = torch.Size(shape).numel() * dtype.itemsize
    return torch.randint(0, 256, (size,), dtype=torch.uint8).view(dtype).reshape(shape)


def raw(path):
    """dtype, shape and bytes of every tensor, by safetensors itself, which checks the file."""
    with safe_open(path, framework="pt") as opened:
        tensors = {name: opened.get_tensor(name) for name in opened.keys()}
        slices = {name: opened.get_slice(name) for name in opened.keys()}
        return {
            name: (slices[name].get_dtype(), list(tensor.shape), as_bytes(tensor))
            for name, tensor in tensors.items()
        }


def as_bytes(tensor):
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


def header(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + length]), 8 + length


def every_dtype():
    torch.manual_seed(3)
    tensors = {}
    for dtype in DTYPES:
        name = str(dtype).removeprefix("torch.")
        tensors[f"{name}.matrix"] = random_bytes(dtype, 5, 7)
        tensors[f"{name}.scalar"] = random_bytes(dtype)
        tensors[f"{name}.empty"] = torch.empty(0, 3, dtype=dtype)
        tensors[f"{name}.deep"] = random_bytes(dtype, 1, 2, 3, 2)
    tensors["no_dots"] = random_bytes(torch.float32, 3)
    tensors["spaces and ünïcödé.weight"] = random_bytes(torch.float32, 3)
    return tensors


@pytest.mark.parametrize("as_file", [False, True], ids=["directory", "file"])
def test_every_dtype_comes_back_bit_for_bit(tmp_path, as_file):
    source = tmp_path / "model.safetensors"
    save_file(every_dtype(), source)
    out = build(copy_recipe(tmp_path, source if as_file else tmp_path), tmp_path / "out")
    (shard,) = out.glob("*.safetensors")
    assert raw(shard) == raw(source)


def test_file_is_laid_out_as_the_library_does(tmp_path):
    """Padding, alignment of the data, metadata that loaders ask for."""
    save_file(every_dtype(), tmp_path / "model.safetensors")
    out = build(copy_recipe(tmp_path, tmp_path), tmp_path / "out")
    (shard,) = out.glob("*.safetensors")
    fields, start = header(shard)
    assert start % 8 == 0
    assert fields.pop("__metadata__")["format"] == "pt"
    for name, field in fields.items():
        size = {"BOOL": 1, "U8": 1, "I8": 1}.get(field["dtype"]) or int(
            "".join(c for c in field["dtype"].split("_")[0][1:] if c.isdigit())
        ) // 8
        assert field["data_offsets"][0] % size == 0, f"{name} is not aligned"


def test_renamed_tensors(tmp_path):
    save_file(every_dtype(), tmp_path / "model.safetensors")
    recipe = write_recipe(
        tmp_path,
        "inarch: 1\nname: rename\n"
        f'sources: {{ a: {{ path: "{tmp_path}" }} }}\n'
        'tensors:\n  - { from: "a:{kind}.matrix", to: "renamed.{kind}" }\n',
    )
    out = build(recipe, tmp_path / "out")
    (shard,) = out.glob("*.safetensors")
    before, after = raw(tmp_path / "model.safetensors"), raw(shard)
    assert len(after) == len(DTYPES)
    for name, found in after.items():
        assert found == before[name.replace("renamed.", "") + ".matrix"]


LLAMA = """\
inarch: 1
name: llama
sources:
  a: {{ path: "{path}" }}
tensors:
{rules}
output:
  shard_size: {shard_size}
  config: {config}
  files: {{ tokenizer: a, generation: a }}
"""

COPY = '  - { from: "a:{name...}", to: "{name}" }'


def llama_recipe(directory, source, rules=COPY, shard_size="5GB", config="a"):
    text = LLAMA.format(path=source, rules=rules, shard_size=shard_size, config=config)
    return write_recipe(directory, text)


def logits(directory):
    model, loading = LlamaForCausalLM.from_pretrained(
        directory, output_loading_info=True, dtype=torch.bfloat16
    )
    assert not any(loading.values()), loading
    with torch.no_grad():
        return model.eval()(torch.tensor([[2, 5, 7, 11]])).logits


@pytest.mark.parametrize("theirs", ["50GB", "20KB"])
@pytest.mark.parametrize("ours", ["5GB", "30KB", "1KB"])
def test_llama_in_shards(tmp_path, theirs, ours):
    source = models.llama(tmp_path / "llama", Saving(seed=2, max_shard_size=theirs))
    out = build(llama_recipe(tmp_path, source, shard_size=ours), tmp_path / "out")
    before, after = models.read_tensors(source), models.read_tensors(out)
    assert set(before) == set(after)
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert torch.equal(logits(source), logits(out))
    assert (
        AutoTokenizer.from_pretrained(out).get_vocab()
        == AutoTokenizer.from_pretrained(source).get_vocab()
    )
    index = out / "model.safetensors.index.json"
    assert index.exists() == (ours != "5GB")
    if index.exists():
        check_index(out, json.loads(index.read_text()), after)


def check_index(out, index, tensors):
    assert set(index["weight_map"]) == set(tensors)
    assert index["metadata"]["total_size"] == sum(t.numel() * t.itemsize for t in tensors.values())
    shards = sorted(path.name for path in out.glob("*.safetensors"))
    assert shards == sorted(set(index["weight_map"].values()))
    assert shards == [
        f"model-{k + 1:05}-of-{len(shards):05}.safetensors" for k in range(len(shards))
    ]
    for name, shard in index["weight_map"].items():
        assert name in header(out / shard)[0]


def test_fewer_layers(tmp_path):
    source = models.llama(tmp_path / "llama", layers=4)
    rules = (
        '  - { from: "a:model.layers.{i}.{name...}", to: "model.layers.{i // 2}.{name}", where: i % 2 == 0 }\n'
        '  - { from: "a:model.embed_tokens.weight", to: model.embed_tokens.weight }\n'
        '  - { from: "a:model.norm.weight", to: model.norm.weight }\n'
        '  - { from: "a:lm_head.weight", to: lm_head.weight }'
    )
    config = "{ from: a, set: { num_hidden_layers: 2 } }"
    out = build(llama_recipe(tmp_path, source, rules, config=config), tmp_path / "out")
    logits(out)
    before, after = models.read_tensors(source), models.read_tensors(out)
    for name, found in after.items():
        old = name.replace("layers.1.", "layers.2.")
        assert torch.equal(found, before[old]), name


def test_hub_cache_layout(tmp_path):
    """Snapshots are links into blobs; that is no escape."""
    source = models.llama(tmp_path / "llama", Saving(seed=2, max_shard_size="20KB"))
    repository = tmp_path / "hub" / "models--org--name"
    snapshot = repository / "snapshots" / ("c" * 40)
    snapshot.mkdir(parents=True)
    (repository / "blobs").mkdir()
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("c" * 40)
    for k, path in enumerate(sorted(source.iterdir())):
        blob = repository / "blobs" / f"{k:064x}"
        path.rename(blob)
        (snapshot / path.name).symlink_to(f"../../blobs/{blob.name}")
    out = build(llama_recipe(tmp_path, snapshot), tmp_path / "out")
    assert torch.equal(logits(out), logits(snapshot))
    assert not any(path.is_symlink() for path in out.iterdir())


def test_verify_and_diff(tmp_path):
    source = models.llama(tmp_path / "llama")
    out = build(llama_recipe(tmp_path, source), tmp_path / "out")
    verified = inarch("verify", out)
    assert verified.returncode == 0, described(verified)
    same = inarch("diff", source, out)
    assert same.returncode == 0, described(same)
    shard = out / "model.safetensors"
    data = bytearray(shard.read_bytes())
    data[-1] ^= 1
    shard.write_bytes(data)
    spoilt = inarch("verify", out)
    assert spoilt.returncode == 1, described(spoilt)
    last = max(header(shard)[0].items(), key=lambda item: item[1].get("data_offsets", [0, 0])[1])[0]
    assert last in spoilt.stdout + spoilt.stderr, described(spoilt)


def test_inspect_names_every_tensor(tmp_path):
    save_file(every_dtype(), tmp_path / "model.safetensors")
    result = inarch("inspect", tmp_path)
    assert result.returncode == 0, described(result)
    for name in ("float8_e4m3fn.matrix", "uint16.scalar", "complex64.empty", "no_dots"):
        assert name in result.stdout, described(result)
