"""Runs inarch and mergekit in turn on the same YAML and prints a Markdown table.

A figure is the median over rounds, of whole processes: mergekit's imports, about six seconds, are
part of what a person waits for. Sources are in the page cache.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

from measuring import Contender, file_system, machine, measure

INARCH = os.environ["INARCH"]
MERGEKIT = os.environ["MERGEKIT"]

# What each model gets, what the method gets, and whether there is a base.
METHODS = {
    "linear": ("weight: 0.5", "", False),
    "slerp": ("", "t: 0.4", True),
    "task_arithmetic": ("weight: 0.5", "", True),
    "sce": ("", "select_topk: 0.5", True),
    "dare_ties": ("weight: 0.5, density: 0.5", "", True),
    "ties": ("weight: 0.5, density: 0.5", "", True),
    "della": ("weight: 0.5, density: 0.5, epsilon: 0.1", "", True),
}


def llama_config(gigabytes):
    """A Llama of 1.04 billion parameters in bf16, with as many layers as make about that size."""
    hidden, intermediate, vocab = 2048, 5632, 32000
    layer = hidden * (2 * hidden + 2 * 256) + 3 * hidden * intermediate
    layers = max(1, round((gigabytes * 5e8 - 2 * vocab * hidden) / layer))
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": hidden,
        "intermediate_size": intermediate,
        "num_hidden_layers": layers,
        "num_attention_heads": 32,
        "num_key_value_heads": 4,
        "vocab_size": vocab,
        "max_position_embeddings": 2048,
        "rms_norm_eps": 1e-5,
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
    }


TUNE = """\
inarch: 1
sources: {{ base: base }}
tensors:
  - {{ from: "base:{{name...}}", to: "{{name}}", apply: [ {{ noise: {{ std: 0.002, seed: {seed} }} }} ] }}
output: {{ dtype: bf16, config: base }}
"""


def make_models(directory, gigabytes):
    config = directory / "config.json"
    config.write_text(json.dumps(llama_config(gigabytes)))
    synth = [INARCH, "synth", "llama", "--config", config, "-o", directory / "base"]
    subprocess.run([*synth, "--dtype", "bf16", "--quiet"], check=True)
    for seed, name in enumerate("ab", 1):
        recipe = directory / f"{name}.yaml"
        recipe.write_text(TUNE.format(seed=seed))
        subprocess.run([INARCH, "run", recipe, "-o", directory / name, "--quiet"], check=True)
    return sum(path.stat().st_size for path in (directory / "base").glob("*.safetensors"))


def merge_config(directory, method):
    """Written for both programs alike."""
    each, of_all, based = METHODS[method]
    lines = [f"merge_method: {method}", "dtype: bfloat16", "models:"]
    names = ["base", "a"] if method == "slerp" else ["a", "b"]
    for name in names:
        lines.append(f"  - model: {directory / name}")
        if each:
            lines.append(f"    parameters: {{ {each} }}")
    if of_all:
        lines.append(f"parameters: {{ {of_all} }}")
    if based:
        lines.append(f"base_model: {directory / 'base'}")
    path = directory / f"{method}.yml"
    path.write_text("\n".join(lines) + "\n")
    return path


def run_method(directory, method, rounds):
    out = directory / "out"
    config = merge_config(directory, method)
    contenders = [
        Contender("inarch", [INARCH, "run", str(config), "-o", str(out), "--quiet"]),
        Contender("cp", ["cp", "-r", str(directory / "a"), str(out)]),
        Contender("mergekit", [MERGEKIT, str(config), str(out)]),
    ]
    for _ in range(rounds):
        for contender in contenders:
            seconds, memory = measure(contender, out)
            contender.seconds.append(seconds)
            contender.memory.append(memory)
    return contenders


def print_rows(place, method, contenders):
    ours = contenders[0]
    for contender in contenders:
        ratio = statistics.median(t / o for t, o in zip(contender.seconds, ours.seconds))
        print(
            f"| {place} | {method} | {contender.name} | {statistics.median(contender.seconds):.2f} "
            f"| {ratio:.2f} | {max(contender.memory) / 2**20:.0f} |",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gb", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("directories", nargs="*", type=Path)
    options = parser.parse_args()
    places = options.directories or [Path(__file__).resolve().parent.parent / "build", Path("/dev/shm")]
    version = subprocess.run([INARCH, "--version"], capture_output=True, text=True).stdout.strip()
    print(f"{version}, {machine()}; median of {options.rounds} alternating rounds\n")
    print("| where | method | by | s | time / inarch's | peak memory, MiB |")
    print("|---|---|---|---|---|---|")
    for place in places:
        with tempfile.TemporaryDirectory(prefix="inarch-bench-", dir=place) as name:
            directory = Path(name)
            size = make_models(directory, options.gb)
            for method in options.methods.split(","):
                contenders = run_method(directory, method, options.rounds)
                print_rows(f"{file_system(place)}, {size / 1e9:.2f} GB", method, contenders)


main()
