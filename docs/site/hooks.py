"""What MkDocs does besides, for this site: pages that are made and not written, links as the repository has them, and a
navigation that is held against what there is."""

import sys
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

sys.path.insert(0, str(Path(__file__).parent))

import cookbook  # noqa: E402
import errors  # noqa: E402
import navigation  # noqa: E402
from places import FENCE, ROOT, links_of, page_of, target_of, with_links_of_the_site  # noqa: E402

# page -> the file of the repository whose links it has
written_as = {}
LANGUAGES = {".yaml": "yaml", ".py": "python", ".cpp": "cpp", ".h": "cpp", ".json": "json", ".txt": "cmake"}


def on_config(config):
    wrong = navigation.faults() + cookbook.faults()
    if wrong:
        raise PluginError("\n".join(wrong))
    add_recipes(config.nav)
    return config


def add_recipes(nav):
    """The cookbook's chapters, below its page."""
    section = next(entry["Cookbook"] for entry in nav if "Cookbook" in entry)
    section += [{heading: [page_of(path) for path, _, _ in rows]} for heading, rows in cookbook.chapters()]


def on_files(files, config):
    made = {"errors/index.md": errors.index()}
    for _, rows in cookbook.chapters():
        for path, same, what in rows:
            made[page_of(path)] = cookbook.page(path, same, what)
            made[f"files/{path}"] = (ROOT / path).read_text()
    readme = "recipes/cookbook/README.md"
    made[page_of(readme)] = (ROOT / readme).read_text()
    written_as[page_of(readme)] = readme
    for file in files.documentation_pages():
        written_as[file.src_uri] = f"docs/{file.src_uri}"
    for path in linked_files():
        add_file(made, path)
    for name, content in made.items():
        files.append(File.generated(config, name, content=content))
    return files


def linked_files():
    """Files and folders of the repository that pages lead to, and that have no other page."""
    found = set()
    for path in written_as.values():
        for link in links_of((ROOT / path).read_text()):
            target = target_of(link, path)
            if target and page_of(target[0]).startswith("files/"):
                found.add(target[0])
    return sorted(found)


def add_file(made, path):
    """The page of a file, with its text, or of a folder, with links to pages of its files; and the files."""
    if (ROOT / path).is_dir():
        inside = sorted(f for f in (ROOT / path).rglob("*") if f.is_file() and "__pycache__" not in f.parts)
        rows = [f"- [{f.relative_to(ROOT / path)}]({Path(path).name}/{f.relative_to(ROOT / path)}.md)" for f in inside]
        made[page_of(path)] = "\n".join([f"# {path}", "", *rows, ""])
        for file in inside:
            add_file(made, file.relative_to(ROOT).as_posix())
        return
    text = (ROOT / path).read_text()
    language = LANGUAGES.get(Path(path).suffix, "sh" if text.startswith("#!") else "text")
    fence = "`" * (4 if "```" in text else 3)
    link = f"[The file by itself]({Path(path).name})"
    made[page_of(path)] = f"# {path}\n\n{link}\n\n{fence}{language}\n{text.rstrip()}\n{fence}\n"
    made[f"files/{path}"] = text


def on_page_markdown(markdown, page, config, files):
    path = written_as.get(page.file.src_uri)
    if path:
        markdown = with_links_of_the_site(plain_fences(markdown), path, page.file.src_uri)
        if path == "docs/transforms.md":
            markdown = cookbook.with_recipes(markdown)
        if path.startswith("docs/errors/"):
            markdown += "\n[All errors and warnings](index.md)\n"
    return markdown


def plain_fences(markdown):
    """Fences without the words that only the tests of the documentation read; a file's name becomes a title."""
    def plain(line):
        opening = FENCE.match(line)
        words = line.strip().lstrip("`").split()
        if not opening or not words:
            return line
        titles = [f' title="{word[5:]}"' for word in words if word.startswith("name=")]
        return line[: opening.end()] + words[0] + "".join(titles)

    return "\n".join(plain(line) for line in markdown.splitlines()) + "\n"
