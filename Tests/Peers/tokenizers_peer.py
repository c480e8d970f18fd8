"""Encodes and decodes 10,000 strings with strata and with Hugging Face's tokenizers, for each tokenizer.json given.

    tokenizers_peer.py STRATA FILE...

Exits with 1 if any differ.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile

from tokenizers import Tokenizer

HERE = os.path.dirname(os.path.abspath(__file__))


def strings():
    with open(os.path.join(HERE, "..", "Fixtures", "tokenizers", "strings.txt"), encoding="ascii") as file:
        for line in file:
            yield base64.b64decode(line.split("\t")[0]).decode("utf-8", "replace")


def main():
    strata, *files = sys.argv[1:]
    texts = list(strings())
    differing = 0
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as list_file:
        for text in texts:
            list_file.write(json.dumps(text) + "\n")
        list_file.flush()
        for path in files:
            command = [strata, "tokenize", "--tokenizer", path, "--file", list_file.name, "--lines", "--json"]
            done = subprocess.run(command, capture_output=True)
            if done.returncode != 0:
                print(f"{os.path.basename(path)}: {done.stderr.decode().strip()}")
                differing += 1
                continue
            tokenizer = Tokenizer.from_file(path)
            wrong = []
            for text, line in zip(texts, done.stdout.split(b"\n")):
                found = json.loads(line)
                ids = tokenizer.encode(text).ids
                decoded = tokenizer.decode(ids, skip_special_tokens=False)
                if found["ids"] != ids:
                    wrong.append(f"{text!r}: expected {ids}, found {found['ids']}")
                elif found["text"] != decoded:
                    wrong.append(f"{text!r}: expected the text {decoded!r}, found {found['text']!r}")
            if wrong:
                differing += 1
                print(f"{os.path.basename(path)}: {len(wrong)} of {len(texts)} differ, such as\n  {wrong[0]}")
    print(f"{len(files) - differing} of {len(files)} tokenizers agree on {len(texts)} strings")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
