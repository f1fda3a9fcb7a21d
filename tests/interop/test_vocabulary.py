"""`vocabulary`: tokenizers united, chosen, padded and trimmed, and the rows that follow them."""

import json

import pytest
import torch
from harness import build, described, inarch, write_recipe
from models import Saving, read_config, read_tensors, save
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

EMBEDDINGS = "model.embed_tokens.weight"
HEAD = "lm_head.weight"
ENGLISH = ["the cat sat on the mat", "the hat of the cat", "that is that"]
LATIN = ["quo usque tandem abutere", "quousque tandem", "o tempora o mores", "quo vadis quo"]


def byte_level(corpus, size, special):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        corpus,
        trainers.BpeTrainer(
            vocab_size=size, special_tokens=special, initial_alphabet=alphabet, show_progress=False
        ),
    )
    return tokenizer


def sentence_piece(corpus, size, special):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.train_from_iterator(
        corpus,
        trainers.UnigramTrainer(
            vocab_size=size, special_tokens=special, unk_token="<unk>", show_progress=False
        ),
    )
    return tokenizer


def word_level(corpus, size, special):
    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.train_from_iterator(
        corpus,
        trainers.WordLevelTrainer(vocab_size=size, special_tokens=special, show_progress=False),
    )
    return tokenizer


def model(directory, tokenizer, rows=None, seed=1, added=(), chat=None, **roles):
    """A Llama of two layers whose embedding has `rows` rows, with its tokenizer."""
    tokenizer.add_special_tokens(list(added))
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, chat_template=chat, **roles)
    ids = {
        f"{role}_id": fast.convert_tokens_to_ids(text)
        for role, text in roles.items()
        if role in ("bos_token", "eos_token")
    }
    config = LlamaConfig(
        vocab_size=rows or len(fast),
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=64,
        **ids,
    )
    save(LlamaForCausalLM(config), directory, Saving(dtype=torch.float32, seed=seed))
    fast.save_pretrained(directory)
    return directory


@pytest.fixture(scope="module")
def english(tmp_path_factory):
    return model(
        tmp_path_factory.mktemp("english"),
        byte_level(ENGLISH, 275, ["<s>", "</s>"]),
        rows=300,
        bos_token="<s>",
        eos_token="</s>",
        chat="{{ 'english' }}",
    )


@pytest.fixture(scope="module")
def latin(tmp_path_factory):
    return model(
        tmp_path_factory.mktemp("latin"),
        byte_level(LATIN, 280, ["<s>", "<|end|>"]),
        seed=2,
        added=["<|im_start|>", "<|im_end|>"],
        bos_token="<s>",
        eos_token="<|end|>",
        pad_token="<|im_end|>",
        chat="{{ 'latin' }}",
    )


@pytest.fixture(scope="module")
def chatty(tmp_path_factory):
    """English with two tokens more."""
    return model(
        tmp_path_factory.mktemp("chatty"),
        byte_level(ENGLISH, 275, ["<s>", "</s>"]),
        seed=3,
        added=["<|im_end|>", "<|tool|>"],
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<|im_end|>",
        chat="{{ 'latin' }}",
    )


def recipe_text(sources, vocabulary, weights, files=""):
    """A weighted sum, and embeddings and heads in the vocabulary."""
    names = list(sources)
    lines = ["inarch: 1", "sources:"]
    lines += [f'  {name}: {{ path: "{path}" }}' for name, path in sources.items()]
    lines += ["vocabulary:", *("  " + line for line in vocabulary.splitlines()), "define:"]
    for name in names:
        operands = ", ".join(f'"{other}:{{tensor}}"' for other in names)
        operands = operands.replace("{tensor}", "{part...}")
        lines += [
            f'  "{name}.{{part...}}":',
            f"    from: [ {operands} ]",
            "    where: part in ['model.embed_tokens.weight', 'lm_head.weight']",
            f"    combine: {{ to_vocabulary: {name} }}",
        ]
    operands = ", ".join(f'"define:{name}.{{part...}}"' for name in names)
    layers = ", ".join(f'"{name}:model.layers.{{rest...}}"' for name in names)
    combine = f"{{ linear: {weights} }}" if len(names) > 1 else "{ linear: [1] }"
    if len(names) > 1:
        lines += [
            "tensors:",
            f'  - {{ from: [ {operands} ], to: "{{part}}", combine: {combine} }}',
            f'  - {{ from: [ {layers} ], to: "model.layers.{{rest}}", combine: {combine} }}',
        ]
    else:
        lines += ["tensors:", f'  - {{ from: {operands}, to: "{{part}}" }}']
    lines += [
        f'  - {{ from: "{names[0]}:{{name...}}", to: "{{name}}", rest: true }}',
        f"output: {{ config: {names[0]}{files} }}",
    ]
    return "\n".join(lines) + "\n"


