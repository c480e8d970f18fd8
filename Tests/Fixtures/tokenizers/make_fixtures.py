"""Makes the files of this folder with the `tokenizers` package of Hugging Face.

    pip install tokenizers==0.23.3
    python make_fixtures.py

Everything is drawn from one fixed seed. The files:

qwen2_style.json    a small tokenizer.json in the manner of Qwen2: NFC, Split + ByteLevel, merges as pairs
strings.txt         10,000 inputs, one a line, with what `tokenizers` makes of them; tab-separated columns:
                      base64 of the bytes (not always valid UTF-8)
                      ids by ../tiny-moe/tokenizer.json, separated by spaces
                      base64 of decode(ids), or "=" where it is the input with invalid bytes replaced by U+FFFD
                      ids and decoded text by qwen2_style.json, in the same way
                      how many scalars each piece has that GPT-2's pattern cuts from the text, then Qwen2's
ids.txt             random sequences of ids; columns: t (tiny-moe) or q (qwen2_style), ids, base64 of decode(ids),
                    base64 of decode(ids, skip_special_tokens=False) or "=" where that is the same
classes.txt         the scalars, as hexadecimal ranges, which the package's engines take for \\p{L}, \\p{N}, \\s
                    (Oniguruma, in Split) and \\w (added tokens with single_word)
variants.txt        small tokenizers, one for each option, and what they make of some strings: a line "T", name,
                    tokenizer.json in one line; below it lines "S", base64 of the text, ids, base64 of decode(ids)
nfc.txt             scalars in hexadecimal, tab, the scalars of NFC by the package
"""

import base64
import json
import os
import random
import unicodedata

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = os.path.dirname(os.path.abspath(__file__))
TINY = os.path.join(HERE, "..", "tiny-moe")
SEED = 20240607
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SCALARS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
SPACES = [0x9, 0xA, 0xB, 0xC, 0xD, 0x20, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F,
          0x3000, 0x200B, 0x180E, 0xFEFF]
random_ = random.Random(SEED)
pick = random_.choice
below = random_.randrange


def ranges(scalars):
    out = []
    for c in scalars:
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return " ".join(f"{a:x}" if a == b else f"{a:x}-{b:x}" for a, b in out)


def matched(pattern):
    """The scalars that one-scalar `pattern` matches: "removed" leaves the pieces that do not match."""
    split = pre_tokenizers.Split(Regex(f"(?:{pattern})+"), "removed")
    hit = set(SCALARS)
    for start in range(0, len(SCALARS), 0x2000):
        text = "".join(map(chr, SCALARS[start : start + 0x2000]))
        for piece, _ in split.pre_tokenize_str(text):
            hit.difference_update(map(ord, piece))
    return sorted(hit)


def write_classes():
    # A token which must stand alone is not found beside a word character, and gives no id beside any other.
    single = Tokenizer(models.BPE({"\ue000": 0}, []))
    single.add_tokens([AddedToken("\ue001", single_word=True)])
    word = [c for c in SCALARS if c != 0xE001 and not single.encode("\ue001" + chr(c)).ids]
    word = [c for c in word if c != 0xE000]
    with open(os.path.join(HERE, "classes.txt"), "w") as file:
        for name, scalars in [("L", matched(r"\p{L}")), ("N", matched(r"\p{N}")), ("S", matched(r"\s")), ("W", word)]:
            file.write(f"{name}\t{ranges(scalars)}\n")


