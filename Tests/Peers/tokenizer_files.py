"""Writes tokenizer.json files: every kind of step, and real vocabularies taken from vocabulary-only GGUF files.

    tokenizer_files.py GGUF_FOLDER OUT
"""

import os
import sys

from gguf_metadata import read_metadata
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
TAIL = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*" + TAIL
QWEN2 = CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*" + TAIL
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
O200K = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTIONS}?|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTIONS}?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*" + TAIL
)
BAILING = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
DEEPSEEK_V3 = [
    r"\p{N}{1,3}",
    r"[一-龥぀-ゟ゠-ヿ]+",
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"
    + TAIL,
]
DEEPSEEK_CODER = [r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", r"[一-龥ࠀ-一가-퟿]+", r"\p{N}"]
BYTES = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)


def split(pattern, behavior="isolated", invert=False):
    return pre_tokenizers.Split(Regex(pattern), behavior, invert)


def by_patterns(*patterns):
    return pre_tokenizers.Sequence([split(pattern) for pattern in patterns] + [BYTES])


def from_gguf(path):
    """The model of a GGUF's vocabulary, and its special tokens."""
    data = read_metadata(path)
    tokens = [token.decode("utf-8", "replace") for token in data["tokenizer.ggml.tokens"]]
    merges = [tuple(merge.decode().split(" ")) for merge in data["tokenizer.ggml.merges"]]
    kinds = data["tokenizer.ggml.token_type"]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    merges = [pair for pair in merges if pair[0] in vocabulary and pair[1] in vocabulary and "".join(pair) in vocabulary]
    special = [token for token, kind in zip(tokens, kinds) if kind in (3, 4) and len(token) > 1]
    return vocabulary, merges, special


def real(folder, name, pre_tokenizer, normalizer=None, **options):
    vocabulary, merges, special = from_gguf(os.path.join(folder, f"ggml-vocab-{name}.gguf"))
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, **options))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in special])
    return tokenizer


def real_metaspace(folder, name, first):
    """A SentencePiece vocabulary as transformers converts it: merges from every way to cut a token, by its score."""
    data = read_metadata(os.path.join(folder, f"ggml-vocab-{name}.gguf"))
    tokens = [token.decode("utf-8", "replace") for token in data["tokenizer.ggml.tokens"]]
    scores = dict(zip(tokens, data["tokenizer.ggml.scores"]))
    vocabulary = {token: index for index, token in enumerate(tokens)}
    merges = []
    for token in tokens:
        cuts = [(token[:at], token[at:]) for at in range(1, len(token))]
        cuts = [(left, right) for left, right in cuts if left in vocabulary and right in vocabulary]
        merges += sorted(cuts, key=lambda cut: (vocabulary[cut[0]], vocabulary[cut[1]]))
    merges.sort(key=lambda cut: -scores["".join(cut)])
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    if first:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    else:
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in ("<unk>", "<s>", "</s>")])
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A", special_tokens=[("<s>", vocabulary["<s>"])])
    return tokenizer


