"""`token_ids`: the ids that the tokenizers themselves give, for texts that try their corners."""

import io
import json
import random

import pytest
import sentencepiece
import torch
from harness import build, described, inarch, write_recipe
from safetensors.torch import save_file
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import PreTrainedTokenizerFast

CORPUS = [
    "The cat sat on the mat, and the hat of the cat sat on 12345 mats; isn't that what it's for?",
    "Quo usque tandem abutere, Catilina, patientia nostra? O tempora, o mores!",
    "def tokenize(text):\n    return [word for word in text.split() if word]\n\n\n# 1 + 1 == 2\n",
    "Größe, naïve café, Œuvre, Ångström, señor; Привет, мир! Γειά σου Κόσμε",
    "日本語の文章です。漢字とかな。 한국어 문장입니다. 中文句子,没有空格。",
    "emoji 😀😀 👩‍👩‍👧 🇩🇪 ☃ and tabs\t\tand   spaces     and\r\nlines\n\n",
] * 3
LLAMA_3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPECIAL = ["<s>", "</s>", "<unk>"]

PARTS = [
    *" \t\n\r\f\v abcABC 0123 .,;:!?'\"()[]{}<>|/\\_-+*=@#$%^&~`",
    *"éüßñÅœİıſK²½ⅧⅣ①Ⓐ٣३é̂ơ̛",
    *"漢字かなカナ한글中文。、「」",
    *"😀👩🇩🇪☃️‍✈",
    "\u00a0\u2003\u3000\u2028\u0085\u200b\ufeff\u180e\u1680",
    *"\u0000\u0001\u007f\u0300\u0301\ud7ff\ue000\uffff\U0010ffff\u1e9b\u0323\ufb01\uff21\u212b",
    "the", " the", "The ", "cat", " cats", "isn't", "'S", "'ll", "   ", "\n\n", "\r\n", " \n ", "1234567",
    "<s>", "</s>", " <s> ", "<unk>", "<|im_start|>", "<|im_end|>", "word", "Word", " word ", "<0x41>", "▁", "▁▁the",
]  # fmt: skip


def texts(count=300, seed=11):
    draw = random.Random(seed)
    made = ["", " ", "  ", "\n", "a", " a", "a ", "\u00e9", "e\u0301", "x" * 5000, " " * 3000, "ab " * 500]
    made += CORPUS[:6]
    for _ in range(count):
        made.append("".join(draw.choices(PARTS, k=draw.randint(1, 30))))
    for _ in range(count // 3):
        made.append("".join(chr(draw.choice(RANGES)(draw)) for _ in range(draw.randint(1, 20))))
    return made


RANGES = [
    lambda d: d.randint(1, 0x7F),
    lambda d: d.randint(0xA0, 0x52F),
    lambda d: d.randint(0x900, 0xD7FF),
    lambda d: d.randint(0x1F300, 0x1F6FF),
]


def byte_level(pre_tokenizer=None, normalizer=None, size=700, **settings):
    tokenizer = Tokenizer(models.BPE(**settings))
    tokenizer.pre_tokenizer = pre_tokenizer or pre_tokenizers.ByteLevel(add_prefix_space=False)
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def llama_3():
    split = pre_tokenizers.Split(Regex(LLAMA_3), "isolated")
    tokenizer = byte_level(
        pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]),
        ignore_merges=True,
    )
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))]),
        ]
    )
    return tokenizer


def qwen():
    split = pre_tokenizers.Split(Regex(LLAMA_3.replace("{1,3}", "")), "isolated")
    byte = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer = byte_level(pre_tokenizers.Sequence([split, byte]), normalizers.NFC())
    tokenizer.add_tokens([AddedToken("<|im_start|>", special=True, normalized=False), AddedToken("<|im_end|>")])
    return tokenizer


def deepseek():
    """Several splits, digits apart."""
    steps = [
        pre_tokenizers.Split(Regex("[\r\n]"), "isolated"),
        pre_tokenizers.Split(Regex(r"\s?\p{L}+"), "isolated"),
        pre_tokenizers.Split(Regex(r"\s?\p{P}+"), "isolated"),
        pre_tokenizers.Split(Regex("[一-龥ࠀ-一가-퟿]+"), "isolated"),
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ]
    return byte_level(pre_tokenizers.Sequence(steps))


