"""Greedy text of a GGUF file here and in llama.cpp: greedy_text.py STRATA MODEL [MODEL-IN-LLAMA.CPP] [--tokens N]

Ten prompts. Where the texts part, prints by how much our two best logits differ there: at a near tie either is right, since
llama.cpp rounds activations.
"""

import argparse
import json
import pathlib
import struct
import subprocess
import tempfile

PROMPTS = [
    "The capital of France is", "Once upon a time, there was a", "Water boils at", "The three primary colors are",
    "def fibonacci(n):", "In the year 1969,", "The opposite of hot is", "My favourite recipe begins with",
    "Photosynthesis is the process by which", "Dear Sir or Madam,\n",
]
ROOT = pathlib.Path(__file__).resolve().parents[2]


def ids(text):
    return ",".join(str(token) for token in text)


def ours(strata, model, prompt, count, activations):
    out = subprocess.run(
        [strata, "run", "--model", model, "--prompt", prompt, "--temperature", "0", "--max-tokens", str(count), "--json",
         "--activations", activations],
        capture_output=True, text=True, check=True)
    return json.loads(out.stdout)["requests"][0]["tokens"]


def theirs(model, prompt, count):
    with tempfile.NamedTemporaryFile() as out:
        run = subprocess.run(
            [ROOT / ".peers/llama_logits", model, ids(prompt), out.name, str(count)], capture_output=True, text=True,
            check=True)
    return [int(token) for token in run.stdout.split()[-1].split(",") if token]


def gap(strata, model, tokens):
    """Between the two best logits behind these tokens."""
    with tempfile.NamedTemporaryFile(suffix=".safetensors") as out:
        subprocess.run(
            [strata, "logits", "--model", model, "--tokens", ids(tokens), "--output", out.name], capture_output=True,
            check=True)
        data = open(out.name, "rb").read()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:start])["logits"]
    values = data[start + header["data_offsets"][0]:start + header["data_offsets"][1]]
    best = sorted(struct.unpack(f"<{len(values) // 4}f", values))[-2:]
    return best[1] - best[0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("strata")
    parser.add_argument("model")
    parser.add_argument("other", nargs="?")
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--activations", default="f32")
    options = parser.parse_args()
    same = 0
    for prompt in PROMPTS:
        tokens = subprocess.run(
            [options.strata, "tokenize", "--model", options.model, "--text", prompt], capture_output=True, text=True,
            check=True).stdout
        tokens = [int(token) for token in tokens.replace(",", " ").split()]
        a = ours(options.strata, options.model, prompt, options.tokens, options.activations)
        b = theirs(options.other or options.model, tokens, options.tokens)[:len(a)]
        part = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), None)
        if part is None:
            same += 1
            print(f"{prompt!r}: {len(a)} tokens, the same")
        else:
            between = gap(options.strata, options.model, tokens + a[:part])
            print(f"{prompt!r}: parts after {part} tokens, where our two best logits differ by {between:.4f}")
    print(f"{same} of {len(PROMPTS)} the same")


main()
