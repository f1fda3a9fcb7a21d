"""Every transform, on small tensors and without a target, against torch."""

import pytest
import torch
from harness import build, write_recipe
from safetensors.torch import load_file, save_file

F8 = torch.float8_e4m3fn


def counting(*shape, dtype=torch.float32):
    """1, 2, 3, …: every element of a small tensor is told from every other, whatever the dtype."""
    return torch.arange(1, 1 + torch.Size(shape).numel()).reshape(shape).to(dtype)


def transformed(directory, inputs, rule, outputs=("y",)):
    """What `rule`, the YAML of one rule without `to`, makes of the tensors a, b, c."""
    save_file(inputs, directory / "model.safetensors")
    to = outputs[0] if len(outputs) == 1 else f"[{', '.join(outputs)}]"
    lines = "\n".join(f"    {line}" for line in rule.strip().splitlines())
    recipe = write_recipe(
        directory,
        "inarch: 1\nname: one-transform\n"
        f'sources: {{ s: {{ path: "{directory}" }} }}\n'
        f"tensors:\n  - to: {to}\n{lines}\n",
    )
    found = {}
    for path in build(recipe, directory / "out").glob("*.safetensors"):
        found.update(load_file(path))
    assert set(found) == set(outputs)
    return found[outputs[0]] if len(outputs) == 1 else [found[name] for name in outputs]


def heads(x, d):
    return x.reshape(-1, d, x.shape[1])


# Each: what to apply to a [6, 4] tensor, and the same in torch.
MOVES = {
    "tile rows": ("tile: { rows: 2 }", lambda x: torch.cat([x, x])),
    "tile both": ("tile: { rows: 2, columns: 3 }", lambda x: x.tile(2, 3)),
    "tile by number": ("tile: { 1: 2 }", lambda x: x.tile(1, 2)),
    "repeat rows": ("repeat: { rows: 2 }", lambda x: x.repeat_interleave(2, 0)),
    "repeat columns": ("repeat: { columns: 3 }", lambda x: x.repeat_interleave(3, 1)),
    "slice": ("slice: { rows: 1 .. 4 }", lambda x: x[1:4]),
    "slice both": ("slice: { rows: 2 .. 6, columns: 1 .. 3 }", lambda x: x[2:6, 1:3]),
    "keep": ("keep: { rows: [0, 2, 5] }", lambda x: x[[0, 2, 5]]),
    "keep in old order": ("keep: { columns: [3, 1] }", lambda x: x[:, [1, 3]]),
    "drop": ("drop: { rows: [1, 4] }", lambda x: x[[0, 2, 3, 5]]),
    "drop a range": ("drop: { columns: 0 .. 2 }", lambda x: x[:, 2:]),
    "gather": ("gather: { rows: [3, 0, 0] }", lambda x: x[[3, 0, 0]]),
    "gather columns": ("gather: { columns: [2, 2, 1, 3, 0] }", lambda x: x[:, [2, 2, 1, 3, 0]]),
    "crop": ("crop: { columns: 2 }", lambda x: x[:, :2]),
    "crop at the end": ("crop: { columns: 2, at: end }", lambda x: x[:, 2:]),
    "crop around the center": ("crop: { rows: 2, columns: 2, at: center }", lambda x: x[2:4, 1:3]),
    "resize down": ("resize: { rows: 4 }", lambda x: x[:4]),
    "transpose": ('permute: "columns rows"', lambda x: x.T),
    "reshape": ("reshape: [3, -1]", lambda x: x.reshape(3, 8)),
    "reshape to three": ("reshape: [2, 3, 4]", lambda x: x.reshape(2, 3, 4)),
    "reverse rows": ("reverse: rows", lambda x: x.flip(0)),
    "reverse columns": ("reverse: columns", lambda x: x.flip(1)),
}

# The same after `view: "(head d) in", d: 3`.
VIEWED_MOVES = {
    "nothing": (None, lambda x: x),
    "tile within heads": ("tile: { d: 2 }", lambda x: torch.cat([x, x], dim=1)),
    "tile heads": ("tile: { head: 2 }", lambda x: torch.cat([x, x])),
    "repeat heads": ("repeat: { head: 2 }", lambda x: x.repeat_interleave(2, 0)),
    "slice heads' entries": ("slice: { d: 0 .. 2 }", lambda x: x[:, :2]),
    "drop a head": ("drop: { head: [0] }", lambda x: x[1:]),
    "gather within heads": (
        "gather: { d: [0, 0, 1, 1, 2, 2] }",
        lambda x: x[:, [0, 0, 1, 1, 2, 2]],
    ),
    "reverse within heads": ("reverse: d", lambda x: x.flip(1)),
    "transpose the split": ('permute: "(d head) in"', lambda x: x.transpose(0, 1)),
    "crop within heads": ("crop: { d: 2, at: end }", lambda x: x[:, 1:]),
}