def merge(tmp_path, sources, vocabulary, weights="[0.5, 0.5]", files=""):
    text = recipe_text(sources, vocabulary, weights, files)
    return build(write_recipe(tmp_path, text), tmp_path / "out")


def vocab_of(directory):
    return AutoTokenizer.from_pretrained(directory).get_vocab()


def rows_in(vocabulary, size, models, of, name, instructions={}):
    """The rows of one of `models` in a vocabulary, by the rule that the page tells."""
    tensors = [read_tensors(path)[name].double() for path in models]
    vocabs = [vocab_of(path) for path in models]
    vocabs = [{t: i for t, i in v.items() if i < len(x)} for v, x in zip(vocabs, tensors)]
    result = torch.full((size, tensors[0].shape[1]), float("nan"), dtype=torch.float64)
    for text, row in vocabulary.items():
        owners = [k for k, vocab in enumerate(vocabs) if text in vocab]
        instruction = instructions.get(text)
        if instruction is not None and (instruction[1] or of not in owners):
            result[row] = instruction[0]
        elif of in owners:
            result[row] = tensors[of][vocabs[of][text]]
        elif 0 in owners:
            result[row] = tensors[0][vocabs[0][text]]
        else:
            result[row] = sum(tensors[k][vocabs[k][text]] for k in owners) / len(owners)
    filled = ~result.isnan().any(1)
    result[~filled] = result[filled].mean(0)
    return result


def assert_rows(out, models, weights, instructions=lambda name: {}):
    vocabulary = vocab_of(out)
    for name in (EMBEDDINGS, HEAD):
        written = read_tensors(out)[name]
        wanted = sum(
            weight * rows_in(vocabulary, len(written), models, k, name, instructions(name))
            for k, weight in enumerate(weights)
        )
        torch.testing.assert_close(written, wanted.float())


def runs(out, text):
    tokenizer = AutoTokenizer.from_pretrained(out)
    loaded = LlamaForCausalLM.from_pretrained(out)
    ids = tokenizer(text, return_tensors="pt").input_ids
    logits = loaded(ids).logits
    assert logits.isfinite().all()
    return ids[0].tolist(), logits


def test_union(tmp_path, english, latin):
    out = merge(tmp_path, {"base": english, "a": latin}, "from: union\nsources: [base, a]")
    mine, base, other = vocab_of(out), vocab_of(english), vocab_of(latin)
    assert set(mine) == set(base) | set(other)
    assert {t: mine[t] for t in base} == base
    assert sorted(mine.values()) == list(range(len(mine)))
    new = [t for t in sorted(mine, key=mine.get) if t not in base]
    assert new == [t for t in sorted(other, key=other.get) if t not in base]
    assert_rows(out, [english, latin], [0.5, 0.5])
    assert read_config(out)["vocab_size"] == len(mine)
    runs(out, "the cat <|im_start|>quousque tandem<|im_end|>")


def test_union_encodes(tmp_path, english, latin):
    """Texts of the base encode as before; special tokens have one id; new tokens are used."""
    out = merge(tmp_path, {"base": english, "a": latin}, "from: union\nsources: [base, a]")
    mine, base, other = (AutoTokenizer.from_pretrained(d) for d in (out, english, latin))
    for text in ENGLISH:
        assert mine(text).input_ids == base(text).input_ids
    for token in ("<s>", "</s>", "<|end|>", "<|im_start|>", "<|im_end|>"):
        assert len(mine(token).input_ids) == 1
    text = "quo tandem<|im_end|>tempora"
    assert mine.decode(mine(text).input_ids) == text
    assert mine.tokenize("quo tandem") == other.tokenize("quo tandem")
    assert mine.decode(mine("quo<|im_end|>").input_ids, skip_special_tokens=True) == "quo"


def test_union_of_three_pads_to_a_multiple(tmp_path, english, latin, chatty):
    models_ = {"base": english, "a": latin, "b": chatty}
    vocabulary = "from: union\nsources: [base, a, b]\npad_to_multiple_of: 64"
    out = merge(tmp_path, models_, vocabulary, "[0.2, 0.3, 0.5]")
    rows = len(read_tensors(out)[EMBEDDINGS])
    assert rows % 64 == 0 and rows - len(vocab_of(out)) in range(64)
    assert read_config(out)["vocab_size"] == rows
    assert_rows(out, [english, latin, chatty], [0.2, 0.3, 0.5])
    runs(out, "the <|tool|> cat")


