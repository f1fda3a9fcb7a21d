"""The rows of embeddings and heads in another vocabulary, in float64: what `tokenizer_source` and `tokenizer:` say."""

import json
from dataclasses import dataclass

import numpy as np

EMBEDDINGS = ("embed_tokens.weight", "lm_head.weight", "wte.weight")


def tokens_of(directory):
    """Token to id, from tokenizer.json."""
    tokenizer = json.loads((directory / "tokenizer.json").read_text())
    added = {each["content"]: each["id"] for each in tokenizer["added_tokens"]}
    return {**tokenizer["model"]["vocab"], **added}


@dataclass
class Vocabulary:
    wanted: dict  # token to id, of the output
    of_models: dict  # the same, of each model
    base: str
    instructions: dict  # token to {source, force}
    multiple: int

    def permuted(self, tensors):
        """The matrices of all models, each with a row for every token of the output."""
        made = {model: self.rows(model, tensors) for model in tensors}
        return {model: self.padded(rows) for model, rows in made.items()}

    def row_of(self, model, token, tensors):
        index = self.of_models[model].get(token, -1)
        return tensors[model][index] if 0 <= index < len(tensors[model]) else None

    def rows(self, model, tensors):
        out = np.zeros((len(self.wanted), tensors[model].shape[1]))
        for token, index in self.wanted.items():
            own = self.row_of(model, token, tensors)
            forced = self.instructions.get(token, {}).get("force", False)
            out[index] = own if own is not None and not forced else self.given(token, tensors)
        return out

    def given(self, token, tensors):
        """The row of a model that lacks the token: as instructed, the base's, or the mean of all that have it."""
        if token in self.instructions:
            return self.instructed(self.instructions[token]["source"], token, tensors)
        owners = {model: self.row_of(model, token, tensors) for model in tensors}
        owners = {model: row for model, row in owners.items() if row is not None}
        if self.base in owners:
            return owners[self.base]
        return np.mean(list(owners.values()), axis=0) if owners else 0

    def instructed(self, source, token, tensors):
        if isinstance(source, str):
            return self.row_of(source, token, tensors)
        if source["kind"] == "zero":
            return 0
        model = source["model"]
        index = source.get("token_id")
        return tensors[model][self.of_models[model][source["token"]] if index is None else index]

    def padded(self, rows):
        """With rows of the mean up to a multiple."""
        missing = -len(rows) % self.multiple
        return np.concatenate([rows, np.tile(rows.mean(axis=0), (missing, 1))])


def vocabulary_of(document, root, models, out):
    """What a config says of the vocabulary, or None. The ids are those of the tokenizer in `out`."""
    block = document.get("tokenizer") or {}
    if not block and not document.get("tokenizer_source"):
        return None
    return Vocabulary(
        wanted=tokens_of(out),
        of_models={model: tokens_of(root / model.partition("+")[0]) for model in models},
        base=document.get("base_model"),
        instructions=block.get("tokens") or {},
        multiple=block.get("pad_to_multiple_of") or 1,
    )
