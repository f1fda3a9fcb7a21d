"""Where a file of the repository stands on the site, and links that are written for the one, made to fit the other.

Pages are read in the repository as well, so their links name files there. The site has the same things in other places:

    docs/NAME.md                 NAME
    recipes/cookbook/README.md   cookbook/
    recipes/cookbook/NAME.yaml   cookbook/NAME
    recipes/NAME.yaml            recipes/NAME
    any other file or folder     files/PATH, a page that shows it
"""

import posixpath
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

FENCE = re.compile(r"^\s*(```|~~~)")
CODE_OR_LINK = re.compile(r"(?P<code>`+[^`]*`+)|\]\((?P<target>[^()\s]+)\)|(?<![\w\[/.])(?P<error>[EW]\d{3})\b(?!\])")


def page_of(path):
    """The page, as MkDocs names its source ("start.md"), that shows the file or folder `path` of the repository."""
    if path == "README.md":
        return "index.md"
    if path in ("recipes/cookbook", "recipes/cookbook/README.md"):
        return "cookbook/index.md"
    if path == "docs/errors":
        return "errors/index.md"
    if path.startswith("docs/") and path.endswith(".md"):
        return path.removeprefix("docs/")
    recipe = re.fullmatch(r"recipes/(cookbook/)?([\w.-]+)\.yaml", path)
    if recipe:
        return f"{recipe[1] or 'recipes/'}{recipe[2]}.md"
    return f"files/{path}.md"


def target_of(link, path):
    """(file of the repository, "#anchor" or "") that `link` on the page of file `path` leads to, or None where it leads
    out of the repository, stays on the page or leads nowhere."""
    if re.match(r"[a-z]+:|#|/", link):
        return None
    name, mark, anchor = link.partition("#")
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
    if target.startswith("..") or not (ROOT / target).exists():
        return None
    return target, mark + anchor


def prose_lines(markdown):
    """(line, True when it is prose and not a part of a fenced block) for every line."""
    fence = None
    for line in markdown.splitlines():
        opening = FENCE.match(line)
        yield line, fence is None and not opening
        if opening and fence is None:
            fence = opening[1]
        elif opening and line.strip() == fence:
            fence = None


def links_of(markdown):
    """The targets of all links in prose."""
    return [m["target"] for line, is_prose in prose_lines(markdown) if is_prose
            for m in CODE_OR_LINK.finditer(line) if m["target"]]


def title_of(path):
    """The first heading of a page."""
    return re.search(r"^# (.+)", (ROOT / path).read_text(), re.M)[1]


def with_titles(line, path):
    """`line` with links that are called as the file is called after the page's title."""
    def titled(match):
        target = target_of(match[1], path)
        return f"[{title_of(target[0])}]({match[2]}" if target else match[0]

    return re.sub(r"\[([\w-]+\.md)\]\((\1)", titled, line)


def with_links_of_the_site(markdown, path, page):
    """`markdown` of the file `path`, its links fit for `page`, and codes of errors as links to their pages. A link that
    leads nowhere stays as it is, and MkDocs says so."""
    def relative(other):
        return posixpath.relpath(other, posixpath.dirname(page) or ".")

    def rewritten(match):
        if match["error"] and (ROOT / f"docs/errors/{match['error']}.md").exists():
            target = relative(f"errors/{match['error']}.md")
            return f"[{match['error']}]({target})"
        target = match["target"] and target_of(match["target"], path)
        if not target:
            return match[0]
        file, anchor = target
        return f"]({relative(page_of(file))}{anchor})"

    lines = (CODE_OR_LINK.sub(rewritten, with_titles(line, path))
             if is_prose and not line.startswith(("#", "    ")) else line
             for line, is_prose in prose_lines(markdown))
    return "\n".join(lines) + "\n"