def test_a_donors_vocabulary(tmp_path, english, latin):
    """The ids of special tokens are the donor's, in the config and for generation."""
    (english / "generation_config.json").write_text('{"bos_token_id": 0, "eos_token_id": [1]}')
    out = merge(
        tmp_path,
        {"base": english, "a": latin},
        "from: a\nsources: [base, a]",
        files=", files: { generation: base }",
    )
    assert vocab_of(out) == vocab_of(latin)
    assert (out / "tokenizer.json").read_bytes() == (latin / "tokenizer.json").read_bytes()
    config, donor = read_config(out), read_config(latin)
    assert config["vocab_size"] == donor["vocab_size"]
    for key in ("bos_token_id", "eos_token_id"):
        assert config[key] == donor[key]
    generation = json.loads((out / "generation_config.json").read_text())
    assert generation == {"bos_token_id": donor["bos_token_id"], "eos_token_id": donor["eos_token_id"]}
    assert_rows(out, [english, latin], [0.5, 0.5])


@pytest.mark.parametrize("extra, rows", [("pad_to_multiple_of: 64", 320), ("rows: 275", 275), ("rows: 301", 301)])
def test_resize_alone(tmp_path, english, extra, rows):
    out = merge(tmp_path, {"base": english}, f"from: base\n{extra}")
    assert read_config(out)["vocab_size"] == rows
    assert vocab_of(out) == vocab_of(english)
    assert_rows(out, [english], [1])
    runs(out, "the cat")


def test_instructions(tmp_path, english, latin):
    vocabulary = """from: union
sources: [base, a]
tokens:
  "<|im_start|>": zero
  "<|im_end|>": { from: { source: base, token: "</s>" }, force: true }
  "<|end|>": mean
  "<s>": { from: a, force: true }
  "</s>": { from: { source: a, id: 5 } }
  "<|new|>": { from: { source: a, token: "<|end|>" }, add: true, special: true }"""
    out = merge(tmp_path, {"base": english, "a": latin}, vocabulary, "[0.25, 0.75]")
    assert len(AutoTokenizer.from_pretrained(out)("<|new|>").input_ids) == 1
    a, base = vocab_of(latin), vocab_of(english)

    def instructions(name):
        theirs, mine = read_tensors(latin)[name].double(), read_tensors(english)[name].double()
        return {
            "<|im_start|>": (torch.zeros(16), False),
            "<|im_end|>": (mine[base["</s>"]], True),
            "<|end|>": (torch.full((16,), float("nan")), False),
            "<s>": (theirs[a["<s>"]], True),
            "</s>": (theirs[5], False),
            "<|new|>": (theirs[a["<|end|>"]], False),
        }

    assert_rows(out, [english, latin], [0.25, 0.75], instructions)


def test_a_tokenizer_larger_than_its_embedding(tmp_path, english, latin):
    """A token without any row is an error until it is given one."""
    small = model(
        tmp_path / "small",
        byte_level(ENGLISH, 275, ["<s>", "</s>"]),
        rows=275,
        added=["<|pad|>"],
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<|pad|>",
    )
    sources, vocabulary = {"base": small, "a": latin}, "from: union\nsources: [base, a]"
    text = recipe_text(sources, vocabulary, "[0.5, 0.5]")
    result = inarch("check", write_recipe(tmp_path, text))
    assert result.returncode != 0 and "E545" in result.stderr and "<|pad|>" in result.stderr, described(result)
    out = merge(tmp_path, sources, vocabulary + '\ntokens: { "<|pad|>": mean }')
    assert_rows(
        out,
        [small, latin],
        [0.5, 0.5],
        lambda name: {"<|pad|>": (torch.full((16,), float("nan")), False)},
    )


@pytest.mark.parametrize("make", [sentence_piece, word_level])
def test_other_kinds(tmp_path, make):
    special = ["<unk>", "<s>", "</s>"]
    roles = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    a = model(tmp_path / "a", make(ENGLISH, 40, special), added=["<x>"], **roles)
    b = model(tmp_path / "b", make(LATIN, 40, special), added=["<y>"], seed=2, **roles)
    out = merge(tmp_path, {"a": a, "b": b}, "from: union\nsources: [a, b]")
    mine, theirs = vocab_of(out), vocab_of(a)
    assert set(mine) == set(theirs) | set(vocab_of(b))
    assert {t: mine[t] for t in theirs} == theirs
    assert_rows(out, [a, b], [0.5, 0.5])
    tokenizer, other = AutoTokenizer.from_pretrained(out), AutoTokenizer.from_pretrained(b)
    assert tokenizer.tokenize("quo tandem") == other.tokenize("quo tandem")
    assert len(tokenizer("<y>").input_ids) == 1
    runs(out, "the cat <y> quo")


