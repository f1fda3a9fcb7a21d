"""Pages of plans and comparisons in a real browser, and graphs in Graphviz.

The browser is Debian's chromium, which scripts/test installs; without one these tests are skipped.
"""

import contextlib
import importlib.util
import json
import shutil
import subprocess
import time

import pytest
import torch
from harness import ROOT, described, inarch, write_recipe
from safetensors.torch import load_file, save_file

CHROMIUM = shutil.which("chromium")
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium")
needs_graphviz = pytest.mark.skipif(shutil.which("dot") is None, reason="no dot: apt-get install graphviz")

CONFIG = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "torch_dtype": "bfloat16",
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 12,
    "vocab_size": 64,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
RECIPE = """\
inarch: 1
name: half-the-layers
sources:
  a: { path: a }
  b: { path: b }
tensors:
  # Every second layer.
  - from: "a:model.layers.{i}.{rest...}"
    to: "model.layers.${i // 2}.{rest}"
    where: i % 2 == 0 and not starts_with(rest, 'mlp')
  - from: [ "a:model.layers.{i}.mlp.{m}.weight", "b:model.layers.{i}.mlp.{m}.weight" ]
    to: "model.layers.${i // 2}.mlp.{m}.weight"
    where: i % 2 == 0
    combine: { linear: [0.5, 0.5] }
  - { from: "a:{name...}", to: "{name}", where: "not starts_with(name, 'model.layers')" }
"""
HOSTILE = [
    "</script><script>window.owned = 1</script>",
    '<img src=x onerror="window.owned = 1">.0.w',
    '"); digraph {',
    "a\\nb\\\\",
    "\u202egnp.weight",
    "{{data}}.1.w",
    "é.2.w",
]


def ran(*arguments, cwd, code=0):
    result = inarch(*arguments, cwd=cwd)
    assert result.returncode == code, described(result)
    return result.stdout


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    directory = tmp_path_factory.mktemp("pages")
    (directory / "config.json").write_text(json.dumps(CONFIG))
    for seed, name in enumerate("ab"):
        ran("synth", "llama", "--config", "config.json", "-o", name, "--seed", seed, cwd=directory)
    write_recipe(directory, RECIPE)
    ran("plan", "recipe.yaml", "--graph", "html", "-o", "plan.html", "--jobs", 2, cwd=directory)
    ran("plan", "recipe.yaml", "-o", "plan.json", cwd=directory)
    return directory


@pytest.fixture(scope="module")
def outputs(models):
    return [output["name"] for output in json.loads((models / "plan.json").read_text())["outputs"]]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    directory = tmp_path_factory.mktemp("hostile")
    for name in "ab":
        (directory / name).mkdir()
        save_file({n: torch.full((4, 4), float(k)) for k, n in enumerate(HOSTILE + [name])}, directory / name / "model.safetensors")
    write_recipe(directory, "inarch: 1\nname: '</title><b>'\nsources: { a: { path: a } }\ntensors:\n  - { from: \"a:{name...}\", to: \"{name}\" }  # </script>\n")
    return directory


@pytest.fixture(scope="module")
def browser():
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        # Tests run as root in containers, where chromium has no sandbox to offer.
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


def until(happened, seconds=10):
    """The page's policy forbids what playwright's own waiting is made of."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


@contextlib.contextmanager
def opened(browser, path, scheme="light", anchor=""):
    """The page, which must complain of nothing and ask for nothing but itself."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    complaints, requests = [], []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(f"file://{path}{anchor}", timeout=120_000)
    until(lambda: page.inner_text("#status"))
    yield page
    assert complaints == []
    assert set(requests) == {page.url.partition("#")[0]}
    context.close()


def names(page):
    """Of the rows in sight, in their order."""
    return page.eval_on_selector_all(
        "#tree .row", "rows => rows.sort((a, b) => a.offsetTop - b.offsetTop).map(r => (r.querySelector('.name').title || r.querySelector('.name').textContent))"
    )


def to_tensors(page):
    page.evaluate("document.getElementById('tensors').scrollIntoView()")
    page.wait_for_selector("#tree .row")


