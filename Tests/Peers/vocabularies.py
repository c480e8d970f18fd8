"""Encodes the test texts of llama.cpp's vocabulary-only GGUF files with strata, and compares with the expected ids.

    vocabularies.py STRATA FOLDER

Exits with 1 if a vocabulary differs, or if more than three byte-pair vocabularies are refused.
"""

import glob
import json
import os
import subprocess
import sys
import tempfile

from gguf_metadata import read_metadata


def main():
    strata, folder = sys.argv[1:]
    same = differing = refused = 0
    for inputs in sorted(glob.glob(os.path.join(folder, "ggml-vocab-*.gguf.inp"))):
        vocabulary = inputs.removesuffix(".inp")
        model = read_metadata(vocabulary)["tokenizer.ggml.model"].decode()
        with open(inputs, encoding="utf-8", newline="") as file:
            texts = file.read().split("\n__ggml_vocab_test__\n")
        with open(vocabulary + ".out", encoding="utf-8") as file:
            expected = [[int(id) for id in line.split()] for line in file.read().split("\n")][: len(texts)]
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as lines:
            lines.writelines(json.dumps(text) + "\n" for text in texts)
            lines.flush()
            done = subprocess.run(
                [strata, "tokenize", "--tokenizer", vocabulary, "--file", lines.name, "--lines", "--plain"],
                capture_output=True, text=True,
            )
        name = os.path.basename(vocabulary)
        if done.returncode != 0:
            print(f"{name}: {done.stderr.strip()}")
            refused += model in ("gpt2", "llama", "gemma4")
            continue
        found = [[int(id) for id in line.split()] for line in done.stdout.split("\n")][: len(texts)]
        wrong = [trio for trio in zip(texts, expected, found, strict=True) if trio[1] != trio[2]]
        same += not wrong
        differing += bool(wrong)
        if wrong:
            text, ids, ours = wrong[0]
            print(f"{name}: {len(wrong)} of {len(texts)} texts differ, such as {text!r}:\n  expected {ids}\n  found    {ours}")
    print(f"{same} vocabularies agree, {differing} differ, {refused} byte-pair vocabularies are refused")
    return 1 if differing or refused > 3 else 0


if __name__ == "__main__":
    sys.exit(main())
