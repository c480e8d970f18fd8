#!/usr/bin/env python3
"""Prints what `strata bench serve --json` measured beside what `strata simulate --json` predicts.

    Benchmarks/compare.py serve.json simulate.json

Medians of the rounds. The ratio is that of the experts' bytes to those of the first policy, measured and predicted.
"""
import json
import sys


def reports(path):
    found = json.load(open(path))
    # A simulation may have the report as a member of the run.
    return [dict(entry, **entry["report"]) if "report" in entry else entry for entry in found]


def main():
    measured, predicted = reports(sys.argv[1]), reports(sys.argv[2])
    medians = [r for r in measured if r.get("round") is None] or measured
    simulated = {(r["policy"], r["requestRate"]): r for r in predicted}

    def gigabytes(r):
        return (r["expertBytesPrefill"] + r["expertBytesDecode"]) / 1e9

    rounds = max([r.get("round") or 1 for r in measured])
    print(f"medians of {rounds} rounds, times in s, experts' bytes in GB; the ratio is to the first policy")
    print(f"{'policy':14} {'mean TTFT':>9} {'P99 TTFT':>9} {'P99 TBT':>8} {'mean E2E':>9} {'SLO %':>6} {'GB':>8} "
          f"{'predicted':>9} {'ratio':>6} {'predicted':>9} {'off %':>6}")
    first = medians[0]
    for r in medians:
        s = simulated[r["policy"], r["requestRate"]]
        base = simulated[first["policy"], r["requestRate"]]
        ratio, expected = gigabytes(r) / gigabytes(first), gigabytes(s) / gigabytes(base)
        print(f"{r['policy']:14} {r['ttft']['mean']:9.2f} {r['ttft']['p99']:9.2f} {r['itl']['p99']:8.3f} "
              f"{r['e2el']['mean']:9.2f} {100 * (r.get('attainment') or 0):6.1f} {gigabytes(r):8.2f} "
              f"{gigabytes(s):9.2f} {ratio:6.3f} {expected:9.3f} {100 * (ratio / expected - 1):+6.1f}")
    print("each round:")
    for r in measured:
        if r.get("round"):
            print(f"  {r['round']} {r['policy']:14} mean TTFT {r['ttft']['mean']:7.2f}, P99 TBT {r['itl']['p99']:6.3f}, "
                  f"mean E2E {r['e2el']['mean']:7.2f}, {gigabytes(r):7.2f} GB, {r['iterations']} iterations")


if __name__ == "__main__":
    main()