def test_kinds_do_not_mix(tmp_path, english):
    other = model(tmp_path / "b", sentence_piece(LATIN, 40, ["<unk>"]), unk_token="<unk>")
    text = recipe_text({"base": english, "b": other}, "from: union", "[0.5, 0.5]")
    result = inarch("check", write_recipe(tmp_path, text))
    assert "E543" in result.stderr, described(result)


@pytest.mark.parametrize(
    "wanted, text",
    [("auto", "{{ 'latin' }}"), ("base", "{{ 'english' }}"), ("\"{{ 'mine' }}\"", "{{ 'mine' }}")],
)
def test_chat_template(tmp_path, english, latin, chatty, wanted, text):
    models_ = {"base": english, "a": latin, "b": chatty}
    vocabulary = f"from: union\nsources: [base, a, b]\nchat_template: {wanted}"
    out = merge(tmp_path, models_, vocabulary, "[0.2, 0.3, 0.5]")
    assert AutoTokenizer.from_pretrained(out).chat_template == text


def test_trim(tmp_path, latin):
    """Some tokens in another order: texts that need no others encode to the same tokens."""
    old, vocab = AutoTokenizer.from_pretrained(latin), vocab_of(latin)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    wanted = ["<|end|>", "<s>", *reversed(alphabet), "<|im_end|>", *old.tokenize("quo tandem"), "qu"]
    needed = {t for t in vocab if len(t) < 4 and t not in wanted}
    ids = [vocab[t] for t in wanted] + sorted(vocab[t] for t in needed)
    (tmp_path / "ids.json").write_text(json.dumps([*wanted[:2], *ids[2:]]))
    text = recipe_text({"a": latin}, "from: a\nkeep: ids\npad_to_multiple_of: 8", "[1]")
    text = text.replace("\nvocabulary:", "\ndata: { ids: ids.json }\nvocabulary:")
    out = build(write_recipe(tmp_path, text), tmp_path / "out")
    new = vocab_of(out)
    texts = {i: t for t, i in vocab.items()}
    assert new == {texts[i]: k for k, i in enumerate(ids)}
    config = read_config(out)
    assert config["vocab_size"] == -(-len(ids) // 8) * 8
    assert config["eos_token_id"] == 0 and config["bos_token_id"] == 1
    assert_rows(out, [latin], [1])
    tokenizer = AutoTokenizer.from_pretrained(out)
    assert tokenizer.tokenize("quo quo<|im_end|>") == old.tokenize("quo quo<|im_end|>")
    runs(out, "quo<|im_end|>")


@pytest.mark.parametrize("base", ["none", "b"])
def test_whose_rows_stand_in(tmp_path, english, latin, chatty, base):
    """Without a base, a row that a model lacks is the average of all who have it."""
    models_ = {"a": english, "b": latin, "c": chatty}
    vocabulary = f"from: union\nsources: [a, b, c]\nbase: {base}"
    out = merge(tmp_path, models_, vocabulary, "[0, 1, 0]")
    name, token = EMBEDDINGS, "Ġthe"
    rows = [read_tensors(d)[name][vocab_of(d)[token]] for d in (english, chatty)]
    got = read_tensors(out)[name][vocab_of(out)[token]]
    torch.testing.assert_close(got, (rows[0] + rows[1]) / 2)


def test_different_vocabularies_of_one_size(tmp_path, english):
    other = model(
        tmp_path / "b", byte_level(LATIN, 300, ["<s>", "</s>"]), bos_token="<s>", eos_token="</s>"
    )
    size = read_config(other)["vocab_size"]
    base = model(tmp_path / "a", byte_level(ENGLISH, 270, ["<s>", "</s>"]), rows=size)
    text = f"""inarch: 1
sources: {{ a: "{base}", b: "{other}" }}
tensors:
  - {{ from: [ "a:{{n...}}", "b:{{n...}}" ], to: "{{n}}", combine: {{ linear: [0.5, 0.5] }} }}
"""
    result = inarch("check", write_recipe(tmp_path, text))
    assert "E550" in result.stderr, described(result)