def byte_fallback(normalizer, pre_tokenizer=None, size=500, limit=60, **settings):
    """Few characters have tokens of their own."""
    model = models.BPE(unk_token="<unk>", byte_fallback=True, **settings)
    tokenizer = Tokenizer(model)
    if normalizer:
        tokenizer.normalizer = normalizer
    if pre_tokenizer:
        tokenizer.pre_tokenizer = pre_tokenizer
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=SPECIAL + bytes_, limit_alphabet=limit, show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    # As converted models have it: the bytes are tokens of the model, and no added ones.
    document = json.loads(tokenizer.to_str())
    document["added_tokens"] = [t for t in document["added_tokens"] if t["content"] in SPECIAL]
    return Tokenizer.from_str(json.dumps(document))


def llama_2():
    steps = [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    tokenizer = byte_fallback(normalizers.Sequence(steps), fuse_unk=True)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        special_tokens=[(t, tokenizer.token_to_id(t)) for t in ("<s>", "</s>")],
    )
    return tokenizer


def mistral():
    return byte_fallback(None, pre_tokenizers.Metaspace(prepend_scheme="first", split=False), fuse_unk=True)


def gemma():
    split = pre_tokenizers.Split(" ", "merged_with_previous")
    return byte_fallback(normalizers.Replace(" ", "▁"), split)


def added():
    """Tokens that take spaces, that stand as words alone, that are normalised."""
    tokenizer = byte_fallback(
        normalizers.Sequence([normalizers.Strip(), normalizers.Lowercase(), normalizers.NFKC()]),
        pre_tokenizers.Metaspace(),
    )
    tokenizer.add_tokens(
        [
            AddedToken("Word", single_word=True, normalized=True),
            AddedToken("cat", single_word=True, normalized=False),
            AddedToken("<|im_start|>", lstrip=True, normalized=False),
            AddedToken("<|im_end|>", rstrip=True, lstrip=True),
            AddedToken("漢字"),
        ]
    )
    return tokenizer


def unknown(fuse):
    """Characters without tokens, and none for bytes."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=fuse, end_of_word_suffix="</w>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("merged_with_next")]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=SPECIAL,
        limit_alphabet=40,
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def unigram(byte=False):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = SPECIAL + ([f"<0x{byte:02X}>" for byte in range(256)] if byte else [])
    trainer = trainers.UnigramTrainer(
        vocab_size=560 if byte else 300, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    document = json.loads(tokenizer.to_str())
    document["model"]["byte_fallback"] = byte
    document["added_tokens"] = [t for t in document["added_tokens"] if t["content"] in SPECIAL]
    return Tokenizer.from_str(json.dumps(document))


def word_level():
    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents()])
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.WordLevelTrainer(vocab_size=100, special_tokens=SPECIAL, show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def word_piece():
    tokenizer = Tokenizer(models.WordPiece(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=300, special_tokens=SPECIAL, show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.post_processor = processors.BertProcessing(("</s>", 1), ("<s>", 0))
    return tokenizer


def splitting(behavior, invert, pattern):
    split = pre_tokenizers.Split(pattern, behavior, invert)
    byte = pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=False)
    return byte_level(pre_tokenizers.Sequence([split, byte]))


TOKENIZERS = {
    "gpt_2": byte_level,
    "llama_3": llama_3,
    "qwen": qwen,
    "deepseek": deepseek,
    "llama_2": llama_2,
    "mistral": mistral,
    "gemma": gemma,
    "added": added,
    "unknown": lambda: unknown(False),
    "fused_unknown": lambda: unknown(True),
    "unigram": unigram,
    "unigram_of_bytes": lambda: unigram(byte=True),
    "word_level": word_level,
    "word_piece": word_piece,
    "nfd": lambda: byte_level(normalizer=normalizers.Sequence([normalizers.NFD(), normalizers.Lowercase()])),
    "nfkd": lambda: byte_level(normalizer=normalizers.Sequence([normalizers.NFKD(), normalizers.Strip(right=False)])),
    "replaced": lambda: byte_level(normalizer=normalizers.Replace(Regex(r"\s{2,}|[\w\d]$"), "_")),
    "digits": lambda: byte_level(
        pre_tokenizers.Sequence([pre_tokenizers.Digits(), pre_tokenizers.ByteLevel(use_regex=True)])
    ),
    "words": lambda: splitting("removed", True, Regex(r"\w+|[^\w\s]+")),
    "previous": lambda: splitting("merged_with_previous", False, Regex(r"\p{P}|\s")),
    "next": lambda: splitting("merged_with_next", False, Regex(r"\p{P}|\s")),
    "contiguous": lambda: splitting("contiguous", False, Regex(r"\p{P}|[\S]")),
    "inverted": lambda: splitting("merged_with_previous", True, Regex(r"(?i)[a-z]+|\d")),
    "by_text": lambda: splitting("isolated", False, "the"),
}


def source(directory, **files):
    """A checkpoint of one tensor with the files of a tokenizer."""
    directory.mkdir()
    save_file({"x": torch.zeros(2)}, directory / "model.safetensors")
    for name, content in files.items():
        path = directory / name.replace("__", ".")
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return directory


def ids_of(directory, given, special="as_model"):
    """What the program gives for all texts."""
    (directory / "texts.json").write_text(json.dumps(given))
    recipe = write_recipe(
        directory,
        f"""
