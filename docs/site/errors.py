"""The index of codes: made of the first lines of docs/errors/, so that it has them all."""

import re

from places import ROOT

# The first code of a kind, and what the kind is about.
KINDS = [
    ("E101", "YAML"),
    ("E120", "The parts of a recipe"),
    ("E140", "Expressions"),
    ("E160", "Params, configs and tables"),
    ("E201", "Names: sources, patterns, rules and outputs"),
    ("E301", "Shapes and transforms"),
    ("E331", "Adapters"),
    ("E401", "Files of safetensors"),
    ("E420", "Checkpoints"),
    ("E436", "Encoded tensors"),
    ("E440", "Locks"),
    ("E501", "Targets"),
    ("E504", "Architectures"),
    ("E541", "Vocabularies"),
    ("E551", "mergekit's configurations"),
    ("E581", "Forward passes"),
    ("E591", "Tokenizers, prompts and mixtures"),
    ("E601", "Plans"),
    ("E701", "Reading, writing and runs"),
    ("E720", "Commands and values"),
    ("E800", "Checks of values"),
    ("E810", "Verification"),
    ("E821", "Checks of counts and presence"),
    ("E901", "Failures of inarch itself"),
    ("W", "Warnings"),
]


def titles():
    """[(code, title)] of all pages."""
    found = []
    for file in sorted((ROOT / "docs/errors").glob("*.md")):
        first = file.read_text().partition("\n")[0]
        found.append(re.fullmatch(r"# ([EW]\d+): (.+)", first).groups())
    return found


def index():
    """The Markdown of the index."""
    codes = titles()
    out = ["# Errors and warnings",
           "What inarch says is wrong has a code, and each code a page, which `inarch explain CODE` prints too: what it "
           f"means, how it comes about, and what to write instead. There are {len(codes)}."]
    for number, (first, kind) in enumerate(KINDS):
        end = KINDS[number + 1][0] if number + 1 < len(KINDS) else "X"
        rows = [f"| [{code}]({code}.md) | {title} |" for code, title in codes if first <= code < end]
        if rows:
            out.append("\n".join([f"## {kind}", "", "| code | |", "|---|---|", *rows]))
    return "\n\n".join(out) + "\n"
