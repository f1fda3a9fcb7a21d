"""The pages of recipes: what the head of the file says, the commands, what the recipe is made of, and the recipe."""

import posixpath
import re

import yaml

from places import ROOT, page_of

ROW = re.compile(r"^\| \[(?P<name>[^\]]+)\]\((?P<link>[^)]+)\) \| (?P<same>=?) *\| (?P<what>.*) \|$")


def chapters():
    """[(heading, [(file of the repository, "=" or "", what it does)])], as the cookbook's README lists them."""
    found = []
    for line in (ROOT / "recipes/cookbook/README.md").read_text().splitlines():
        row = ROW.match(line)
        if line.startswith("## "):
            found.append((line[3:], []))
        elif row:
            path = posixpath.normpath(f"recipes/cookbook/{row['link']}")
            found[-1][1].append((path, row["same"], row["what"]))
    return [chapter for chapter in found if chapter[1]]


def faults():
    """What is wrong with the README's list: a recipe that stands in none of its tables."""
    listed = {path for _, rows in chapters() for path, _, _ in rows}
    files = [f.relative_to(ROOT).as_posix() for folder in ("recipes", "recipes/cookbook")
             for f in sorted((ROOT / folder).glob("*.yaml"))]
    return [f"{path} stands in no table of recipes/cookbook/README.md" for path in files if path not in listed]


def head_and_body(text):
    """The comment that a recipe begins with, without its marks, and the rest."""
    lines = text.splitlines()
    end = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    head = [line[1:].removeprefix(" ") for line in lines[:end] if "yaml-language-server" not in line]
    return "\n".join(head).strip("\n"), "\n".join(lines[end:]).strip("\n")


def kind_of(line):
    if re.match(r" +inarch ", line):
        return "sh"
    return "text" if re.match(r" {2,}\S|[\w, ]*\w {2,}\S", line) else "prose"


def as_markdown(head):
    """The head of a recipe: prose as it is, commands and small tables as blocks."""
    out = []
    for paragraph in re.split(r"\n\s*\n", head):
        runs = []
        for line in paragraph.splitlines():
            kind = kind_of(line)
            if not runs or runs[-1][0] != kind:
                runs.append((kind, []))
            runs[-1][1].append(line)
        for kind, lines in runs:
            out.append(prose(lines) if kind == "prose" else block(kind, lines))
    return "\n\n".join(out)


def block(language, lines):
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    return "\n".join([f"```{language}", *(line[margin:] for line in lines), "```"])


def prose(lines):
    text = "\n".join(re.sub(r"([*<])", r"\\\1", line) for line in lines)
    return re.sub(r"\n(?=- )", "\n\n", text, count=1)


def named_transforms():
    return re.findall(r"^### (\w+)$", (ROOT / "docs/transforms.md").read_text(), re.M)


def transforms_of(recipe, known):
    """The names of transforms that a recipe uses, in the order of the reference."""
    used = set()

    def walk(node, inside):
        if isinstance(node, str):
            used.update([node] if inside else re.findall(r"\| *(\w+)", node))
        elif isinstance(node, list):
            for item in node:
                walk(item, inside)
        elif isinstance(node, dict):
            if inside:
                used.update(node)
            for key, value in node.items():
                walk(value, not inside and key in ("apply", "combine", "init"))

    walk(yaml.safe_load(recipe), False)
    return [name for name in known if name in used]


def recipes_by_transform():
    """{transform: [(recipe's name, its page)]} over all that the cookbook lists."""
    known, found = named_transforms(), {}
    for _, rows in chapters():
        for path, _, _ in rows:
            for name in transforms_of((ROOT / path).read_text(), known):
                found.setdefault(name, []).append((posixpath.basename(path).removesuffix(".yaml"), page_of(path)))
    return found


def with_recipes(reference):
    """The reference of transforms, with links from each to the recipes that use it."""
    users = recipes_by_transform()

    def section(match):
        links = ", ".join(f"[{name}]({page})" for name, page in users.get(match[1], []))
        return match[0].rstrip() + (f"\n\nIn the cookbook: {links}.\n\n" if links else "\n\n")

    return re.sub(r"^### (\w+)\n(?:(?!^##).*\n?)*", section, reference, flags=re.M)


def uses(page, names):
    folder = posixpath.dirname(page)
    up = posixpath.relpath("transforms.md", folder)
    return ", ".join(f"[{name}]({up}#{name})" for name in names)


def page(path, same, what):
    """The Markdown of a recipe's page."""
    text = (ROOT / path).read_text()
    head, body = head_and_body(text)
    name = posixpath.basename(path).removesuffix(".yaml")
    page = page_of(path)
    parts = [f"# {name}", as_markdown(head) or f"{what[0].upper()}{what[1:]}."]
    if same:
        parts.append('!!! success ""\n    Keeps the function: the result computes what the model did, up to rounding.')
    names = transforms_of(text, named_transforms())
    if names:
        parts.append(f"Transforms: {uses(page, names)}.")
    raw = posixpath.relpath(f"files/{path}", posixpath.dirname(page))
    parts.append(f"## The recipe\n\n[The file by itself]({raw})")
    parts.append(f"```yaml title=\"{path}\"\n{body}\n```")
    return "\n\n".join(parts) + "\n"
