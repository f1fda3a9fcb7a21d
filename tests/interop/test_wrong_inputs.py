"""Inputs that must be refused, and runs that end before they are done: nothing is left half-made."""

import os
import signal
import subprocess
import time

import bad_checkpoints as bad
import pytest
import torch
from harness import INARCH, build, copy_recipe, described, files, inarch, tree, write_recipe
from safetensors import safe_open
from safetensors.torch import load_file, save_file


def refused(result, *named):
    """Exit code 1 and a diagnostic with a code that names what it is about."""
    text = result.stdout + result.stderr
    assert result.returncode == 1, described(result)
    assert "error[E" in text, described(result)
    assert "\x1b" not in text and "\x07" not in text, "control characters reached the terminal"
    assert len(text) < 20_000, f"{len(text)} bytes of message"
    for name in named:
        assert name in text, f"{name!r} is not named\n{described(result)}"


@pytest.mark.parametrize("case", bad.ALL.values(), ids=bad.ALL.keys())
def test_bad_checkpoint(tmp_path, case):
    model = tmp_path / "model"
    model.mkdir()
    source = case.make(model) or model
    recipe = copy_recipe(tmp_path, source)
    before = tree(tmp_path)
    refused(inarch("run", recipe, "-o", tmp_path / "out", timeout=60), case.named)
    assert tree(tmp_path) == before, "something was left behind"
    refused(inarch("check", recipe, timeout=60), case.named)
    refused(inarch("inspect", source, timeout=60), case.named)


def test_leading_space_is_accepted(tmp_path):
    """The format's own tests allow it; nobody should write it."""
    header = b'   \n {"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}'
    (tmp_path / bad.FILE).write_bytes(bad.encode(header, bytes(range(16))))
    out = build(copy_recipe(tmp_path, tmp_path), tmp_path / "out")
    (shard,) = out.glob("*.safetensors")
    data = shard.read_bytes()
    assert data[8:9] == b"{" and data.endswith(bytes(range(16)))


