#!/usr/bin/env python3
"""Prints the bandwidths of `strata profile --ceilings` beside those of clpeak and of a plain C loop.

    Benchmarks/ceilings.py FOLDER KIND

FOLDER holds what Benchmarks/ceilings.sh has written, `strata.N`, `c.N` and `clpeak.N` of round N; KIND is the device's kind.
Of each contender the best of all rounds counts.
"""
import glob
import json
import re
import sys

# Our ceiling, clpeak's line (the best vector width where there are several), and the C program's.
PAIRS = [
    ("memoryRead", r"^\s*float\d*\s*:", "memoryRead"),
    ("memoryWrite", None, "memoryWrite"),
    ("memoryCopy", None, "memoryCopy"),
    ("writePageable", r"enqueueWriteBuffer( non-blocking)?\s*:", "memcpy"),
    ("readPageable", r"enqueueReadBuffer( non-blocking)?\s*:", "memcpy"),
    ("writeMapped", r"memcpy to mapped ptr\s*:", "memcpy"),
    ("readMapped", r"memcpy from mapped ptr\s*:", "memcpy"),
]


def files(folder, name):
    return [open(path).read() for path in sorted(glob.glob(f"{folder}/{name}.*"))]


def main():
    folder, kind = sys.argv[1], sys.argv[2]
    runs = [json.loads(text) for text in files(folder, "strata")]
    peaks, loops = files(folder, "clpeak"), files(folder, "c")
    print(f"device: {runs[0]['device']}, driver {runs[0]['driver']}; best of {len(runs)} alternating rounds, GB/s")
    print(f"{'':16} {'strata':>8} {'clpeak':>8} {'ratio':>6} {'C':>8} {'ratio':>6}")
    for name, pattern, loop in PAIRS:
        ours = max(c["best"] for run in runs for c in run["ceilings"] if c["name"] == name) / 1e9
        line = f"{name:16} {ours:8.2f}"
        found = [float(text.split(":")[1]) for run in peaks for text in run.splitlines() if pattern and re.search(pattern, text)]
        line += f" {max(found):8.2f} {ours / max(found):6.2f}" if found else f" {'-':>8} {'-':>6}"
        if kind == "cpu":
            theirs = max(float(text.split()[1]) for run in loops for text in run.splitlines() if text.split()[0] == loop)
            line += f" {theirs:8.2f} {ours / theirs:6.2f}"
        print(line)


if __name__ == "__main__":
    main()