FILLING = {
    "pad": ("pad: { rows: 9, fill: 7 }", lambda x: torch.cat([x, torch.full((3, 4), 7.0)])),
    "pad before": ("pad: { rows: 8, at: end }", lambda x: torch.cat([torch.zeros(2, 4), x])),
    "pad around": (
        "pad: { rows: 8, columns: 6, at: center, fill: -2 }",
        lambda x: torch.nn.functional.pad(x, (1, 1, 1, 1), value=-2.0),
    ),
    "fit": ("fit: { rows: 8, columns: 2 }", lambda x: torch.cat([x[:, :2], torch.zeros(2, 2)])),
    "resize up": ("resize: { rows: 7 }", lambda x: torch.cat([x, torch.zeros(1, 4)])),
    "resize with a number": (
        "resize: { columns: 6, fill: -1.5 }",
        lambda x: torch.cat([x, torch.full((6, 2), -1.5)], dim=1),
    ),
    "resize with the mean": (
        "resize: { rows: 9, fill: mean }",
        lambda x: torch.cat([x, x.mean(0).expand(3, -1)]),
    ),
    "resize columns with the mean": (
        "resize: { columns: 5, fill: mean }",
        lambda x: torch.cat([x, x.mean(1, keepdim=True)], dim=1),
    ),
    "mask rows": ("mask: { rows: [1, 3] }", lambda x: x.index_fill(0, torch.tensor([1, 3]), 0)),
    "mask columns": (
        "mask: { columns: [0], fill: 9 }",
        lambda x: x.index_fill(1, torch.tensor([0]), 9),
    ),
    "split halves": ("split_halves: columns", lambda x: torch.cat([x / 2, x / 2], dim=1)),
    "split in four": (
        "split_halves: { axis: columns, parts: 4 }",
        lambda x: torch.cat([x / 4] * 4, dim=1),
    ),
}

POINTWISE = {
    "rescale": ("rescale: 0.5", lambda x: x * 0.5),
    "rescale by an expression": ("rescale: 3 / 8", lambda x: x * 0.375),
    "add": ("add: -2.5", lambda x: x - 2.5),
    "one plus": ("norm_convention: one_plus_to_plain", lambda x: 1 + x),
    "minus one": ("norm_convention: plain_to_one_plus", lambda x: x - 1),
    "clamp": ("clamp: { min: 3, max: 11.5 }", lambda x: x.clamp(3, 11.5)),
    "clamp below": ("clamp: { min: 7 }", lambda x: x.clamp(min=7)),
    "clamp above": ("clamp: { max: 7 }", lambda x: x.clamp(max=7)),
}


def cases(table):
    return pytest.mark.parametrize("step, wanted", table.values(), ids=table.keys())


@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.bfloat16, torch.int64, torch.uint8, F8], ids=str
)
@cases(MOVES)
def test_moves(tmp_path, step, wanted, dtype):
    # float8 has no arithmetic in torch, so the reference moves its bytes.
    x = counting(6, 4, dtype=torch.float32 if dtype == F8 else dtype).to(dtype)
    seen = x.view(torch.uint8) if dtype == F8 else x
    found = transformed(tmp_path, {"a": x}, f"from: s:a\napply: [ {{ {step} }} ]")
    assert found.dtype == dtype
    assert torch.equal(found.view(seen.dtype), wanted(seen))


@cases(VIEWED_MOVES)
def test_moves_of_named_axes(tmp_path, step, wanted):
    x = counting(6, 4)
    steps = ['{ view: "(head d) in", d: 3 }'] + ([f"{{ {step} }}"] if step else [])
    found = transformed(tmp_path, {"a": x}, f"from: s:a\napply: [ {', '.join(steps)} ]")
    assert torch.equal(found, wanted(heads(x, 3)).reshape(-1, 4))