def write_nfc():
    nfc, nfd = normalizers.NFC(), normalizers.NFD()
    split = {c: d for c in SCALARS if not 0xAC00 <= c < 0xD7A4 and (d := nfd.normalize_str(chr(c))) != chr(c)}
    decomposed = list(split)
    marks = [c for c in SCALARS if unicodedata.category(chr(c)).startswith("M")]
    inputs = [chr(c) for c in decomposed] + list(split.values())
    for _ in range(3000):
        text = ""
        for _ in range(1 + below(7)):
            kind = random_.random()
            if kind < 0.25:
                text += chr(pick(decomposed))
            elif kind < 0.55:
                text += chr(pick(marks))
            elif kind < 0.7:
                text += chr(pick([0x1100 + below(21), 0x1160 + below(24), 0x11A6 + below(31), 0xAC00 + below(11172),
                                  0xAC00 + 28 * below(399)]))
            elif kind < 0.9:
                text += split[pick(decomposed)]
            else:
                text += chr(pick(SCALARS))
        inputs.append(text)
    # Each mark that is reordered, behind the highest and before the lowest combining class.
    for mark in marks:
        if unicodedata.combining(chr(mark)):
            inputs += ["\u0345" + chr(mark), chr(mark) + "\u0334"]
    inputs += ["a" + "\u0301\u0323" * count + "b" for count in (1, 5, 15, 16, 17, 31, 32, 33, 64, 200)]
    with open(os.path.join(HERE, "nfc.txt"), "w") as file:
        for text in dict.fromkeys(inputs):
            both = (text, nfc.normalize_str(text))
            file.write("\t".join(" ".join(f"{ord(c):x}" for c in s) for s in both) + "\n")


def heldout():
    with open(os.path.join(TINY, "heldout.txt"), encoding="utf-8") as file:
        return file.read()


CODE = [
    "def f(x):\n    return x['a'] + 1\n", "for (int i = 0; i < n; ++i) {\r\n\tsum += a[i];\r\n}\r\n", "let s = \"é\" // ok\n",
    "#include <stdio.h>\n", "if err != nil {\n\t\treturn err\n\t}\n", "SELECT * FROM t WHERE id=42;", "x**2 - 3.14e-10",
    "https://example.org/a?b=c&d=%20", "<div class=\"x\">&nbsp;</div>", "a->b::c<d>&&e||f", "\\u00e9\\n\\t", "{\"k\": [1, null]}",
]
CONTRACTIONS = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'T", "'RE", "'Ve", "'M", "'lL", "'D", "'\u017f", "'\u017fs",
                "\u2019s", "'l", "'r", "'v", "'L'", "''s", " 's", "'\u212a", "'\ufb06", "'\u0130", "'\u1e9e", "'\u00df"]
EMOJI = ["👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇨🇭", "❤️", "😀", "1️⃣", "🧑🏿‍🚀", "☃", "\u200d", "\ufe0f"]
WORDS = ["the", "Hello", "world", "straße", "naïve", "naïve", "Ελληνικά", "русский", "עברית", "العربية", "हिन्दी",
         "ไทย", "日本語", "中文字符", "한국어", "한국", "ﬁn", "Ǆ", "İstanbul", "Å", "e\u0301\u0327", "ạ̈", "𝔘𝔫𝔦", "ᾳ",
         "stand", "alone", "standalone", "STANDALONE", "café", "cafe\u0301"]
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|im_", "<|", "|>", "<tool_call>", "</tool_call>", "<both>",
           "<left>", "<right>", "<cafe\u0301>", "<caf\u00e9>", "alone", "<|im_start|>user\n", "<a\u0327\u0301>",
           "<\u00e1\u0327>", "<tool", "<tool_call><tool_call>"]


def scalar():
    kind = below(8)
    if kind == 0:
        return chr(pick(SCALARS))
    if kind == 1:
        return chr(below(0x80))
    if kind == 2:
        return chr(0x80 + below(0x780))
    if kind == 3:
        return chr(pick([0x800 + below(0xC800), 0xE000 + below(0x2000)]))
    if kind == 4:
        return chr((1 + below(16)) * 0x10000 + below(0x10000))
    if kind == 5:
        return chr(pick([0x10000, 0x11000, 0x1D000, 0x1E000, 0x1F000, 0x20000, 0x30000, 0xE0000]) + below(0x1000))
    if kind == 6:
        return chr(pick([0x300 + below(0x70), 0x1AB0 + below(0x50), 0x1DC0 + below(0x40), 0x20D0 + below(0x30)]))
    while True:
        c = chr(pick(SCALARS))
        if unicodedata.category(c) != "Cn":
            return c


DIGITS = [c for c in SCALARS if unicodedata.category(chr(c)).startswith("N")]


