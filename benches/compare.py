"""Runs inarch and its peers in turn and prints the medians as a Markdown table.

A figure is the median over rounds; a ratio is the median of the ratios within a round, so that a
machine that slows down slows both sides. Sources are in the page cache. inarch and "cp, flushed" end
when their output is on the disk; cp alone and the scripts may leave it in the page cache. Memory is
what a process has of its own, sampled: pages of files that it maps are not counted.
"""

import argparse
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measuring import Contender, file_system, machine, measure

HERE = Path(__file__).resolve().parent
INARCH = os.environ["INARCH"]
SCRIPTS = [sys.executable, str(HERE / "torch_scripts.py")]
# Where benches/run could install it.
BRAINSURGERY = (
    [sys.executable, str(HERE / "brainsurgery_main.py")]
    if importlib.util.find_spec("brainsurgery")
    else []
)

HEAD = """\
inarch: 1
name: bench
sources:
  a: { path: a }
  b: { path: b }
tensors:
"""
RECIPES = {
    "copy": '  - { from: "a:gpt_neox.{name...}", to: "renamed.{name}" }\n'
    '  - { from: "a:embed_out.weight", to: "head.weight" }\n',
    "scale": '  - { from: "a:{name...}", to: "{name}", apply: [ { rescale: 0.5 } ] }\n',
    "merge": '  - from: [ "a:{name...}", "b:{name...}" ]\n'
    '    to: "{name}"\n'
    "    combine: { linear: [0.5, 0.5] }\n",
}
TITLES = {
    "copy": "rename every tensor",
    "scale": "scale every weight by 0.5",
    "merge": "linear merge of two",
}
# The sum is rounded and then halved, which is exact or rounds what was exact: the same bits.
SURGERIES = {
    "copy": [
        {"move": {"from": "gpt_neox\\.(.*)", "to": "renamed.\\g<1>"}},
        {"move": {"from": "embed_out\\.weight", "to": "head.weight"}},
    ],
    "scale": [{"scale_": {"target": ".*", "by": 0.5}}],
    "merge": [
        {"add_": {"from": "b::(.*)", "to": "a::\\g<1>"}},
        {"scale_": {"target": "a::.*", "by": 0.5}},
    ],
}


def pythia_config(gigabytes):
    """Pythia 2.8B in float16, with as many layers as make about that size; all 32 make 5.6 GB."""
    hidden, vocab = 2560, 50304 if gigabytes >= 1 else 4096
    layers = max(1, round((gigabytes * 5e8 - 2 * vocab * hidden) / (12 * hidden**2)))
    return {
        "architectures": ["GPTNeoXForCausalLM"],
        "model_type": "gpt_neox",
        "hidden_size": hidden,
        "intermediate_size": 4 * hidden,
        "num_hidden_layers": layers,
        "num_attention_heads": 32,
        "vocab_size": vocab,
        "max_position_embeddings": 2048,
        "rotary_pct": 0.25,
        "tie_word_embeddings": False,
        "torch_dtype": "float16",
    }


def surgery(work, directory):
    """The plan for BrainSurgery. YAML takes JSON."""
    inputs = [f"a::{directory / 'a'}", f"b::{directory / 'b'}"][: 2 if work == "merge" else 1]
    save = {"save": {"path": str(directory / "out"), "alias": "a", "format": "safetensors", "shard": "5GB"}}
    return json.dumps({"inputs": inputs, "transforms": [*SURGERIES[work], save]})


def make_models(directory, gigabytes):
    config = directory / "config.json"
    config.write_text(json.dumps(pythia_config(gigabytes)))
    for seed, name in enumerate("ab"):
        command = [INARCH, "synth", "gpt_neox", "--config", config, "-o", directory / name]
        subprocess.run([*command, "--seed", str(seed), "--dtype", "f16", "--quiet"], check=True)
    for work, rules in RECIPES.items():
        (directory / f"{work}.yaml").write_text(HEAD + rules)
        (directory / f"{work}-surgery.yaml").write_text(surgery(work, directory))
    return sum(path.stat().st_size for path in (directory / "a").glob("*.safetensors"))


def contenders_for(work, directory, out):
    a, b = str(directory / "a"), str(directory / "b")
    inarch = [INARCH, "run", str(directory / f"{work}.yaml"), "-o", str(out), "--quiet"]
    flushed = f'cp -r "{a}" "{out}" && sync "{out}"/*'
    list_ = [
        Contender("inarch", inarch),
        Contender("cp, flushed", ["sh", "-c", flushed]),
        Contender("cp", ["cp", "-r", a, str(out)]),
    ]
    sources = [a, b] if work == "merge" else [a]
    list_.append(Contender("torch script", [*SCRIPTS, work, *sources, str(out)]))
    if BRAINSURGERY:
        plan = str(directory / f"{work}-surgery.yaml")
        list_.append(Contender("BrainSurgery", [*BRAINSURGERY, plan, "--no-summarize"]))
    return list_


def same_tensors(first, second):
    # In a process of its own: torch in this one would count as memory of what it starts.
    return subprocess.run([*SCRIPTS, "same", first, second]).returncode == 0


def run_work(work, directory, rounds):
    out = directory / "out"
    contenders = contenders_for(work, directory, out)
    for number in range(rounds + 1):  # the first round is not counted
        for contender in contenders:
            seconds, memory = measure(contender, out)
            if number > 0:
                contender.seconds.append(seconds)
                contender.memory.append(memory)
            elif contender.name == "inarch":
                shutil.rmtree(directory / "ours", ignore_errors=True)
                out.rename(directory / "ours")
            elif not contender.name.startswith("cp") and not same_tensors(directory / "ours", out):
                raise SystemExit(f"{work}: inarch and {contender.name} disagree")
    shutil.rmtree(out, ignore_errors=True)
    shutil.rmtree(directory / "ours", ignore_errors=True)
    return contenders


def print_rows(place, work, contenders, size):
    ours = contenders[0]
    for contender in contenders:
        seconds = statistics.median(contender.seconds)
        ratio = statistics.median(t / o for t, o in zip(contender.seconds, ours.seconds))
        print(
            f"| {place} | {TITLES[work]} | {contender.name} | {seconds:.2f} "
            f"({min(contender.seconds):.2f}–{max(contender.seconds):.2f}) | {size / seconds / 1e9:.2f} "
            f"| {ratio:.2f} | {max(contender.memory) / 2**20:.0f} |",
            flush=True,
        )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--gb", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("directories", nargs="*", type=Path)
    options = parser.parse_args()
    places = options.directories or [HERE.parent / "build", Path("/dev/shm")]
    version = subprocess.run([INARCH, "--version"], capture_output=True, text=True).stdout.strip()
    print(f"{version}, {machine()}; median of {options.rounds} alternating rounds\n")
    if not BRAINSURGERY:
        print("BrainSurgery is not installed, and has no rows.\n")
    print("| where | work | by | s (least–most) | GB/s written | time / inarch's | peak memory, MiB |")
    print("|---|---|---|---|---|---|---|")
    for place in places:
        with tempfile.TemporaryDirectory(prefix="inarch-bench-", dir=place) as name:
            directory = Path(name)
            size = make_models(directory, options.gb)
            for work in RECIPES:
                contenders = run_work(work, directory, options.rounds)
                print_rows(f"{file_system(place)}, {size / 1e9:.2f} GB", work, contenders, size)


main()