def test_moves_of_two_split_axes(tmp_path):
    x = counting(6, 4)
    found = transformed(
        tmp_path,
        {"a": x},
        'from: s:a\napply: [ { view: "(a b) (c d)", b: 3, d: 2 }, { permute: "(b a) (d c)" } ]',
    )
    assert torch.equal(found, x.reshape(2, 3, 2, 2).permute(1, 0, 3, 2).reshape(6, 4))


def test_a_chain_of_moves(tmp_path):
    x = counting(6, 4)
    chain = [
        '{ view: "(head d) in", d: 3 }',
        "{ slice: { d: 0 .. 2 } }",
        "{ reverse: head }",
        "{ tile: { d: 2 } }",
        "{ crop: { in: 3 } }",
        "{ pad: { in: 5, fill: 1 } }",
    ]
    found = transformed(tmp_path, {"a": x}, f"from: s:a\napply: [ {', '.join(chain)} ]")
    wanted = heads(x, 3)[:, :2].flip(0).tile(1, 2, 1)[:, :, :3]
    wanted = torch.nn.functional.pad(wanted, (0, 2), value=1.0).reshape(-1, 5)
    assert torch.equal(found, wanted)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@cases(FILLING | POINTWISE)
def test_values(tmp_path, step, wanted, dtype):
    """All of these are exact in float32 and rounded once."""
    x = counting(6, 4, dtype=dtype)
    found = transformed(tmp_path, {"a": x}, f"from: s:a\napply: [ {{ {step} }} ]")
    assert found.dtype == dtype
    assert torch.equal(found, wanted(x.float()).to(dtype))


@pytest.mark.parametrize("shape", [(5,), (2, 3, 4), (1, 1), ()], ids=str)
def test_pointwise_of_any_rank(tmp_path, shape):
    x = counting(*shape)
    found = transformed(tmp_path, {"a": x}, "from: s:a\napply: [ { rescale: 0.25 } ]")
    assert torch.equal(found, x * 0.25)


COMBINED = {
    "concat rows": ("concat: rows", lambda a, b, c: torch.cat([a, b, c])),
    "concat columns": ("concat: columns", lambda a, b, c: torch.cat([a, b, c], dim=1)),
    "concat": ("concat: { axis: 1 }", lambda a, b, c: torch.cat([a, b, c], dim=1)),
    "stack": ("stack: 0", lambda a, b, c: torch.stack([a, b, c])),
    "stack inside": ("stack: 1", lambda a, b, c: torch.stack([a, b, c], dim=1)),
    "stack last": ("stack: 2", lambda a, b, c: torch.stack([a, b, c], dim=2)),
    "interleave rows": (
        "interleave: rows",
        lambda a, b, c: torch.stack([a, b, c], dim=1).reshape(18, 4),
    ),
    "interleave columns": (
        "interleave: columns",
        lambda a, b, c: torch.stack([a, b, c], dim=2).reshape(6, 12),
    ),
    "linear": ("linear: [0.5, 0.25, -2]", lambda a, b, c: 0.5 * a + 0.25 * b - 2 * c),
    "linear normalized": (
        "linear: { weights: [1, 2, 5], normalize: true }",
        lambda a, b, c: (a + 2 * b + 5 * c) / 8,
    ),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@cases(COMBINED)
def test_combined(tmp_path, step, wanted, dtype):
    a = counting(6, 4, dtype=dtype)
    inputs = {"a": a, "b": a + 24, "c": a + 48}
    found = transformed(tmp_path, inputs, f"from: [ s:a, s:b, s:c ]\ncombine: {{ {step} }}")
    assert found.dtype == dtype
    assert torch.equal(found, wanted(*(x.float() for x in inputs.values())).to(dtype))


def test_concat_of_unequal_parts(tmp_path):
    a, b = counting(2, 3), counting(5, 3) + 100
    found = transformed(tmp_path, {"a": a, "b": b}, "from: [ s:a, s:b ]\ncombine: { concat: rows }")
    assert torch.equal(found, torch.cat([a, b]))


def test_operands_with_steps_of_their_own(tmp_path):
    a, b = counting(2, 3), counting(2, 3) + 100
    rule = (
        "from: [ { tensor: s:a, apply: [ { reverse: rows } ] }, s:b ]\ncombine: { concat: columns }"
    )
    found = transformed(tmp_path, {"a": a, "b": b}, rule)
    assert torch.equal(found, torch.cat([a.flip(0), b], dim=1))


def test_split(tmp_path):
    x = counting(6, 4)
    rule = "from: s:a\napply: [ { split: { rows: [1, 2, 3] } } ]"
    found = transformed(tmp_path, {"a": x}, rule, outputs=("p", "q", "r"))
    assert all(torch.equal(f, w) for f, w in zip(found, x.split([1, 2, 3])))


def test_matmul(tmp_path):
    generator = torch.Generator().manual_seed(1)
    a, b = (torch.randn(*s, generator=generator) for s in ((7, 33), (33, 5)))
    found = transformed(tmp_path, {"a": a, "b": b}, "from: [ s:a, s:b ]\ncombine: matmul")
    torch.testing.assert_close(found, (a.double() @ b.double()).float(), rtol=1e-6, atol=1e-6)


def test_matmul_with_small_integers_is_exact(tmp_path):
    a, b = counting(6, 4), counting(4, 3)
    found = transformed(tmp_path, {"a": a, "b": b}, "from: [ s:a, s:b ]\ncombine: matmul")
    assert torch.equal(found, a @ b)


# Each: how `by` is written and shaped, and the [6, 4] it stands for.
PRODUCTS = {
    "alike": ("multiply", (6, 4), lambda v: v),
    "columns": ("{ multiply: columns }", (4,), lambda v: v[None, :]),
    "rows": ("{ multiply: rows }", (6,), lambda v: v[:, None]),
    "one number": ("multiply", (1,), lambda v: v),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64], ids=str)
