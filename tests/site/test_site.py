"""The site is whole, and what says so can say no: each kind of fault is put in and must be found."""

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "build/site"
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "docs/site")]
sys.dont_write_bytecode = True

import check_links  # noqa: E402
import navigation  # noqa: E402
import places  # noqa: E402


def text_of(page):
    return re.sub(r"<[^>]+>", "", (SITE / page).read_text())


class Built(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        made = subprocess.run([ROOT / "scripts/site"], capture_output=True, text=True, check=False)
        if made.returncode:
            raise AssertionError(made.stdout + made.stderr)

    def test_every_error_has_a_page_and_stands_in_the_index(self):
        index = (SITE / "errors/index.html").read_text()
        for file in (ROOT / "docs/errors").glob("*.md"):
            self.assertTrue((SITE / f"errors/{file.stem}.html").is_file(), file.stem)
            self.assertIn(f'href="{file.stem}.html"', index)

    def test_every_recipe_has_a_page_with_its_text(self):
        recipes = sorted((ROOT / "recipes/cookbook").glob("*.yaml"))
        self.assertGreaterEqual(len(recipes), 30)
        for file in recipes:
            page = text_of(f"cookbook/{file.stem}.html")
            for line in ("inarch: 1", f"name: {file.stem}", f"inarch run recipes/cookbook/{file.name}"):
                self.assertIn(line, page, file.name)
            self.assertEqual((SITE / f"files/recipes/cookbook/{file.name}").read_text(), file.read_text())

    def test_transforms_and_recipes_lead_to_each_other(self):
        self.assertIn('href="cookbook/pad-vocabulary.html"', (SITE / "transforms.html").read_text())
        self.assertIn('href="../transforms.html#pad"', (SITE / "cookbook/pad-vocabulary.html").read_text())

    def test_words_for_tests_are_not_shown(self):
        self.assertNotIn("console test", text_of("start.html"))
        self.assertIn('<span class="filename">smaller.yaml</span>', (SITE / "start.html").read_text())


class Navigation(unittest.TestCase):
    config = "site_name: x\nnav:\n  - Start:\n      - index.md     # first\n      - Shown: a.md\n\ntheme: {}\n"

    def test_what_there_is(self):
        self.assertEqual(navigation.faults(), [])

    def test_a_page_in_no_navigation(self):
        faults = navigation.compare(self.config, ["index.md", "a.md", "locks.md"])
        self.assertEqual(faults, ["docs/locks.md stands in no navigation: add it to nav in docs/site/mkdocs.yml"])

    def test_a_page_that_is_not_there(self):
        self.assertEqual(navigation.compare(self.config, ["index.md"]),
                         ["docs/site/mkdocs.yml names a.md, which is not in docs/"])

    def test_a_page_twice(self):
        twice = self.config.replace("      - Shown: a.md\n", "      - Shown: a.md\n      - a.md\n")
        self.assertEqual(navigation.compare(twice, ["index.md", "a.md"]), ["docs/site/mkdocs.yml names a.md 2 times"])


class Links(unittest.TestCase):
    def faults(self, body):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "other.html").write_text('<h2 id="there">x</h2>')
            (Path(folder) / "page.html").write_text(f"<p id='here'>\n{body}")
            return check_links.faults_of(folder)[0]

    def test_good_ones(self):
        good = '<a href="other.html#there"></a><a href="#here"></a><a href="https://example.org/"></a><a href="other.html?q=1"></a>'
        self.assertEqual(self.faults(good), [])

    def test_no_such_file(self):
        self.assertEqual(self.faults('<a href="none.html">'), ["page.html:2: none.html: no such file"])

    def test_no_such_anchor(self):
        self.assertEqual(self.faults('<a href="other.html#gone">'), ["page.html:2: other.html#gone: no such anchor"])
        self.assertEqual(self.faults('<a href="#gone">'), ["page.html:2: #gone: no such anchor"])

    def test_out_of_the_site(self):
        self.assertEqual(self.faults('<a href="../x.html">'), ["page.html:2: ../x.html: leads out of the site"])

    def test_what_a_browser_would_fetch(self):
        for body in ('<script src="https://cdn.example/x.js">', '<link rel="stylesheet" href="//cdn.example/x.css">',
                     '<img src="http://cdn.example/x.png">'):
            self.assertRegex(self.faults(body)[0], "is fetched from elsewhere")


class Places(unittest.TestCase):
    def rewritten(self, markdown, path="docs/ci.md"):
        return places.with_links_of_the_site(markdown, path, places.page_of(path)).rstrip("\n")

    def test_links_to_what_has_another_place(self):
        self.assertEqual(self.rewritten("[x](../recipes/cookbook/soup.yaml)"), "[x](cookbook/soup.md)")
        self.assertEqual(self.rewritten("[x](../recipes/gemmoe-8x.yaml)"), "[x](recipes/gemmoe-8x.md)")
        self.assertEqual(self.rewritten("[x](../LICENSE)"), "[x](files/LICENSE.md)")
        self.assertEqual(self.rewritten("[x](../language.md#data)", "docs/errors/E167.md"), "[x](../language.md#data)")
        self.assertEqual(self.rewritten("[x](soup.yaml)", "recipes/cookbook/README.md"), "[x](soup.md)")

    def test_names_of_files_become_titles(self):
        self.assertEqual(self.rewritten("as [runtime.md](runtime.md) says"), "as [How a run works](runtime.md) says")

    def test_what_stays(self):
        for text in ("[x](none.md)", "[x](#here)", "[x](https://example.org)", "`[x](ci.md)`", "    [x](../LICENSE) E203",
                     "# E203: title", "[E203](errors/E203.md)", "E9999"):
            self.assertEqual(self.rewritten(text), text)

    def test_fenced_blocks_stay(self):
        text = "```yaml\n[x](../LICENSE) E203\n```"
        self.assertEqual(self.rewritten(text), text)

    def test_codes_are_links(self):
        self.assertEqual(self.rewritten("see E203."), "see [E203](errors/E203.md).")
        self.assertEqual(self.rewritten("see E203.", "docs/errors/E201.md"), "see [E203](E203.md).")


if __name__ == "__main__":
    unittest.main()