def test_wrong_total_size_is_a_warning(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(bad.GOOD)
    bad.index(tmp_path, {"w": "a.safetensors"}, size=17)
    recipe = copy_recipe(tmp_path, tmp_path)
    result = inarch("run", recipe, "-o", tmp_path / "out")
    assert result.returncode == 0, described(result)
    assert "warning[W" in result.stderr + result.stdout, described(result)


def test_hostile_name_is_copied_and_escaped(tmp_path):
    save_file({bad.ESCAPES: torch.ones(3)}, tmp_path / bad.FILE)
    shown = inarch("inspect", tmp_path)
    assert shown.returncode == 0, described(shown)
    assert "\x1b" not in shown.stdout and "owned" in shown.stdout
    out = build(copy_recipe(tmp_path, tmp_path), tmp_path / "out")
    assert list(load_file(out / "model.safetensors")) == [bad.ESCAPES]


def test_no_code_of_a_model_is_carried_or_run(tmp_path):
    model = tmp_path / "model"
    model.mkdir()
    (model / bad.FILE).write_bytes(bad.GOOD)
    (model / "modeling_evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    (model / "config.json").write_text('{"auto_map": {"AutoModel": "modeling_evil.Evil"}}')
    out = build(copy_recipe(tmp_path, model), tmp_path / "out")
    assert not (tmp_path / "ran").exists()
    assert not list(out.glob("*.py"))


@pytest.mark.parametrize("way", ["same", "link", "around"])
def test_output_over_a_source(tmp_path, way):
    model = tmp_path / "around" / "model"
    model.mkdir(parents=True)
    (model / bad.FILE).write_bytes(bad.GOOD)
    (tmp_path / "link").symlink_to(model)
    recipe = copy_recipe(tmp_path, model)
    out = {
        "same": model,
        "link": tmp_path / "link",
        "around": tmp_path / "around",
    }[way]
    before = tree(tmp_path)
    result = inarch("run", recipe, "-o", out, "--force")
    assert result.returncode in (1, 2), described(result)
    assert tree(tmp_path) == before
    assert (model / bad.FILE).read_bytes() == bad.GOOD


def test_existing_output_is_kept(tmp_path):
    save_file({"a": torch.ones(3)}, tmp_path / bad.FILE)
    out = tmp_path / "out"
    out.mkdir()
    (out / "precious").write_text("mine")
    recipe = copy_recipe(tmp_path, tmp_path / bad.FILE)
    result = inarch("run", recipe, "-o", out)
    assert result.returncode in (1, 2), described(result)
    assert tree(out) == {"precious"}
    build(recipe, out, "--force")
    assert "precious" not in tree(out) and "model.safetensors" in tree(out)


def test_same_run_again_does_nothing(tmp_path):
    save_file({"a": torch.ones(3)}, tmp_path / bad.FILE)
    recipe = copy_recipe(tmp_path, tmp_path / bad.FILE)
    out = build(recipe, tmp_path / "out")
    stamps = {path.name: path.stat().st_mtime_ns for path in out.iterdir()}
    build(recipe, out)
    assert {path.name: path.stat().st_mtime_ns for path in out.iterdir()} == stamps


MEBI = 1 << 20
HALVE = """\
inarch: 1
name: halve
sources: {{ a: {{ path: "{path}" }} }}
tensors:
  - from: "a:{{name...}}"
    to: "{{name}}"
    apply: [ {{ rescale: 0.5 }} ]
output: {{ shard_size: 100MiB }}
"""

RANK_64 = """\
inarch: 1
name: rank-64
sources: {{ a: {{ path: "{path}" }} }}
tensors:
  - from: "a:{{name...}}"
    to: {{ left: "{{name}}.A", right: "{{name}}.B" }}
    apply: [ {{ low_rank: {{ rank: 64, method: exact }} }} ]
output: {{ shard_size: 2MiB }}
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A recipe with a model of 640 MiB: long enough to be interrupted."""
    directory = tmp_path_factory.mktemp("large")
    (directory / "model").mkdir()
    generator = torch.Generator().manual_seed(1)
    block = torch.randn(8 * MEBI // 4, generator=generator)
    tensors = {f"layers.{k}.weight": (block + k).reshape(1024, -1) for k in range(80)}
    save_file(tensors, directory / "model" / bad.FILE)
    return write_recipe(directory, HALVE.format(path=directory / "model"))


@pytest.fixture(scope="module")
def undisturbed(large):
    """Its result and how long it took."""
    began = time.monotonic()
    out = build(large, large.parent / "undisturbed")
    return out, time.monotonic() - began


def has_begun(folder):
    """True once a shard lies in the folder of a run's work, which publishing may rename while we look."""
    try:
        return any(folder.glob(".*/*.safetensors"))
    except FileNotFoundError:
        return True


def stopped(recipe, out, sign, seconds):
    """Runs and sends a signal some time after the first shard is begun: exit code and output."""
    process = subprocess.Popen(
        [INARCH, "run", recipe, "-o", out],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    while process.poll() is None and not has_begun(out.parent):
        time.sleep(0.001)
    time.sleep(seconds)
    process.send_signal(sign)
    said, _ = process.communicate(timeout=60)
    return process.returncode, said


def killed_after(recipe, out, seconds):
    """True when the run had not come to its end."""
    return stopped(recipe, out, signal.SIGKILL, seconds)[0] == -signal.SIGKILL


def test_resume_after_kills_gives_the_same_bytes(large, undisturbed, tmp_path):
    wanted, seconds = undisturbed
    out = tmp_path / "out"
    kills = 0
    for fraction in (0.0, 0.2, 0.1, 0.4, 0.6):
        if killed_after(large, out, fraction * seconds):
            kills += 1
            assert not out.exists(), "a killed run published"
    assert kills > 0, "every run came to its end before it could be killed"
    build(large, out)
    same = files(out, without=("manifest.json",)) == files(wanted, without=("manifest.json",))
    assert same, "not the bytes of the undisturbed run"
    assert tree(tmp_path) == {"out"} | {f"out/{name}" for name in tree(out)}
    verified = inarch("verify", out)
    assert verified.returncode == 0, described(verified)


def test_values_of_the_large_model(large, undisturbed):
    out, _ = undisturbed
    with safe_open(large.parent / "model" / bad.FILE, "pt") as source:
        for shard in out.glob("*.safetensors"):
            for name, found in load_file(shard).items():
                assert torch.equal(found, source.get_tensor(name) * 0.5), name


def test_changed_source_is_never_mixed_in(tmp_path):
    """Killed, then resumed with another model of the same names and sizes: all of it is new."""
    model = tmp_path / "model"
    model.mkdir()
    tensors = {f"layers.{k}.weight": torch.full((1024, 2048), float(k)) for k in range(80)}
    save_file(tensors, model / bad.FILE)
    recipe = write_recipe(tmp_path, HALVE.format(path=model))
    out = tmp_path / "out"
    assert killed_after(recipe, out, 0.1)
    save_file({name: tensor + 1000 for name, tensor in tensors.items()}, model / bad.FILE)
    build(recipe, out)
    for shard in out.glob("*.safetensors"):
        for name, found in load_file(shard).items():
            assert torch.equal(found, (tensors[name] + 1000) * 0.5), name


def test_interrupt_can_be_resumed(tmp_path):
    """Soon after the first shard is begun, with seconds of calculation left: it is not over before the signal arrives."""
    (tmp_path / "model").mkdir()
    generator = torch.Generator().manual_seed(1)
    tensors = {f"layers.{k}.weight": torch.randn(1024, 1024, generator=generator) for k in range(16)}
    save_file(tensors, tmp_path / "model" / bad.FILE)
    recipe = write_recipe(tmp_path, RANK_64.format(path=tmp_path / "model"))
    wanted = build(recipe, tmp_path / "undisturbed")
    out = tmp_path / "out"
    code, said = stopped(recipe, out, signal.SIGINT, 0.05)
    assert code == 130, said
    assert not out.exists()
    assert "resume" in said or "again" in said, said
    build(recipe, out)
    assert files(out, without=("manifest.json",)) == files(wanted, without=("manifest.json",))


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 MiB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount")
    mount = tmp_path / "disk"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", mount]
    if subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("cannot mount a tmpfs here")
    yield mount
    subprocess.run(["umount", mount], check=True)


def test_full_disk(large, small_disk):
    result = inarch("run", large, "-o", small_disk / "out")
    assert result.returncode == 2, described(result)
    assert "error[E" in result.stderr + result.stdout, described(result)
    assert tree(small_disk) == set(), "something was left on the full disk"


def test_disk_that_fills_up_during_the_run(large, small_disk, tmp_path):
    """What fits at first need not fit in the end: another program writes as well."""
    (small_disk / "hog").write_bytes(bytes(40 * MEBI))
    source = tmp_path / "model"
    source.mkdir()
    save_file({"a.weight": torch.ones(8 * MEBI)}, source / bad.FILE)
    recipe = write_recipe(tmp_path, HALVE.format(path=source))
    result = inarch("run", recipe, "-o", small_disk / "out")
    assert result.returncode == 2, described(result)
    assert tree(small_disk) == {"hog"}


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_standard_output_that_is_full(tmp_path):
    (tmp_path / bad.FILE).write_bytes(bad.GOOD)
    with open("/dev/full", "w") as full:
        result = subprocess.run([INARCH, "inspect", tmp_path], stdout=full, stderr=subprocess.PIPE)
    assert result.returncode == 2


def test_two_runs_at_once(large, undisturbed, tmp_path):
    wanted, _ = undisturbed
    out = tmp_path / "out"
    runs = [
        subprocess.Popen([INARCH, "run", large, "-o", out], stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    for process in runs:
        process.communicate(timeout=120)
    codes = sorted(process.returncode for process in runs)
    assert codes in ([0, 0], [0, 75]), codes
    assert files(out, without=("manifest.json",)) == files(wanted, without=("manifest.json",))


def test_locale_and_environment_do_not_matter(tmp_path, monkeypatch):
    save_file({"a": torch.arange(6.0)}, tmp_path / bad.FILE)
    recipe = write_recipe(tmp_path, HALVE.format(path=tmp_path / bad.FILE))
    first = build(recipe, tmp_path / "first")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("TZ", "Pacific/Chatham")
    second = build(recipe, tmp_path / "second")
    assert files(first, without=("manifest.json",)) == files(second, without=("manifest.json",))
