#!/usr/bin/env python3
"""Measures which share of a model's experts some rows meet, as a coverage file for `strata simulate --coverage`.

    Benchmarks/coverage.py STRATA MODEL [--device D] [--tokens 4096] [--prompts 3] [--seed 1] > coverage.json

Runs prompts of random tokens through `strata logits --hidden`, which keeps what every router chose. `prompt` is the mean
share, over layers and prompts, of the experts that consecutive tokens of one prompt meet; `decode` that of rows of
different prompts at random positions. On stderr: the Gini coefficient of the experts' load, and the shares.
"""
import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile

import numpy as np


def routers(path):
    """[layers, tokens, chosen] of a file of `strata logits --hidden`."""
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size))
        found = {}
        for name, entry in header.items():
            if name.startswith("router."):
                begin, end = entry["data_offsets"]
                file.seek(8 + size + begin)
                found[int(name[7:])] = np.frombuffer(file.read(end - begin), "<i4").reshape(entry["shape"])
    return np.stack([found[layer] for layer in sorted(found)])


def gini(load):
    load = np.sort(load)
    n = len(load)
    return float((2 * np.arange(1, n + 1) - n - 1) @ load / (n * load.sum()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("strata")
    parser.add_argument("model")
    parser.add_argument("--device")
    parser.add_argument("--tokens", type=int, default=4096)
    parser.add_argument("--prompts", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    a = parser.parse_args()
    config = json.load(open(os.path.join(a.model, "config.json")))
    experts, vocabulary = config["num_experts"], config["vocab_size"]
    rng = np.random.default_rng(a.seed)
    chosen = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(a.prompts):
            tokens, output = os.path.join(folder, "tokens"), os.path.join(folder, "out.safetensors")
            with open(tokens, "w") as file:
                file.write(" ".join(map(str, rng.integers(0, vocabulary, a.tokens))))
            command = [a.strata, "logits", "--model", a.model, "--tokens-file", tokens, "--hidden", "--output", output]
            subprocess.run(command + (["--device", a.device] if a.device else []), check=True)
            chosen.append(routers(output))

    def share(choices):
        """Of one layer's choices [rows, chosen]."""
        return len(np.unique(choices)) / experts

    layers = range(chosen[0].shape[0])
    prompt, decode = [], []
    rows = 1
    while rows <= a.tokens:
        starts = range(0, a.tokens - rows + 1, max(rows, a.tokens // 16))
        values = [share(c[layer, s:s + rows]) for c in chosen for layer in layers for s in starts]
        prompt.append({"rows": rows, "share": round(float(np.mean(values)), 4)})
        if rows <= 256:
            values = []
            for _ in range(16):
                picks = [(rng.integers(len(chosen)), rng.integers(a.tokens)) for _ in range(rows)]
                values += [share(np.concatenate([chosen[p][layer, t] for p, t in picks])) for layer in layers]
            decode.append({"rows": rows, "share": round(float(np.mean(values)), 4)})
        rows *= 2
    loads = [np.bincount(np.concatenate([c[layer] for c in chosen]).ravel(), minlength=experts) for layer in layers]
    ginis = [gini(load) for load in loads]
    print(f"Gini of the load: mean {np.mean(ginis):.2f}, {min(ginis):.2f} to {max(ginis):.2f}", file=sys.stderr)
    for name, points in (("prompt", prompt), ("decode", decode)):
        print(name + ": " + ", ".join(f"{p['rows']} rows {p['share'] * 100:.1f} %" for p in points), file=sys.stderr)
    json.dump({"prompt": prompt, "decode": decode}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