inarch: 1
sources: {{ a: a }}
data: {{ texts: texts.json }}
tensors: [ {{ from: "a:{{name...}}", to: "{{name}}" }} ]
output: {{ files: {{ ids.json: {{ json: "${{[token_ids(a, t, '{special}') for t in texts]}}" }} }} }}
""",
    )
    build(recipe, directory / f"out_{special}")
    return json.loads((directory / f"out_{special}" / "ids.json").read_text())


def compare(given, found, expected):
    differing = [(t, f, e) for t, f, e in zip(given, found, expected, strict=True) if f != e]
    assert not differing, f"{len(differing)} of {len(given)} differ, as {differing[0]!r}"


@pytest.mark.parametrize("name", TOKENIZERS)
def test_tokenizer_json(tmp_path, name):
    tokenizer = TOKENIZERS[name]()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")
    source(tmp_path / "a")
    fast.save_pretrained(tmp_path / "a")
    given = texts()
    compare(given, ids_of(tmp_path, given), [fast(t)["input_ids"] for t in given])
    plain = [fast(t, add_special_tokens=False)["input_ids"] for t in given]
    compare(given, ids_of(tmp_path, given, "none"), plain)
    behind = [fast("<s>" + t, add_special_tokens=False)["input_ids"] for t in given]
    compare(given, ids_of(tmp_path, given, "bos"), behind)


def test_merges_in_both_spellings(tmp_path):
    tokenizer = llama_3()
    document = json.loads(tokenizer.to_str())
    document["model"]["merges"] = [" ".join(pair) for pair in document["model"]["merges"]]
    source(tmp_path / "a", tokenizer__json=document)
    given = texts(50)
    compare(given, ids_of(tmp_path, given), [tokenizer.encode(t).ids for t in given])


@pytest.mark.parametrize("kind", ["bpe", "unigram"])
@pytest.mark.parametrize("fallback", [False, True])
def test_sentencepiece(tmp_path, kind, fallback):
    held = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(line for text in CORPUS for line in text.splitlines() if line),
        model_writer=held,
        vocab_size=520,
        model_type=kind,
        byte_fallback=fallback,
        hard_vocab_limit=False,
        character_coverage=0.98,
        minloglevel=2,
    )
    theirs = sentencepiece.SentencePieceProcessor(model_proto=held.getvalue())
    source(tmp_path / "a", tokenizer__model=held.getvalue(), tokenizer_config__json={"add_eos_token": True})
    given = [t for t in texts() if "\0" not in t]
    compare(given, ids_of(tmp_path, given, "none"), [theirs.encode(t) for t in given])
    compare(given, ids_of(tmp_path, given, "bos"), [[1, *theirs.encode(t)] for t in given])
    compare(given, ids_of(tmp_path, given), [[1, *theirs.encode(t), 2] for t in given])


def test_a_file_of_a_megabyte(tmp_path):
    """Long words too, of which a scan for each merge would take hours."""
    tokenizer = llama_3()
    source(tmp_path / "a", tokenizer__json=json.loads(tokenizer.to_str()))
    draw = random.Random(5)
    given = ["".join(draw.choices(PARTS, k=400_000)), "ab" * 200_000]
    compare(given, ids_of(tmp_path, given), [tokenizer.encode(t).ids for t in given])


def test_what_is_not_known_has_a_name(tmp_path):
    document = json.loads(byte_level().to_str())
    document["pre_tokenizer"] = {"type": "UnicodeScripts"}
    source(tmp_path / "a", tokenizer__json=document)
    recipe = write_recipe(
        tmp_path,
        """
inarch: 1
sources: { a: a }
tensors: [ { from: "a:x", to: x, where: "len(token_ids(a, 'text')) > 0" } ]
""",
    )
    result = inarch("check", recipe)
    assert result.returncode == 1 and "E591" in result.stderr, described(result)
    assert "UnicodeScripts" in result.stderr
