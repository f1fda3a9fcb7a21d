"""Times inarch's low-rank factors beside torch's on the same matrices, on one thread each, and prints a
Markdown table.

    low_rank_torch.py BENCHMARK [--rounds 5] [ROWSxCOLUMNSxRANK…]

BENCHMARK is low_rank_bench. Both are run in turn in each round; times are those of the processor, the least of all rounds, and
the last column is the median of the ratios within a round. Errors are |W - AB| / |W| over that of the
best factors, from torch.linalg.svdvals in f64.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import torch

KINDS = {
    "gaussian": lambda m, n: torch.randn(m, n) * 0.02,
    "bf16, 1/sqrt(k)": lambda m, n: decaying(m, n, 0.5).bfloat16().float(),
    "1/k": lambda m, n: decaying(m, n, 1.0),
}


def decaying(m, n, power):
    inner = min(m, n)
    scale = torch.arange(1, inner + 1, dtype=torch.float32) ** -power
    return (torch.randn(m, inner) * scale) @ torch.randn(inner, n) / inner


def inarch(benchmark, folder, shape):
    """(seconds, relative error) of one run."""
    name = "factors/low_rank/" + "/".join(map(str, shape))
    command = [benchmark, f"--benchmark_filter=^{name}$", "--benchmark_format=json"]
    environment = dict(os.environ, LOW_RANK_MATRICES=str(folder))
    said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    row = json.loads(said.stdout)["benchmarks"][0]
    return row["cpu_time"] / 1000, row["error"]


def timed(function):
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


def lowrank(w, rank):
    """torch's factors as one would ask for them: ten columns more than the rank, two iterations."""
    torch.svd_lowrank(w, q=rank + 10, niter=2)  # as the benchmark, not the first time
    seconds, (u, s, v) = timed(lambda: torch.svd_lowrank(w, q=rank + 10, niter=2))
    rest = w.double() - (u[:, :rank] * s[:rank]).double() @ v[:, :rank].double().T
    return seconds, float(rest.norm() / w.double().norm())


def best_error(w, rank):
    """Seconds of the exact decomposition in f32, and the least error, from values in f64."""
    seconds, _ = timed(lambda: torch.linalg.svd(w, full_matrices=False))
    values = torch.linalg.svdvals(w.double())
    return seconds, math.sqrt(float((values[rank:] ** 2).sum() / (values**2).sum()))


def compare(benchmark, folder, kind, shape, rounds):
    m, n, rank = shape
    torch.manual_seed(1)
    w = KINDS[kind](m, n).contiguous()
    w.numpy().tofile(folder / f"{m}x{n}.f32")
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(inarch(benchmark, folder, shape))
        theirs.append(lowrank(w, rank))
    exact, best = best_error(w, rank)
    ratio = statistics.median(t[0] / o[0] for o, t in zip(ours, theirs))
    milliseconds = [f"{1000 * x:.1f}" for x in (min(ours)[0], min(theirs)[0], exact)]
    errors = [f"{x / best:.4f}" for x in (ours[0][1], theirs[0][1])]
    cells = [kind, f"{m} × {n}", str(rank), *milliseconds, *errors, f"{ratio:.2f}"]
    print("| " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("benchmark")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("shapes", nargs="*", default=["512x512x16", "1024x384x64", "7168x3072x64"])
    arguments = parser.parse_intermixed_args()
    torch.set_num_threads(1)
    head = ["spectrum", "W", "rank", "inarch, ms", "svd_lowrank, ms", "linalg.svd, ms"]
    head += ["error / best", "svd_lowrank's", "svd_lowrank's time / inarch's"]
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    with tempfile.TemporaryDirectory() as folder:
        for text in arguments.shapes:
            for kind in KINDS:
                shape = tuple(map(int, text.split("x")))
                compare(arguments.benchmark, Path(folder), kind, shape, arguments.rounds)


if __name__ == "__main__":
    main()