@pytest.mark.parametrize("case", PRODUCTS)
def test_products(tmp_path, case, dtype):
    how, shape, spread = PRODUCTS[case]
    generator = torch.Generator().manual_seed(3)
    x, by = (torch.randn(*s, generator=generator).to(dtype) for s in ((6, 4), shape))
    found = transformed(tmp_path, {"a": x, "b": by}, f"from: [ s:a, s:b ]\ncombine: {how}")
    wide = torch.float64 if dtype == torch.float64 else torch.float32
    assert torch.equal(found, (x.to(wide) * spread(by.to(wide))).to(dtype))


def test_product_with_each_head(tmp_path):
    x, scale = counting(6, 4, dtype=torch.bfloat16), torch.tensor([0.5, 2.0])
    rule = 'from: s:a\napply: [ { view: "(head d) in", head: 2 }, { multiply: head, by: s:b } ]'
    found = transformed(tmp_path, {"a": x, "b": scale}, rule)
    assert torch.equal(found, (x.float().reshape(2, 3, 4) * scale[:, None, None]).reshape(6, 4).bfloat16())


MEANS = {
    "rows": ("{ mean: rows }", lambda x: x.mean(0)),
    "columns": ("{ mean: columns }", lambda x: x.mean(1)),
    "last": ("{ mean: -1 }", lambda x: x.mean(1)),
    "groups": ('{ view: "(kv group d) in", kv: 1, group: 2 }, { mean: group }',
               lambda x: x.reshape(2, 3, 4).mean(0)),
    "inner": ('{ view: "(head d) in", d: 2 }, { mean: d }',
              lambda x: x.reshape(3, 2, 4).mean(1)),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
@pytest.mark.parametrize("case", MEANS)
def test_means(tmp_path, case, dtype):
    steps, reference = MEANS[case]
    x = torch.randn(6, 4, generator=torch.Generator().manual_seed(4)).to(dtype)
    found = transformed(tmp_path, {"a": x}, f"from: s:a\napply: [ {steps} ]")
    wanted = reference(x.double()).to(dtype)
    assert found.shape == wanted.shape
    torch.testing.assert_close(found.float(), wanted.float(), rtol=2**-8 if dtype == torch.bfloat16 else 1e-6, atol=0)


# Casts: every bfloat16 there is, and what torch makes of it. Values beyond the range of a float8
# are left out: whether they become NaN, infinity or the largest number is a choice.
LIMITS = {
    "f32": (torch.float32, None),
    "f16": (torch.float16, None),
    "f8_e4m3": (torch.float8_e4m3fn, 448.0),
    "f8_e5m2": (torch.float8_e5m2, 57344.0),
}


@pytest.mark.parametrize("way", ["cast", "dtype"])
@pytest.mark.parametrize("name", LIMITS)
def test_casts_of_every_bfloat16(tmp_path, name, way):
    dtype, limit = LIMITS[name]
    x = torch.arange(-(2**15), 2**15).to(torch.int16).view(torch.bfloat16)
    if limit:
        x = x[x.isfinite() & (x.float().abs() <= limit)]
    rule = f"apply: [ {{ cast: {name} }} ]" if way == "cast" else f"dtype: {name}"
    found = transformed(tmp_path, {"a": x}, f"from: s:a\n{rule}")
    wanted = x.to(dtype)
    assert found.dtype == dtype
    assert torch.equal(found.float().isnan(), wanted.float().isnan())
    ok = ~wanted.float().isnan()
    assert torch.equal(found.float()[ok], wanted.float()[ok])


def test_casts_of_float32_round_to_even(tmp_path):
    bits = torch.randint(
        -(2**31), 2**31 - 1, (1 << 16,), generator=torch.Generator().manual_seed(2)
    )
    ties = (bits & ~0xFFFF) | 0x8000  # half-way between two neighbouring bfloat16
    x = torch.cat([bits, ties]).to(torch.int32).view(torch.float32)
    x = x[~x.isnan()]
    found = transformed(tmp_path, {"a": x}, "from: s:a\ndtype: bf16")
    assert torch.equal(found.view(torch.int16), x.to(torch.bfloat16).view(torch.int16))


INITS = {
    "zeros": ("{ zeros: [3, 5] }", torch.zeros(3, 5)),
    "ones": ("{ ones: { shape: [4] } }", torch.ones(4)),
    "constant": ("{ constant: -0.75, shape: [2, 2] }", torch.full((2, 2), -0.75)),
    "identity": ("{ identity: [3, 5] }", torch.eye(3, 5)),
}


@pytest.mark.parametrize("init, wanted", INITS.values(), ids=INITS.keys())
def test_inits(tmp_path, init, wanted):
    found = transformed(tmp_path, {"a": counting(2)}, f"init: {init}\ndtype: f32")
    assert torch.equal(found, wanted)


def test_normal_numbers(tmp_path):
    init = "{ normal: { mean: 3, std: 0.5, seed: 5, shape: [300, 500] } }"
    found = transformed(tmp_path, {"a": counting(2)}, f"init: {init}\ndtype: f32")
    assert abs(found.mean() - 3) < 0.01 and abs(found.std() - 0.5) < 0.005
    z = (found.double().flatten() - 3) / 0.5
    assert abs((z**3).mean()) < 0.03 and abs((z**4).mean() - 3) < 0.1
    # No pattern from element to element, nor from row to row.
    assert abs((z[1:] * z[:-1]).mean()) < 0.01 and abs((z[500:] * z[:-500]).mean()) < 0.01


def test_uniform_numbers(tmp_path):
    init = "{ uniform: { min: -2, max: 6, seed: 5, shape: [1000, 100] } }"
    found = transformed(tmp_path, {"a": counting(2)}, f"init: {init}\ndtype: f32")
    assert -2 <= found.min() < -1.99 and 5.99 < found.max() < 6
    counts = torch.histc(found, bins=8, min=-2, max=6)
    assert (counts - 12500).abs().max() < 500


def test_noise(tmp_path):
    x = counting(200, 300)
    found = transformed(
        tmp_path, {"a": x}, "from: s:a\napply: [ { noise: { std: 0.5, seed: 3 } } ]"
    )
    noise = found.double() - x.double()
    assert abs(noise.mean()) < 0.01 and abs(noise.std() - 0.5) < 0.01


def test_random_numbers_depend_on_seed_and_name(tmp_path):
    rules = "".join(
        f"  - {{ to: {name}, init: {{ normal: {{ seed: {seed}, shape: [8] }} }}, dtype: f32 }}\n"
        for name, seed in (("x", 1), ("y", 1), ("z", 2))
    )
    save_file({"a": counting(2)}, tmp_path / "model.safetensors")
    recipe = write_recipe(tmp_path, f"inarch: 1\nname: random\ntensors:\n{rules}")
    first, again = (load_file(build(recipe, tmp_path / d) / "model.safetensors") for d in "pq")
    assert all(torch.equal(first[name], again[name]) for name in "xyz")
    assert not torch.equal(first["x"], first["y"]) and not torch.equal(first["y"], first["z"])
