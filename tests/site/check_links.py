#!/usr/bin/env python3
"""Follows every link of a site of HTML files: to a file that is there, to an anchor that the page has, and nothing that a
browser would fetch from elsewhere.

    check_links.py FOLDER
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Attributes that make a browser fetch something. An <a href> does not: it is the reader who goes there.
FETCHED = {("link", "href"), ("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("use", "href")}
FETCHING_LINKS = {"stylesheet", "icon", "preload", "preconnect", "manifest", "modulepreload"}


class Page(HTMLParser):
    """The anchors of a page, and its links as (line, address, whether a browser fetches it by itself)."""

    def __init__(self, text):
        super().__init__()
        self.anchors = set()
        self.links = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        has = dict(attributes)
        self.anchors.update(has[key] for key in ("id", "name") if has.get(key))
        for key in ("href", "src"):
            if has.get(key) is not None:
                fetched = (tag, key) in FETCHED and (tag != "link" or not FETCHING_LINKS.isdisjoint(has.get("rel", "").split()))
                self.links.append((self.getpos()[0], has[key], fetched))


def faults_of(folder):
    """A line for each link that leads nowhere, and each thing fetched from elsewhere; and how many links there are."""
    root = Path(folder).resolve()
    pages = {file: Page(file.read_text()) for file in sorted(root.rglob("*.html"))}
    faults, count = [], 0
    for file, page in pages.items():
        if file.name == "404.html":
            continue  # its links are from the root of a server, wherever it is shown
        for line, address, fetched in page.links:
            count += 1
            wrong = fault(root, pages, file, address, fetched)
            if wrong:
                faults.append(f"{file.relative_to(root)}:{line}: {address}: {wrong}")
    return faults, count, len(pages)


def fault(root, pages, file, address, fetched):
    parts = urlsplit(address)
    if parts.scheme in ("data", "mailto", "javascript"):
        return None
    if parts.scheme or parts.netloc:
        return "is fetched from elsewhere" if fetched else None
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if target.is_dir():
        target = target / "index.html"
    if not target.is_relative_to(root):
        return "leads out of the site"
    if not target.is_file():
        return "no such file"
    anchor = unquote(parts.fragment)
    if anchor and target in pages and anchor not in pages[target].anchors:
        return "no such anchor"
    return None


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    faults, links, pages = faults_of(sys.argv[1])
    if not pages:
        faults.append(f"{sys.argv[1]}: no pages")
    print("\n".join([*faults, f"{pages} pages, {links} links, {len(faults)} faults"]))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
