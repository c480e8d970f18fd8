#!/usr/bin/env python3
"""What it costs that the schedule never changes the bits: Benchmarks/bitwise.py [--strata FILE] [--rounds N] MODEL ...

Kernels that keep the promise leave some freedom unused. Each variant takes one of these freedoms: it is a copy of Kernels/ with one
line changed (STRATA_KERNELS), whose bits depend on the shape if the variant were chosen by shape. All run in turn on the same
files; the ratio to the kernels as they are is taken in each round, then the median. The price is what the best variant of a test is
faster by. Without quiet the ratios mean nothing.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CONTRACT = ("Common/prelude.clh", "#pragma OPENCL FP_CONTRACT OFF", "#pragma OPENCL FP_CONTRACT ON")


def chunk(positions):
    return ("Attention/layout.clh", "#define CHUNK 64", f"#define CHUNK {positions}")


VARIANTS = [
    ("as they are", None),
    ("contraction left to the compiler", CONTRACT),
    ("attention by 32 positions", chunk(32)),
    ("attention by 128 positions", chunk(128)),
    ("attention by 256 positions", chunk(256)),
]
TESTS = [("-p", "512", "-n", "0"), ("-p", "2048", "-n", "0"), ("-p", "0", "-n", "64"), ("-p", "0", "-n", "64", "-d", "2048")]


def kernels(folder, change):
    """A copy of the kernels with one line changed."""
    shutil.copytree(os.path.join(HERE, "..", "Kernels"), folder)
    if change is None:
        return folder
    path, before, after = change
    with open(os.path.join(folder, path)) as file:
        text = file.read()
    if text.count(before) != 1:
        sys.exit(f"{path}: expected one line '{before}'")
    with open(os.path.join(folder, path), "w") as file:
        file.write(text.replace(before, after))
    return folder


def rate(options, model, test, folder):
    command = [options.strata, "bench", "-m", model, "--device", options.device, "-r", "1", "-o", "json", *test]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "STRATA_KERNELS": folder})
    if done.returncode:
        sys.exit(f"{' '.join(command)}: status {done.returncode}\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)[0]["avg_ts"]


def name(test):
    values = dict(zip(test[::2], test[1::2]))
    return (f"pp{values['-p']}" if values["-p"] != "0" else f"tg{values['-n']}") + (f" @ d{values['-d']}" if "-d" in values else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--strata", default=os.path.join(HERE, "..", ".build", "release", "strata"))
    parser.add_argument("--device", default="0")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        folders = [kernels(os.path.join(work, str(i)), change) for i, (_, change) in enumerate(VARIANTS)]
        print("| model | test | as they are, t/s | " + " | ".join(title for title, _ in VARIANTS[1:]) + " | price |")
        print("| --- | --- " + "| ---: " * (len(VARIANTS) + 1) + "|")
        for model in options.models:
            for test in TESTS:
                rounds = []
                for _ in range(options.rounds):
                    rounds.append([rate(options, model, test, folder) for folder in folders])
                    print(f"{os.path.basename(model)} {name(test)}: round {len(rounds)}", file=sys.stderr)
                base = statistics.median(r[0] for r in rounds)
                ratios = [statistics.median(r[i] / r[0] for r in rounds) for i in range(1, len(VARIANTS))]
                cells = [f"{ratio:.3f}" for ratio in ratios] + [f"{max(0, max(ratios) - 1) * 100:.1f} %"]
                print(f"| {os.path.basename(model)} | {name(test)} | {base:.1f} | {' | '.join(cells)} |", flush=True)


main()