def searched(page, query):
    page.fill("#search", query)
    page.wait_for_timeout(300)  # the page waits for the end of a word
    until(lambda: " of " in page.inner_text("#status"))
    return page.inner_text("#status")


def row(page, name):
    return page.locator(f'#tree .row:has(.name[title="{name}"])').first


@needs_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_themes(browser, models, scheme):
    with opened(browser, models / "plan.html", scheme) as page:
        assert page.title() == "half-the-layers · inarch plan"
        paper = "getComputedStyle(document.documentElement).backgroundColor"
        before = page.evaluate(paper)
        brightness = sum(int(part) for part in before[4:-1].split(","))
        assert (brightness > 600) == (scheme == "light"), before
        page.click("#theme")
        after = page.evaluate(paper)
        assert after != before
        page.reload()
        assert page.evaluate(paper) == after, "a choice is kept"


@needs_browser
def test_facts_are_those_of_the_plan(browser, models):
    summary = json.loads(ran("plan", "recipe.yaml", "--jobs", 2, "--format", "json", cwd=models))
    with opened(browser, models / "plan.html") as page:
        facts = page.inner_text("#facts")
        for number in (summary["tensors"], summary["parameters"]):
            assert f"{number:,}" in facts
        files = page.inner_text("#files")
        assert "a\n" in files.replace(" ", "\n") and "1 shard" in files and "config.json" not in files
        flow = page.text_content("#flow svg")
        assert "0.5 · x + 0.5 · y" in flow and "copied" in flow and "layers 0–5 · mlp" in flow


@needs_browser
def test_search(browser, models, outputs):
    with opened(browser, models / "plan.html") as page:
        wanted = sorted(n for n in outputs if "mlp" in n and "up" in n)
        assert searched(page, "UP mlp") == f"{len(wanted)} of {len(outputs)} tensors"
        assert sorted(names(page)) == wanted
        assert page.locator("#tree mark").first.inner_text() in ("up", "mlp")
        page.keyboard.press("Escape")
        assert f"{len(outputs)} tensors" in page.inner_text("#status")
        assert searched(page, "layers.1.*proj").startswith("7 of")
        page.keyboard.press("Escape")
        assert searched(page, "no such tensor").startswith("0 of")
        assert "No tensor" in page.inner_text("#tree")
        page.keyboard.press("Escape")
        assert searched(page, ".").startswith(f"{sum('.' in n for n in outputs)} of"), "every name is there"


@needs_browser
def test_what_repeats_is_there_once_and_can_be_taken_apart(browser, models):
    with opened(browser, models / "plan.html") as page:
        to_tensors(page)
        page.click("#collapse")
        roots = names(page)
        assert roots == ["lm_head.weight", "model"]
        row(page, "model").locator(".caret").click()
        assert "model.layers.{0–5}" in names(page)
        layers = row(page, "model.layers.{0–5}")
        layers.locator("button", has_text="×6").click()
        assert [f"model.layers.{i}" for i in range(6)] == [n for n in names(page) if n.startswith("model.layers.") and "{" not in n]
        row(page, "model.layers.4").locator(".caret").click()
        assert "model.layers.4.input_layernorm.weight" in names(page)


@needs_browser
def test_click_through_to_the_rule(browser, models):
    with opened(browser, models / "plan.html") as page:
        searched(page, "layers.4.mlp.up_proj")
        page.locator("#tree .row").first.click()
        detail = page.inner_text("#detail")
        assert "model.layers.4.mlp.up_proj.weight" in detail
        assert "bf16 [48, 32]" in detail
        sources = page.eval_on_selector_all("#detail .operands .mono", "nodes => nodes.map(n => n.textContent)")
        assert sources == ["model.layers.8.mlp.up_proj.weight"] * 2
        assert "0.5 · x + 0.5 · y of a, b" in detail.replace("  ", " ")
        lit = page.eval_on_selector_all("#recipe .line.lit", "nodes => nodes.map(n => [Number(n.querySelector('.no').textContent), n.querySelector('.code').textContent])")
        lines = RECIPE.splitlines()
        assert lit == [[k, lines[k - 1]] for k in range(11, 15)]
        # and from the rule to what it makes
        page.keyboard.press("Escape")
        page.locator("#recipe .line.ruled", has_text="Every second layer").click()
        assert page.inner_text("#status").startswith("36 of")
        page.click("#filter button")
        assert " of " not in page.inner_text("#status")


