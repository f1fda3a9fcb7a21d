"""Checkpoints that must be refused, each with what the message has to name."""

import json
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass

FILE = "model.safetensors"


def encode(header, data=b"", length=None):
    """A safetensors file from a header (text, bytes or something for JSON) and what follows it."""
    if not isinstance(header, (str, bytes)):
        header = json.dumps(header)
    if isinstance(header, str):
        header = header.encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def tensor(begin=0, end=16, shape=(4,), dtype="F32"):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


def one(data=bytes(16), **fields):
    """A file with one tensor `w`, some of its fields replaced."""
    return encode({"w": tensor() | fields}, data)


def text_field(field, value):
    """The same with a value that json.dumps would not write."""
    text = json.dumps(tensor())
    old = f'"{field}": {json.dumps(tensor()[field])}'
    assert old in text
    return encode('{"w": ' + text.replace(old, f'"{field}": {value}') + "}", bytes(16))


GOOD = one()
ESCAPES = "\x1b]0;owned\x07\x1b[31mred"

# Content of the only file.
FILES = {
    "empty": (b"", FILE),
    "seven bytes": (b"\x10\0\0\0\0\0\0", FILE),
    "header beyond the file": (encode({"w": tensor()}, bytes(16), length=10_000), FILE),
    "header of 2^64 - 1 bytes": (encode({"w": tensor()}, bytes(16), length=2**64 - 1), FILE),
    "header of zero bytes": (encode(b"", bytes(16)), FILE),
    "JSON cut off": (encode(json.dumps({"w": tensor()})[:-5], bytes(16)), FILE),
    "JSON is a list": (encode([1, 2]), FILE),
    "JSON nested deeply": (encode('{"w":' + "[" * 100_000 + "]" * 100_000 + "}"), FILE),
    "invalid UTF-8": (encode(b'{"\xff\xfe": {}}'), FILE),
    "two tensors of one name": (
        encode(f'{{"w": {json.dumps(tensor())}, "w": {json.dumps(tensor(16, 32))}}}', bytes(32)),
        "'w'",
    ),
    "one name, once escaped": (
        encode(
            f'{{"w": {json.dumps(tensor())}, "\\u0077": {json.dumps(tensor(16, 32))}}}', bytes(32)
        ),
        "'w'",
    ),
    "metadata twice": (
        encode(
            '{"__metadata__": {}, "__metadata__": {}, "w": ' + json.dumps(tensor()) + "}", bytes(16)
        ),
        FILE,
    ),
    "field twice": (
        encode(
            '{"w": {"dtype": "F32", "dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}',
            bytes(16),
        ),
        "'w'",
    ),
    "metadata not text": (encode({"__metadata__": {"n": 1}, "w": tensor()}, bytes(16)), FILE),
    "no dtype": (encode({"w": {"shape": [4], "data_offsets": [0, 16]}}, bytes(16)), "'w'"),
    "unknown dtype": (one(dtype="F31"), "F31"),
    "negative size": (one(shape=[-4]), "'w'"),
    "shape beyond 2^64": (one(shape=[2**32, 2**32, 2**32]), "'w'"),
    "size of 2^64": (text_field("shape", "[18446744073709551616]"), "'w'"),
    "size with a fraction": (text_field("shape", "[4.5]"), "'w'"),
    "negative offset": (one(data_offsets=[-16, 0]), "'w'"),
    "offset with a fraction": (text_field("data_offsets", "[0, 16.5]"), "'w'"),
    "offset of 2^64": (text_field("data_offsets", "[0, 18446744073709551616]"), "'w'"),
    "three offsets": (one(data_offsets=[0, 8, 16]), "'w'"),
    "begin after end": (one(data_offsets=[16, 0]), "'w'"),
    "data beyond the file": (one(data=bytes(12)), "'w'"),
    "bytes that do not fit the shape": (one(shape=[3]), "'w'"),
    "half a byte": (one(dtype="F4", shape=[33], data_offsets=[0, 16]), "'w'"),
    "overlap": (encode({"v": tensor(), "w": tensor(8, 24)}, bytes(24)), "'w'"),
    "hole": (encode({"v": tensor(), "w": tensor(20, 36)}, bytes(36)), "'w'"),
    "trailing bytes": (one(data=bytes(20)), FILE),
    "name that speaks to the terminal": (encode({ESCAPES: tensor(dtype="F31")}, bytes(16)), "F31"),
    "name of a megabyte": (encode({"n" * 1_000_000: tensor(dtype="F31")}, bytes(16)), "F31"),
    "pointer of Git LFS": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 123\n",
        FILE,
    ),
    "web page": (b"<!DOCTYPE html>\n<html><head><title>404</title></head></html>", FILE),
    "pickle by content": (b"PK\x03\x04" + bytes(100), FILE),
    "GGUF by content": (b"GGUF" + bytes(100), FILE),
}