def part(text):
    kind = below(13)
    if kind == 0:
        return "".join(scalar() for _ in range(1 + below(5)))
    if kind == 1:
        return "".join(chr(pick(SPACES)) for _ in range(1 + below(5)))
    if kind == 2:
        return pick([" ", "  ", "   ", "\n", "\n\n", "\r\n", " \n", "\n ", "\t", " \r\n \r\n", "     ", "\u00a0", "\u3000"])
    if kind == 3:
        return "".join(pick([chr(pick(DIGITS)), str(below(10))]) for _ in range(1 + below(4)))
    if kind == 4:
        return pick(WORDS) + pick(CONTRACTIONS)
    if kind == 5:
        code = pick(CODE)
        start = below(len(code))
        return code[start : start + 1 + below(16)]
    if kind == 6:
        return pick(EMOJI)
    if kind == 7:
        return pick("aeiounsAEOU가각ᄀ") + "".join(chr(0x300 + below(0x70)) for _ in range(1 + below(3)))
    if kind == 8:
        return pick(["", " ", "  ", "\n", "a"]) + pick(SPECIAL) + pick(["", " ", " \t ", "b", "\u00a0", "1", "!"])
    if kind == 9:
        return "".join(chr(0x21 + below(94)) for _ in range(1 + below(6)))
    if kind == 10:
        return pick(WORDS)
    start = below(len(text) - 32)
    return text[start : start + 1 + below(30)]


def broken(data):
    """Damages UTF-8: bytes dropped, changed, or put in (surrogates, overlong forms, too large, cut sequences)."""
    data = bytearray(data)
    for _ in range(1 + below(3)):
        at = below(len(data) + 1)
        kind = below(4)
        if kind == 0:
            data[at:at] = bytes([below(256)])
        elif kind == 1:
            data[at : at + 1] = b""
        elif kind == 2:
            data[at : at + 1] = bytes([0x80 + below(128)])
        else:
            data[at:at] = pick([b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\xf0\x9f\x98", b"\xe2\x82", b"\xe0\x80\xaf",
                                b"\xf8\x88\x80\x80\x80", b"\xc3", b"\x80\x80", b"\xff\xfe"])
    return bytes(data)


def training_text():
    text = heldout()
    lines = text.splitlines()[:400] + CODE * 6
    for _ in range(300):
        lines.append("".join(pick([pick(WORDS), " " + pick(WORDS), pick(EMOJI), scalar()]) for _ in range(8)))
    return lines


def make_qwen2_style():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(QWEN2), behavior="isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.post_processor = processors.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    trainer = trainers.BpeTrainer(
        vocab_size=900, show_progress=False, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.train_from_iterator(training_text(), trainer)
    off = dict(normalized=False)
    tokenizer.add_special_tokens([AddedToken(t, special=True, **off) for t in
                                  ("<|endoftext|>", "<|im_start|>", "<|im_end|>")])
    tokenizer.add_tokens([
        AddedToken("<tool_call>", **off),
        AddedToken("</tool_call>", **off),
        AddedToken("<both>", lstrip=True, rstrip=True, **off),
        AddedToken("<left>", lstrip=True, normalized=True),
        AddedToken("<right>", rstrip=True, **off),
        AddedToken("alone", single_word=True, **off),
        AddedToken("stand", single_word=True, lstrip=True, normalized=True),
        AddedToken("<cafe\u0301>", normalized=True),
        AddedToken("<a\u0327\u0301>", **off),
    ])
    path = os.path.join(HERE, "qwen2_style.json")
    tokenizer.save(path, pretty=False)
    return Tokenizer.from_file(path)


def encode64(text):
    return base64.b64encode(text if isinstance(text, bytes) else text.encode("utf-8")).decode("ascii")


def byte_level(prefix, regex):
    return {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": True, "use_regex": regex}


def split(pattern):
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


def in_sequence(*steps):
    return {"type": "Sequence", "pretokenizers": list(steps)}


def added(content, id_, special=False, normalized=False, single_word=False, lstrip=False, rstrip=False):
    return {"id": id_, "content": content, "single_word": single_word, "lstrip": lstrip, "rstrip": rstrip,
            "normalized": normalized, "special": special}


def file_of(extra=(), merges=(), missing=(), added_tokens=(), top=None, model=None):
    """A tokenizer.json with the 256 bytes as tokens, then the tokens of `extra`."""
    vocab = {}
    for token in [c for c in sorted(pre_tokenizers.ByteLevel.alphabet()) if c not in missing] + list(extra):
        vocab[token] = len(vocab)
    out = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
        "pre_tokenizer": byte_level(False, True), "post_processor": None, "decoder": byte_level(True, True),
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                  "vocab": vocab, "merges": list(merges)},
    }
    # A token of the model keeps its id; the others take the next ones, which is what `tokenizers` gives them anyway.
    new = [content for content, _ in added_tokens if content not in vocab]
    ids = {**{content: len(vocab) + i for i, content in enumerate(new)}, **vocab}
    out["added_tokens"] = [added(content, ids[content], **flags) for content, flags in added_tokens]
    out.update(top or {})
    out["model"].update(model or {})
    return out