@needs_browser
def test_keys(browser, models):
    with opened(browser, models / "plan.html") as page:
        to_tensors(page)
        page.click("#collapse")
        page.focus("#tree")
        for key in ("ArrowDown", "ArrowRight", "ArrowDown", "ArrowDown"):
            page.keyboard.press(key)
        at = page.locator("#tree .row.at .name").get_attribute("title")
        assert at == "model.layers.{0–5}"
        assert page.get_attribute("#tree", "aria-activedescendant") == page.locator("#tree .row.at").get_attribute("id")
        page.keyboard.press("e")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        assert page.inner_text("#detail h2") == "model.layers.0"
        assert page.locator("#tree .row.chosen").get_attribute("aria-level") == "3"
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        assert page.locator("#tree .row.at .name").get_attribute("title") == "model"
        page.keyboard.press("/")
        page.keyboard.type("norm")
        until(lambda: " of " in page.inner_text("#status"))
        page.keyboard.press("Escape")
        assert " of " not in page.inner_text("#status")


@needs_browser
def test_memory_chart(browser, models, outputs):
    summary = json.loads(ran("plan", "recipe.yaml", "--jobs", 2, "--format", "json", cwd=models))
    with opened(browser, models / "plan.html") as page:
        assert page.locator("#memory path.edge").get_attribute("d").count("L") > 10
        assert f"at most {summary['peak_memory'] / 2**20:.1f} MiB" in page.inner_text("#memory")
        page.focus("#memory svg")
        page.keyboard.press("ArrowRight")
        said = page.inner_text(".tip")
        assert "MiB" in said and any(name in said for name in outputs)
        page.keyboard.press("Enter")
        assert page.inner_text("#detail h2") in outputs
        assert page.get_attribute("#memory .here", "visibility") == "visible"


@needs_browser
def test_an_address_names_a_tensor(browser, models):
    with opened(browser, models / "plan.html", anchor="#tensor=model.layers.3.self_attn.q_proj.weight") as page:
        assert page.inner_text("#detail h2") == "model.layers.3.self_attn.q_proj.weight"
        assert page.inner_text("#detail .operands .mono") == "model.layers.6.self_attn.q_proj.weight"


@needs_browser
def test_a_plan_file_shows_no_recipe(browser, models, tmp_path):
    page_file = tmp_path / "from-plan.html"
    ran("plan", "plan.json", "--graph", "html", "-o", page_file, cwd=models)
    with opened(browser, page_file, anchor="#tensor=model.norm.weight") as page:
        assert "is not shown" in page.inner_text("#recipe")
        assert page.inner_text("#detail .operands .mono") == "model.norm.weight"


@needs_browser
def test_hostile_names(browser, hostile):
    ran("plan", "recipe.yaml", "--graph", "html", "-o", "plan.html", cwd=hostile)
    ran("diff", "a", "b", "--html", "diff.html", cwd=hostile, code=1)
    for name in ("plan.html", "diff.html"):
        with opened(browser, hostile / name) as page:
            to_tensors(page)
            page.wait_for_timeout(200)
            assert page.evaluate("window.owned") is None
            assert page.locator("img").count() == 0
            text = page.inner_text("#tree")
            assert "</script>" in text and "<img src=x" in text
            assert "\u202e" not in text and "\\u{202e}" in text