def index(directory, weight_map, size=16):
    text = json.dumps({"metadata": {"total_size": size}, "weight_map": weight_map})
    (directory / "model.safetensors.index.json").write_text(text)


def indexed(directory, shard):
    """A model whose index sends `w` to `shard`; a good file lies there, if it can be reached."""
    (directory.parent / "outside.safetensors").write_bytes(GOOD)
    index(directory, {"w": shard})


def huge_header(directory):
    with open(directory / FILE, "wb") as file:
        file.write(struct.pack("<Q", 100_000_001))
        file.truncate(8 + 100_000_001 + 16)


def in_two_shards(directory):
    for name in ("a.safetensors", "b.safetensors"):
        (directory / name).write_bytes(GOOD)
    index(directory, {"w": "a.safetensors"})
    (directory / "model.safetensors.index.json").write_text(
        '{"metadata": {}, "weight_map": {"w": "a.safetensors", "w": "b.safetensors"}}'
    )


def twice_without_index(directory):
    for name in ("a.safetensors", "b.safetensors"):
        (directory / name).write_bytes(GOOD)


def not_in_its_shard(directory):
    (directory / "a.safetensors").write_bytes(GOOD)
    index(directory, {"w": "a.safetensors", "absent.weight": "a.safetensors"})


def broken_index(directory):
    (directory / "a.safetensors").write_bytes(GOOD)
    (directory / "model.safetensors.index.json").write_text('{"weight_map": {"w": ')


def pipe(directory):
    os.mkfifo(directory / FILE)


def device(directory):
    (directory / FILE).symlink_to("/dev/zero")


def pickles(directory):
    (directory / "pytorch_model.bin").write_bytes(b"PK\x03\x04" + bytes(100))


def escaping_link_of_a_hub_cache(directory):
    (directory.parent / "secret").write_bytes(GOOD)
    snapshot = directory / "models--org--name" / "snapshots" / ("c" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / FILE).symlink_to("../../../../secret")
    return snapshot


def broken_config(directory):
    (directory / FILE).write_bytes(GOOD)
    (directory / "config.json").write_text('{"hidden_size": ')


def nothing(directory):
    (directory / "config.json").write_text("{}")


DIRECTORIES = {
    "header above the limit": (huge_header, FILE),
    "index leads out": (lambda d: indexed(d, "../outside.safetensors"), "../outside.safetensors"),
    "index leads out, further in": (
        lambda d: indexed(d, "x/../../outside.safetensors"),
        "outside.safetensors",
    ),
    "index names an absolute path": (
        lambda d: indexed(d, str(d.parent / "outside.safetensors")),
        "outside.safetensors",
    ),
    "index names a drive": (lambda d: indexed(d, "C:\\outside.safetensors"), "outside.safetensors"),
    "index names a share": (
        lambda d: indexed(d, "\\\\host\\outside.safetensors"),
        "outside.safetensors",
    ),
    "index names an empty path": (lambda d: indexed(d, ""), "index"),
    "shard is missing": (lambda d: index(d, {"w": "absent.safetensors"}), "absent.safetensors"),
    "tensor is not in its shard": (not_in_its_shard, "absent.weight"),
    "tensor is listed in two shards": (in_two_shards, "'w'"),
    "tensor is in two files": (twice_without_index, "'w'"),
    "index is cut off": (broken_index, "model.safetensors.index.json"),
    "shard is a pipe": (pipe, FILE),
    "shard is a device": (device, FILE),
    "only pickles": (pickles, "pytorch_model.bin"),
    "link out of a hub cache": (escaping_link_of_a_hub_cache, FILE),
    "config is cut off": (broken_config, "config.json"),
    "no weights": (nothing, "model"),
}


@dataclass
class Bad:
    """`make` fills a directory and may return another one to use; `named` must be in the message."""

    make: Callable
    named: str


def from_bytes(content):
    return lambda directory: (directory / FILE).write_bytes(content) and None


ALL = {name: Bad(from_bytes(content), named) for name, (content, named) in FILES.items()}
ALL |= {name: Bad(make, named) for name, (make, named) in DIRECTORIES.items()}