def variants(base):
    """Small tokenizers, one for each kind of step, over the vocabulary of a tokenizer with byte-level tokens."""
    for name, pre_tokenizer in {
        "removed": split(r"\s+", "removed"),
        "previous": split(r"\p{P}", "merged_with_previous"),
        "next": split(r"\p{P}", "merged_with_next"),
        "contiguous": split(r"[\p{P}\s]", "contiguous"),
        "inverted": split(r"\p{L}+", "removed", invert=True),
        "inverted-previous": split(r"\p{L}+", "merged_with_previous", invert=True),
        "literal": pre_tokenizers.Split(".", "isolated"),
        "digits": pre_tokenizers.Digits(individual_digits=True),
        "digit-runs": pre_tokenizers.Digits(individual_digits=False),
        "whitespace": pre_tokenizers.Whitespace(),
        "whitespace-split": pre_tokenizers.WhitespaceSplit(),
        "punctuation": pre_tokenizers.Punctuation("isolated"),
        "punctuation-contiguous": pre_tokenizers.Punctuation("contiguous"),
        "delimiter": pre_tokenizers.CharDelimiterSplit("e"),
        "behind": split(r"(?<=a)b|(?<!a)c|\bt|e\b|(?>x+)y|^\s|\d$"),
        "lazy": split(r"a.*?b|[a-c]{2,3}?|x??y|\w{2}+"),
        "lookahead": split(r"\d(?=(?:\d{3})+(?!\d))|(?=\S)."),
        "bailing": split(BAILING),
        "o200k": split(O200K),
        "prefix": pre_tokenizers.Sequence([split(r"\s+"), pre_tokenizers.ByteLevel(add_prefix_space=True)]),
    }.items():
        tokenizer = Tokenizer.from_str(base)
        steps = [pre_tokenizer] if name == "prefix" else [pre_tokenizer, BYTES]
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
        yield name, tokenizer
    for name, normalizer in {
        "nfd": normalizers.NFD(),
        "nfkc": normalizers.NFKC(),
        "nfkd": normalizers.NFKD(),
        "lowercase": normalizers.Lowercase(),
        "replace": normalizers.Replace(Regex(r"\s{2,}"), " "),
        "replace-literal": normalizers.Replace("e", "é"),
        "prepend": normalizers.Prepend("x "),
        "strip": normalizers.Strip(),
        "strip-left": normalizers.Strip(left=True, right=False),
        "accents": normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents()]),
    }.items():
        tokenizer = Tokenizer.from_str(base)
        tokenizer.normalizer = normalizer
        yield name, tokenizer
    for name, options in {
        "plain": {},
        "unknown": {"unk_token": "<unk>"},
        "fused": {"unk_token": "<unk>", "fuse_unk": True},
        "fallback": {"unk_token": "<unk>", "byte_fallback": True},
    }.items():
        letters = "▁abcdefghijklmnopqrstuvwxyz,.é日"
        vocabulary = {token: index for index, token in enumerate(["<unk>", "<s>", *letters, "th", "the", "▁t", "▁the", "er"])}
        if name == "fallback":
            for byte in range(256):
                vocabulary[f"<0x{byte:02X}>"] = len(vocabulary)
        merges = [("t", "h"), ("th", "e"), ("▁", "the"), ("▁", "t"), ("e", "r")]
        for scheme in ("always", "first", "never"):
            for splits in (False, True):
                tokenizer = Tokenizer(models.BPE(vocabulary, merges, **options))
                tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme, split=splits)
                tokenizer.decoder = decoders.Metaspace(prepend_scheme=scheme, split=splits)
                if name == "fallback":
                    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), tokenizer.decoder])
                if name == "plain":
                    tokenizer.post_processor = processors.BertProcessing(("th", vocabulary["th"]), ("<s>", 1))
                tokenizer.add_special_tokens([AddedToken("<s>", normalized=False)])
                yield f"metaspace-{name}-{scheme}-{splits}".lower(), tokenizer


def main():
    source, out = sys.argv[1:]
    os.makedirs(out, exist_ok=True)
    files = {
        "llama-bpe": real(source, "llama-bpe", by_patterns(LLAMA3), ignore_merges=True),
        "qwen2": real(source, "qwen2", by_patterns(QWEN2), normalizers.NFC()),
        "gpt-2": real(source, "gpt-2", pre_tokenizers.ByteLevel(add_prefix_space=False)),
        "deepseek-v3": real(source, "deepseek-llm", by_patterns(*DEEPSEEK_V3)),
        "deepseek-coder": real(source, "deepseek-coder", by_patterns(*DEEPSEEK_CODER)),
        "command-r-o200k": real(source, "command-r", by_patterns(O200K), normalizers.NFC()),
        "llama-spm": real_metaspace(source, "llama-spm", first=False),
        "phi-3-first": real_metaspace(source, "phi-3", first=True),
    }
    fixtures = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Fixtures")
    with open(os.path.join(fixtures, "tokenizers", "qwen2_style.json"), encoding="utf-8") as file:
        files.update(("variant-" + name, tokenizer) for name, tokenizer in variants(file.read()))
    for name, tokenizer in files.items():
        tokenizer.save(os.path.join(out, name + ".json"))
    print(f"{len(files)} tokenizers in {out}")


if __name__ == "__main__":
    main()
