"""The navigation held against the pages: `nav` of mkdocs.yml names each of docs/*.md once, and nothing else."""

import re
from collections import Counter
from pathlib import Path

from places import ROOT

MADE = {"cookbook/index.md", "errors/index.md"}
CONFIG = "docs/site/mkdocs.yml"


def listed(config):
    """The pages that `nav` names. Read as lines, so that this needs nothing but Python."""
    nav = re.search(r"^nav:\n((?:[ \n].*\n?)+)", config, re.M)[1]
    return re.findall(r"^ +- (?:[^#\n:]+: *)?([\w/.-]+\.md)\b", nav, re.M)


def compare(config, pages):
    """What is wrong with the `nav` of the text `config`, where docs/ has `pages`: a line for each fault."""
    times = Counter(listed(config))
    missing = sorted(set(pages) - set(times))
    return ([f"docs/{page} stands in no navigation: add it to nav in {CONFIG}" for page in missing]
            + [f"{CONFIG} names {page}, which is not in docs/" for page in sorted(set(times) - set(pages) - MADE)]
            + [f"{CONFIG} names {page} {count} times" for page, count in sorted(times.items()) if count > 1])


def faults():
    pages = [file.name for file in (ROOT / "docs").glob("*.md")]
    return compare((ROOT / CONFIG).read_text(), pages)
