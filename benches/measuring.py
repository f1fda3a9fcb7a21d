"""Time and memory of whole processes, for the comparisons beside this file."""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Contender:
    name: str
    command: list
    seconds: list = field(default_factory=list)
    memory: list = field(default_factory=list)


def watch_anonymous(process, over, peak):
    """Samples what the process has of its own, without the files it has mapped."""
    status = Path(f"/proc/{process.pid}/status")
    while not over.wait(0.005):
        try:
            for line in status.read_text().splitlines():
                if line.startswith("RssAnon:"):
                    peak[0] = max(peak[0], int(line.split()[1]) * 1024)
        except (FileNotFoundError, ProcessLookupError):
            return


def measure(contender, out):
    """Runs it once on an absent output directory."""
    shutil.rmtree(out, ignore_errors=True)
    os.sync()
    said = tempfile.TemporaryFile()
    start = time.perf_counter()
    process = subprocess.Popen(contender.command, stdout=subprocess.DEVNULL, stderr=said)
    over, peak = threading.Event(), [0]
    watcher = threading.Thread(target=watch_anonymous, args=(process, over, peak))
    watcher.start()
    _, status = os.waitpid(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    over.set()
    watcher.join()
    if process.returncode != 0:
        said.seek(0)
        sys.stderr.write(said.read().decode(errors="replace"))
        raise SystemExit(f"{contender.name} ended with {process.returncode}: {contender.command}")
    return seconds, peak[0]


def machine():
    text = Path("/proc/cpuinfo").read_text()
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "").split()
    model = next((line.split(":")[1].strip() for line in text.splitlines() if "model name" in line), "")
    level = "AVX-512" if "avx512f" in flags else "AVX2" if "avx2" in flags else "no AVX2"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores of {model} ({level}), {memory:.0f} GiB, Linux {platform.release()}"


def file_system(directory):
    answer = subprocess.run(["stat", "-f", "-c", "%T", directory], capture_output=True, text=True)
    return answer.stdout.strip()