def variants():
    extra = ["ab", "cd", "Ġa", "Ġab", "abcd", "ĠĠ", "'s", "12"]
    merges = ["a b", "c d", "Ġ a", "Ġ ab", "ab cd", "Ġ Ġ", "' s", "1 2"]
    pairs = [m.split(" ") for m in merges]
    yield "prefix space", file_of(extra, merges, top={"pre_tokenizer": byte_level(True, True)})
    yield "no pattern", file_of(extra, merges, top={"pre_tokenizer": byte_level(False, False)})
    yield "GPT-2 in Split, prefix space", file_of(
        extra, pairs, top={"pre_tokenizer": in_sequence(split(GPT2), byte_level(True, False))})
    yield "Qwen2 then GPT-2", file_of(
        extra, pairs, top={"pre_tokenizer": in_sequence(split(QWEN2), byte_level(False, True))})
    yield "both in Split, nested, prefix space", file_of(extra, pairs, top={
        "pre_tokenizer": in_sequence(in_sequence(split(QWEN2), split(GPT2)), byte_level(True, True)),
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Sequence", "normalizers": []}]}})
    whole = ["hello", "Ġworld", "Ã©", "ĠÃ©t", "abcd"]
    yield "ignore_merges", file_of(whole + ["ab"], ["a b"], model={"ignore_merges": True})
    yield "whole words without merges", file_of(whole + ["ab"], ["a b"])
    yield "version line, a merge twice", file_of(
        ["ab", "bc"], ["#version: 0.2", "a b", "b c", "a b"])
    yield "missing bytes", file_of(["ab"], ["a b"], missing=["x", "c", "Ġ", "Ã"])
    oldest = file_of(extra, merges, model={
        "unk_token": "", "continuing_subword_prefix": "", "end_of_word_suffix": "", "dropout": 0.0})
    del oldest["model"]["type"]
    yield "oldest form", oldest
    template = {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                   {"SpecialToken": {"id": "</s>", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [256, 65], "tokens": ["<s>", "b"]},
                           "</s>": {"id": "</s>", "ids": [257], "tokens": ["</s>"]}}}
    ends = [("<s>", {"special": True}), ("</s>", {"special": True})]
    yield "template", file_of(added_tokens=ends, top={"post_processor": template})
    yield "template in a sequence", file_of(added_tokens=ends, top={
        "post_processor": {"type": "Sequence", "processors": [byte_level(True, True), template]}})
    yield "added tokens that overlap", file_of(added_tokens=[
        ("<x>", {"lstrip": True, "rstrip": True}), (" y", {}), ("<x><x>", {"single_word": True}), ("  ", {}), ("ab", {}),
        ("abc", {"single_word": True}), ("é\u0301", {"special": True}), ("Ġz", {}), ("w", {"single_word": True})])
    yield "normalized tokens", file_of(top={"normalizer": {"type": "NFC"}}, added_tokens=[
        ("<e\u0301", {"normalized": True}), ("[e\u0301", {}), ("(e\u0301", {"normalized": True, "special": True}),
        ("{e\u0301", {"special": True}), ("<e", {"normalized": True}), ("|\u4e00Ġ", {"normalized": True}),
        ("<n>", {"normalized": True, "lstrip": True}), ("<x>", {"lstrip": True, "rstrip": True})])
    tokens = list("abcd")
    joins = []
    while len(tokens) < 120:
        left, right = pick(tokens), pick(tokens)
        if len(left + right) < 9 and [left, right] not in joins:
            joins.append([left, right])
            if left + right not in tokens:
                tokens.append(left + right)
    random_.shuffle(joins)
    yield "merges in a random order", file_of(tokens[4:], joins)


STRINGS = ["", " ", "  ", "\n", "ab", " ab", "abcd", "  abcd", "abcdab abcd's 12 1234", "a  b", "ab\n\n cd", "'S's 'LL'll", "x\ty",
           "hello world", " world", "été", "ét", "é", "e\u0301", "abc", "abcabc", "bcab xc", "xcé x", "<s>ab</s>", "<s", "ab</s>",
           "a  <x>  <x>  b", "<x> y", "<x>  yb <x> y", "<x><x>", "<x><x>b", "b<x><x>", "<x><x> <x>", "abc ab abcd", "é\u0301",
           "e\u0301\u0301", "Ġz", "  y  z", "<x>   y", "aw w", "w", "w w.", "\u0301w", "w\u0301", "w\u200d", "\u203fw", "\u2460w",
           "\u2160w", "w\U000e0100", "<e\u0301", "<é", "[é", "[e\u0301", "(e\u0301", "(é)", "{e\u0301", "{é", "<e", "<e\u0323\u0301",
           "e<x>\u0301", "|一Ġ", "a <n> <x> b", " <n>  <x>", "<n><x>  ", "\u1100\u1161\u11a8", "A\u00a0B\u2003 \u3000C", "1 22 ٣٤",
           "\r\n\r\n x", "a\r\n", "!\r\n\r\n!", " !\n", "\u0085a", "'\u017f a", "don't DON'T", "x" * 300 + " " + "ab" * 300]


def write_variants():
    with open(os.path.join(HERE, "variants.txt"), "w", encoding="utf-8") as file:
        for name, json_ in variants():
            text = json.dumps(json_, ensure_ascii=False, separators=(",", ":"))
            tokenizer = Tokenizer.from_str(text)
            file.write(f"T\t{name}\t{text}\n")
            strings = STRINGS + ["".join(pick("abcd") for _ in range(below(40))) for _ in range(30)]
            for string in strings:
                ids = tokenizer.encode(string).ids
                file.write("\t".join(["S", encode64(string), " ".join(map(str, ids)), encode64(tokenizer.decode(ids))]) + "\n")


def main():
    write_classes()
    write_nfc()
    write_variants()
    qwen2 = make_qwen2_style()
    tiny = Tokenizer.from_file(os.path.join(TINY, "tokenizer.json"))
    text = heldout()
    splits = [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in (GPT2, QWEN2)]

    with open(os.path.join(HERE, "strings.txt"), "w") as file:
        for index in range(10_000):
            if index == 0:
                data = b""
            elif index < 10:
                at = below(len(text) - 4000)
                data = text[at : at + 2000].encode("utf-8")
            else:
                data = "".join(part(text) for _ in range(pick([1, 1, 1, 2, 2, 3, 4]))).encode("utf-8")
            if index % 10 == 9:
                data = broken(data)
            valid = data.decode("utf-8", errors="replace")
            columns = [encode64(data)]
            for tokenizer in (tiny, qwen2):
                ids = tokenizer.encode(valid).ids
                decoded = tokenizer.decode(ids)
                columns.append(" ".join(map(str, ids)))
                columns.append("=" if decoded == valid else encode64(decoded))
            for split_ in splits:
                pieces = split_.pre_tokenize_str(valid) if valid else []
                columns.append(" ".join(str(end - start) for _, (start, end) in pieces))
            file.write("\t".join(columns) + "\n")

    with open(os.path.join(HERE, "ids.txt"), "w") as file:
        for name, tokenizer in (("t", tiny), ("q", qwen2)):
            size = tokenizer.get_vocab_size()
            # Tokens of one byte that is not ASCII make most of the broken characters.
            odd = [tokenizer.token_to_id(c) for c in pre_tokenizers.ByteLevel.alphabet() if ord(c) > 0x7F]
            odd = sorted(i for i in odd if i is not None)
            added = list(tokenizer.get_added_tokens_decoder())
            for _ in range(1500):
                ids = [pick([below(size), pick(odd), pick(odd), pick(added), below(size + 9)])
                       for _ in range(below(12))]
                default = tokenizer.decode(ids)
                whole = tokenizer.decode(ids, skip_special_tokens=False)
                file.write("\t".join([name, " ".join(map(str, ids)), encode64(default),
                                      "=" if whole == default else encode64(whole)]) + "\n")


main()