@needs_browser
def test_diff(browser, models, tmp_path):
    changed = load_file(models / "a" / "model.safetensors")
    far, near = "model.layers.3.mlp.up_proj.weight", "model.layers.7.mlp.up_proj.weight"
    changed[far] = changed[far] + 1
    changed[near] = changed[near] + 1e-3
    gone = "model.layers.11.self_attn.q_proj.weight"
    del changed[gone]
    changed["added.weight"] = torch.zeros(3)
    changed["model.layers.5.input_layernorm.weight"] = torch.zeros(7, dtype=torch.bfloat16)
    (tmp_path / "b").mkdir()
    save_file(changed, tmp_path / "b" / "model.safetensors")
    ran("diff", models / "a", "b", "--html", "diff.html", cwd=tmp_path, code=1)
    with opened(browser, tmp_path / "diff.html") as page:
        counts = [int(text) for text in page.locator("#kinds strong").all_inner_texts()]
        assert counts == [1, 1, 1, 0, 2, len(changed) - 4]
        label = page.locator(f'#heat rect[aria-label^="{far},"]').get_attribute("aria-label")
        assert "other values" in label and "relative distance" in label
        assert "only in A" in page.locator(f'#heat rect[aria-label^="{gone},"]').get_attribute("aria-label")
        page.locator("#kinds button", has_text="other values").click()
        to_tensors(page)
        assert [n.split("\n")[0] for n in names(page)] == [far, near], "the farthest first"
        page.locator("#kinds button", has_text="other values").click()
        page.locator(f'#heat rect[aria-label^="{gone},"]').click()
        assert names(page) == [gone]
        page.click("#filter button")
        assert searched(page, "layers.5. norm").startswith("2 of")


@pytest.fixture(scope="module")
def pro(tmp_path_factory):
    """The page of the recipe of docs/deepseek-v4-pro.md for the whole model."""
    spec = importlib.util.spec_from_file_location("v4_headers", ROOT / "benches" / "deepseek_v4.py")
    headers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(headers)
    directory = tmp_path_factory.mktemp("pro")
    headers.write_model(directory / "pro")
    recipe = ROOT / "recipes" / "deepseek-v4-pro-rank-64.yaml"
    given = ("--source", "pro=pro", "--memory", "4GiB", "--jobs", 4)
    ran("plan", recipe, *given, "--graph", "html", "-o", "plan.html", cwd=directory)
    ran("plan", recipe, *given, "--graph", "dot", "-o", "plan.dot", cwd=directory)
    return directory


@needs_browser
def test_145_000_tensors(browser, pro):
    assert (pro / "plan.html").stat().st_size < 2_000_000
    with opened(browser, pro / "plan.html") as page:
        assert "145,298" in page.inner_text("#facts")
        assert page.locator("*").count() < 4000
        assert searched(page, "layers.60.ffn.experts w1") == "768 of 145,298 tensors"
        assert searched(page, "layers.60.ffn.experts.383.w1.A") == "1 of 145,298 tensors"
        page.locator("#tree .row").first.click()
        assert page.inner_text("#detail h2") == "layers.60.ffn.experts.383.w1.ALinear.weight"
        assert page.inner_text("#detail .operands .mono") == "layers.60.ffn.experts.383.w1.weight"
        page.keyboard.press("Escape")
        page.click("#expand")
        assert page.locator("*").count() < 4000


def drawn(dot_file):
    result = subprocess.run(["dot", "-Tsvg", dot_file], capture_output=True, text=True, timeout=300)
    assert result.returncode == 0 and result.stderr == "", result.stderr
    return result.stdout


@needs_graphviz
def test_graphviz_reads_it(models, hostile):
    ran("plan", "recipe.yaml", "--graph", "dot", "-o", "plan.dot", cwd=models)
    picture = drawn(models / "plan.dot")
    assert "layers 0–5 ×6" in picture and "0.5 · x + 0.5 · y" in picture
    assert picture.count('class="cluster"') >= 4
    ran("plan", "recipe.yaml", "--graph", "dot", "-o", "plan.dot", cwd=hostile)
    assert drawn(hostile / "plan.dot").count('class="node"') == len(HOSTILE) + 2


@needs_graphviz
def test_graphviz_reads_145_000_tensors(pro):
    assert 50 < drawn(pro / "plan.dot").count('class="node"') < 1000
