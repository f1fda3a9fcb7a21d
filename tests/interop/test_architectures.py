"""Names and shapes that architecture files give, against what transformers writes.

Every case (architecture_cases) is a small model of one family, and several spellings of its config. For each
of them transformers and `inarch synth` must make the same tensors, and transformers must load every spelling
of the names. Run as a program, this file writes the cases to tests/unit/architecture/data, where the unit
tests read them without Python.
"""

import copy
import json
import sys
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import CONFIG_MAPPING

from architecture_cases import CASES
from harness import ROOT, described, inarch

DATA = ROOT / "tests" / "unit" / "architecture" / "data"


def spellings(case, saved):
    """The config as it was saved, and its other spellings."""
    yield "saved", saved
    for name, rewrite in case.rewrites.items():
        config = copy.deepcopy(saved)
        rewrite(config)
        yield name, config


def mark_buffers(model):
    """Zeros for parameters and ones for buffers: which is which shows under whatever names they are saved."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        for buffer in model.buffers():
            buffer.fill_(1)


def save(case, config, directory, dtype=torch.bfloat16, **options):
    """Names and shapes that transformers writes, the names of the buffers, and the config."""
    model = case.auto.from_config(copy.deepcopy(config)).to(dtype)
    mark_buffers(model)
    model.save_pretrained(directory, **options)
    tensors, buffers = {}, set()
    with safe_open(Path(directory) / "model.safetensors", "pt") as file:
        for name in file.keys():
            tensor = file.get_tensor(name)
            tensors[name] = list(tensor.shape)
            if tensor.any():
                buffers.add(name)
    saved = json.loads((Path(directory) / "config.json").read_text())
    tensors = {name: s for name, s in tensors.items() if case.component in name}
    return tensors, buffers, saved


def load_config(config):
    return CONFIG_MAPPING[config["model_type"]].from_dict(config)


@pytest.mark.parametrize("name", CASES)
def test_spellings_of_a_config_mean_the_same_model(name, tmp_path):
    case = CASES[name]
    tensors, buffers, saved = save(case, case.config, tmp_path / "saved")
    for spelling, config in spellings(case, saved):
        again, buffers_again, _ = save(case, load_config(config), tmp_path / spelling)
        assert (again, buffers_again) == (tensors, buffers), spelling


@pytest.mark.parametrize("name", CASES)
def test_synth_makes_the_tensors_that_transformers_makes(name, tmp_path):
    case = CASES[name]
    tensors, _, saved = save(case, case.config, tmp_path / "theirs")
    for spelling, config in spellings(case, saved):
        path = tmp_path / f"{spelling}.json"
        path.write_text(json.dumps(config))
        out = tmp_path / f"ours-{spelling}"
        options = ["--spelling", case.spelling] if case.spelling else []
        result = inarch(
            "synth", case.architecture, "--config", path, "-o", out, "--headers-only", *options
        )
        assert result.returncode == 0, described(result)
        assert header_only(out / "model.safetensors") == tensors, spelling


READABLE = [
    (name, spelling)
    for name, case in CASES.items()
    if not case.component
    for spelling in (case.spelling, *case.also_read, *filter(None, [case.in_memory]))
]


@pytest.mark.parametrize("name,spelling", READABLE, ids=lambda text: text or "usual")
def test_transformers_loads_what_synth_makes(name, spelling, tmp_path):
    case = CASES[name]
    _, _, saved = save(case, case.config, tmp_path / "theirs")
    (tmp_path / "config.json").write_text(json.dumps(saved))
    options = ["--spelling", spelling] if spelling else []
    out = tmp_path / "ours"
    result = inarch("synth", case.architecture, "--config", tmp_path / "config.json", "-o", out, *options)
    assert result.returncode == 0, described(result)
    _, loading = case.auto.from_pretrained(out, output_loading_info=True)
    assert not any(loading.values()), loading
    inspected = inarch("inspect", out, "--format", "json")
    assert inspected.returncode == 0, described(inspected)
    found = json.loads(inspected.stdout)["architecture"]
    assert (found["name"], found["spelling"] or "") == (case.architecture, spelling)
    assert found["named_by"] == "config" and found["agrees"], found


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.in_memory])
def test_synth_makes_the_tensors_that_transformers_has_in_memory(name, tmp_path):
    case = CASES[name]
    tensors, _, _ = save(case, case.config, tmp_path / "theirs", save_original_format=False)
    config, out = tmp_path / "theirs" / "config.json", tmp_path / "ours"
    options = ["--headers-only", "--spelling", case.in_memory]
    result = inarch("synth", case.architecture, "--config", config, "-o", out, *options)
    assert result.returncode == 0, described(result)
    assert header_only(out / "model.safetensors") == tensors


def holding(case, name, directory):
    """A checkpoint with the usual names, and the tensors that published files hold besides."""
    _, _, config = save(case, case.config, directory / "theirs")
    more = case.also_holds[name](config)
    (directory / "config.json").write_text(json.dumps(config))
    out = directory / "holding"
    result = inarch("synth", case.architecture, "--config", directory / "config.json", "-o", out)
    assert result.returncode == 0, described(result)
    with safe_open(out / "model.safetensors", "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    assert not tensors.keys() & more.keys()
    for tensor, shape in more.items():
        exact = tensor.endswith(("bias", "attn_sink")) or ".hc_" in tensor
        tensors[tensor] = torch.zeros(shape, dtype=torch.float32 if exact else torch.bfloat16)
    save_file(tensors, out / "model.safetensors", {"format": "pt"})
    return out


HOLDING = [(name, more) for name, case in CASES.items() for more in case.also_holds]


@pytest.mark.parametrize("name,more", HOLDING)
def test_transformers_asks_for_nothing_of_what_published_files_hold_besides(name, more, tmp_path):
    case = CASES[name]
    _, loading = case.auto.from_pretrained(holding(case, more, tmp_path), output_loading_info=True)
    del loading["unexpected_keys"]  # these tensors, some under names that they have in memory
    assert not any(loading.values()), loading


def every_checkpoint(case, directory):
    """As transformers writes it, under every spelling of its config and of its names."""
    _, _, saved = save(case, case.config, directory / "saved", torch.float32)
    yield directory / "saved"
    for spelling, config in spellings(case, saved):
        copied = directory / f"config-{spelling}"
        copied.mkdir()
        (copied / "config.json").write_text(json.dumps(config))
        (copied / "model.safetensors").hardlink_to(directory / "saved" / "model.safetensors")
        yield copied
    if case.in_memory:
        options = dict(dtype=torch.float32, save_original_format=False)
        save(case, case.config, directory / "in-memory", **options)
        yield directory / "in-memory"
    for spelling in case.also_read:
        out = directory / f"names-{spelling}"
        options = ["--spelling", spelling] if spelling else []
        config = directory / "saved" / "config.json"
        result = inarch("synth", case.architecture, "--config", config, "-o", out, *options)
        assert result.returncode == 0, described(result)
        yield out
    for name in case.also_holds:
        inside = directory / f"holding-{name}"
        inside.mkdir()
        yield holding(case, name, inside)


@pytest.mark.parametrize("architecture", sorted({case.architecture for case in CASES.values()}))
def test_the_cases_try_all_that_the_file_says(architecture, tmp_path):
    models = []
    for name, case in CASES.items():
        if case.architecture != architecture:
            continue
        (tmp_path / name).mkdir()
        models += every_checkpoint(case, tmp_path / name)
    result = inarch("check-arch", architecture, *models, "--format", "json")
    report = json.loads(result.stdout)
    assert [model for model in report["models"] if not model["agrees"]] == []
    assert report["untried"] == []
    assert result.returncode == 0, described(result)


def header_only(path):
    """Shapes of a file that may hold no data: safe_open would refuse it."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return {name: entry["shape"] for name, entry in header.items()}


@pytest.mark.parametrize("name", CASES)
def test_the_cases_of_the_unit_tests_are_up_to_date(name, tmp_path):
    assert json.loads((DATA / f"{name}.json").read_text()) == described_case(CASES[name], tmp_path)


def described_case(case, directory):
    tensors, buffers, saved = save(case, case.config, directory)
    for config in (saved, saved.get("text_config") or {}):
        config.pop("transformers_version", None)
    return {
        "architecture": case.architecture,
        "spelling": case.spelling,
        "component": case.component,
        "by_names": case.by_names or case.architecture,
        "configs": {name: config for name, config in spellings(case, saved)},
        "tensors": dict(sorted(tensors.items())),
        "buffers": sorted(buffers),
    }


def write_cases():
    import tempfile

    DATA.mkdir(parents=True, exist_ok=True)
    for name, case in CASES.items():
        with tempfile.TemporaryDirectory() as directory:
            described_one = described_case(case, directory)
        lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in described_one.items()]
        (DATA / f"{name}.json").write_text("{" + ",\n".join(lines) + "}\n")


if __name__ == "__main__":
    sys.exit(write_cases())
