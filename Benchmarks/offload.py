#!/usr/bin/env python3
"""Compares runs of `Benchmarks/offload.sh`: a long prompt alone and while others decode, by policy; copies against compute.

    Benchmarks/offload.py FOLDER
"""
import glob
import json
import statistics
import sys


def load(folder, name):
    with open(f"{folder}/{name}.json") as file:
        return json.load(file)


def long_prompt(run):
    return max(run["requests"], key=lambda r: r["promptTokens"])


def gaps(run):
    """Gaps of those that decode, from the arrival of the long prompt to its first token: P99, by rank."""
    prompt = long_prompt(run)
    begin, end = prompt["arrival"], prompt["tokens"][0]
    found = sorted(
        b - a
        for r in run["requests"] if r is not prompt
        for a, b in zip(r["tokens"], r["tokens"][1:]) if b > begin and a < end)
    return found[max(0, -(-99 * len(found) // 100) - 1)] if found else 0.0


def trace(path):
    """Of a Chrome trace, in seconds: from the prompt's first layer group to its last, and what copies and kernels took."""
    with open(path) as file:
        found = json.load(file)
    events = found["traceEvents"] if isinstance(found, dict) else found
    rows = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["ph"] == "M" and e["name"] == "thread_name"}
    slices = {}
    for e in events:
        if e["ph"] == "X":
            slices.setdefault(rows[e["pid"], e["tid"]].split(" (")[0], []).append((e["ts"], e["ts"] + e["dur"]))
    groups = slices["layer groups"]
    begin, end = min(g[0] for g in groups), max(g[1] for g in groups)
    def busy(name):
        return sum(min(b, end) - max(a, begin) for a, b in slices.get(name, []) if b > begin and a < end) / 1e6
    return (end - begin) / 1e6, busy("copies of experts"), busy("kernels")


def traces(folder, name):
    """Medians over rounds."""
    rounds = [trace(path) for path in sorted(glob.glob(f"{folder}/{name}-[0-9]*.json"))]
    return tuple(statistics.median(values) for values in zip(*rounds))


def median(runs, figure):
    return statistics.median(figure(r) for r in runs)


def main():
    folder = sys.argv[1]
    by = {}
    for kind in ("alone", "shared"):
        for run in load(folder, kind):
            if run["round"] is not None:
                by.setdefault((kind, run["policy"]), []).append(run)
    def ttft(r):
        return long_prompt(r)["tokens"][0] - long_prompt(r)["arrival"]
    def moved(r, phase):
        return r["ledger"]["total"]["hostToDevice"][phase] / 1e9
    print(f"{'':24}{'policy':14}{'TTFT s':>9}{'P99 TBT s':>11}{'GB prefill':>12}{'GB decode':>11}{'reload factor':>15}")
    for (kind, policy), runs in by.items():
        name = "long prompt alone" if kind == "alone" else "while 4 decode"
        print(f"{name:24}{policy:14}{median(runs, ttft):9.2f}{median(runs, gaps):11.3f}"
              f"{median(runs, lambda r: moved(r, 'prefill')):12.2f}{median(runs, lambda r: moved(r, 'decode')):11.2f}"
              f"{median(runs, lambda r: r['ledger'].get('reloadFactor') or 0):15.2f}")
    layered, chunked = by["shared", "layered"], by["shared", "chunked 128"]
    alone, chunked_alone = by["alone", "layered"], by["alone", "chunked 128"]
    print()
    print("the long prompt's experts moved, chunked 128 / layered, alone: "
          f"{median(chunked_alone, lambda r: moved(r, 'prefill')) / median(alone, lambda r: moved(r, 'prefill')):.2f} (at least 8)")
    print(f"its time, layered / chunked 128, while 4 decode: {median(layered, ttft) / median(chunked, ttft):.3f} (at most 0.2)")
    if median(chunked, gaps) > 0:
        print(f"P99 TBT meanwhile, layered / chunked 128: {median(layered, gaps) / median(chunked, gaps):.2f} (at most 1)")
    else:
        print("nobody decoded any more when the long prompt came: set ARRIVAL to fewer seconds")
    print(f"its TTFT while 4 decode / alone, layered: {median(layered, ttft) / median(alone, ttft):.2f} (at most 1.3)")
    warm = [median([r for r in load(folder, n) if r["round"] is not None], ttft) for n in ("overlapped", "serial")]
    print(f"one prompt of 2048 tokens, experts laid out before, copies overlapped / serial (--no-prefetch): "
          f"{warm[0]:.2f} s / {warm[1]:.2f} s = {warm[0] / warm[1]:.3f} (at most 0.65)")
    overlapped, serial = traces(folder, "overlapped"), traces(folder, "serial")
    for name, (span, copies, kernels) in (("overlapped", overlapped), ("serial (--no-prefetch)", serial)):
        print(f"a first prompt of about 2000 tokens by the events of its trace, while experts are laid out, copies {name}: {span:.2f} s, "
              f"in which copies take {copies:.2f} s and kernels {kernels:.2f} s")
    print(f"  overlapped / serial: {overlapped[0] / serial[0]:.3f}")
    print()
    print("chunked 512 by what stays on the device, the long prompt alone: GB from host to device")
    for policy in ("auto", "lru", "random"):
        runs = [r for r in load(folder, f"keep-{policy}") if r["round"] is not None]
        print(f"  {policy:10}{median(runs, lambda r: moved(r, 'prefill')):8.2f}")


if __name__ == "__main__":
    main()
