"""The tables of the comparison with the paper, as Markdown, from what Benchmarks/paper.sh has simulated.

    python3 Benchmarks/tables.py FOLDER >tables.md

Needs nothing but Python.
"""

import glob
import json
import os
import statistics
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def load(path):
    with open(path) as file:
        return json.load(file)


def paper():
    return load(os.path.join(HERE, "paper.json"))


def panel(folder, name):
    """{policy: {rate: [report of each seed]}}; the runs by the authors' group table are the policy `layered table`."""
    runs = {}
    for kind in ("panel", "table"):
        for path in sorted(glob.glob(os.path.join(folder, f"{kind}-{name}-*.json"))):
            for run in load(path):
                policy = "layered table" if kind == "table" else run["policy"]
                runs.setdefault(policy, {}).setdefault(run["requestRate"], []).append(run)
    return runs


def mean(runs, *path):
    """The mean over seeds of the field at `path`."""
    values = []
    for run in runs:
        for key in path:
            run = run[key]
        values.append(run)
    return statistics.fmean(values)


def ninety(points):
    """Where attainment falls under 90 %, linear between neighbours; as the last rate with a > if it never does."""
    points = sorted(points)
    for (x, a), (y, b) in zip(points, points[1:]):
        if a >= 90 > b:
            return x + (y - x) * (a - 90) / (a - b), False
    return points[-1][0], True


def attainment(runs):
    return [(rate, 100 * mean(seeds, "attainment")) for rate, seeds in sorted(runs.items())]


def table(head, rows):
    print("| " + " | ".join(str(field) for field in head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(str(field) for field in row) + " |")
    print()


def per_cent(new, old):
    return f"{(new / old - 1) * 100:+.1f} %"


def prompt(folder):
    known = paper()["chunks"]
    found = {run["policy"]: run for run in load(os.path.join(folder, "prompt.json"))}
    print("### One prompt of 8192 tokens, Qwen3-30B-A3B, two H100\n")
    rows = []
    for index, size in enumerate(known["sizes"]):
        run = found[f"chunked {size}"]
        row = [f"chunked {size}"]
        for ours, theirs in (
            (run["expertBytes"] / 1e9, known["gigabytes"][index]),
            (run["seconds"] * 1e3, known["milliseconds"][index]),
            (run["expertSeconds"] * 1e3, known["expertMilliseconds"][index]),
        ):
            row.append(f"{ours:.1f} / {theirs} ({per_cent(ours, theirs)})")
        rows.append(row)
    for name in ("layered", "adaptive"):
        run = found[name]
        rows.append([name, f"{run['expertBytes'] / 1e9:.1f}", f"{run['seconds'] * 1e3:.1f}", f"{run['expertSeconds'] * 1e3:.1f}"])
    table(["policy", "expert GB, ours / paper", "ms, ours / paper", "of which experts"], rows)


def rates(folder):
    print("### Rates at which attainment falls under 90 % (requests/s)\n")
    rows = []
    for known in paper()["panels"]:
        runs = panel(folder, known["name"])
        for policy, of_paper in (("chunked", "chunked"), ("layered", "layered"), ("layered table", "layered"), ("adaptive", None)):
            rate, beyond = ninety(attainment(runs[policy]))
            theirs = known["ninety"].get(of_paper)
            off = "" if theirs is None else (">= " if beyond else "") + per_cent(rate, theirs)
            rows.append([known["name"], policy, ("> " if beyond else "") + f"{rate:.2f}", theirs or "-", off])
    table(["panel", "policy", "ours", "paper", "difference"], rows)


def curves(folder):
    for known in paper()["panels"]:
        stand_in = " (stand-in trace)" if "standin" in known["trace"] else ""
        print(f"### Panel {known['name']}: {known['model']}, {known['trace']}{stand_in}, attainment in %\n")
        runs = panel(folder, known["name"])
        every = sorted(runs["chunked"])
        rows = []
        for policy in ("chunked", "layered", "layered table", "adaptive"):
            points = dict(attainment(runs[policy]))
            rows.append([policy] + [f"{points[rate]:.0f}" for rate in every])
            if policy in ("chunked", "layered"):
                theirs = dict(zip(known["rates"], known[policy]))
                rows.append([policy + ", paper"] + [theirs.get(rate, "") for rate in every])
        for label, path in (
            ("mean TTFT, s", ("ttft", "mean")), ("P99 TBT, ms", ("itl", "p99")), ("mean E2E, s", ("e2el", "mean")),
            ("in system", ("meanInSystemAtArrivals",)), ("mJ/token", ("energyPerToken",)),
        ):
            scale = 1000 if label.endswith("ms") or label == "mJ/token" else 1
            for policy in ("chunked", "layered", "adaptive"):
                rows.append([f"{label}: {policy}"] + [f"{scale * mean(runs[policy][rate], *path):.3g}" for rate in every])
        table(["requests/s"] + every, rows)


def experts(run):
    return run["expertBytesPrefill"] + run["expertBytesDecode"]


def front(folder):
    print("### Qwen3-30B-A3B, arXiv stand-in, 1.3 requests/s, by chunk size and by groups\n")
    rows = []
    for path in sorted(glob.glob(os.path.join(folder, "front-*.json"))):
        for run in load(path):
            kind = run["policy"]
            if kind == "adaptive":
                kind += f", target {path.rsplit('-', 1)[1].split('.')[0]} ms"
            rows.append([
                kind, f"{run['ttft']['mean']:.2f}", f"{1000 * run['itl']['p99']:.1f}", f"{run['e2el']['mean']:.2f}",
                f"{experts(run) / 1e9 / run['completed']:.0f}", f"{1000 * run['energyPerToken']:.1f}"])
    table(["policy", "mean TTFT, s", "P99 TBT, ms", "mean E2E, s", "expert GB a request", "mJ/token"], rows)


def headlines(folder):
    print("### Headlines, at equal load: what layered and adaptive save of chunked\n")
    print("Over the paper's rates of a panel, the smallest and the largest saving, and the rate of the largest.\n")
    rows = []
    for known in paper()["panels"]:
        runs = panel(folder, known["name"])
        for policy in ("layered", "adaptive"):
            row = [known["name"], policy]
            for field in (
                lambda seeds: statistics.fmean(experts(run) for run in seeds),
                lambda seeds: mean(seeds, "ttft", "mean"),
                lambda seeds: mean(seeds, "e2el", "mean"),
                lambda seeds: mean(seeds, "energyPerToken"),
            ):
                saved = [(1 - field(runs[policy][rate]) / field(runs["chunked"][rate]), rate) for rate in known["rates"]]
                row.append(f"{100 * min(saved)[0]:.0f} to {100 * max(saved)[0]:.0f} % (at {max(saved)[1]})")
            rows.append(row)
    table(["panel", "policy", "expert bytes", "mean TTFT", "mean E2E", "energy per token"], rows)
    print("Energy per token, each policy at the highest of the panel's rates that it serves with 90 %:\n")
    rows = []
    for known in paper()["panels"]:
        runs = panel(folder, known["name"])
        row = [known["name"]]
        found = []
        for policy in ("chunked", "layered", "layered table", "adaptive"):
            served = [rate for rate, share in attainment(runs[policy]) if share >= 90]
            if not served:
                row.append("-")
                continue
            found.append(1000 * mean(runs[policy][max(served)], "energyPerToken"))
            row.append(f"{found[-1]:.1f} mJ at {max(served)}")
        row.append(f"{per_cent(found[1], found[0])}, {per_cent(found[2], found[0])}" if len(found) == 4 else "-")
        rows.append(row)
    table(["panel", "chunked", "layered", "layered table", "adaptive", "layered and its table to chunked"], rows)


def adaptive(folder):
    print("### Adaptive against the better of chunked and layered\n")
    rows = []
    for known in paper()["panels"]:
        runs = panel(folder, known["name"])
        worst, faster, ratios = 100.0, 0, []
        for rate in known["rates"]:
            others = [runs[policy][rate] for policy in ("chunked", "layered")]
            best = max(mean(seeds, "attainment") for seeds in others)
            worst = min(worst, 100 * (mean(runs["adaptive"][rate], "attainment") - best))
            first = min(mean(seeds, "ttft", "mean") for seeds in others)
            ratios.append(first / mean(runs["adaptive"][rate], "ttft", "mean"))
            faster += ratios[-1] > 1
        rows.append([known["name"], f"{worst:+.1f}", f"{faster} of {len(ratios)}", f"{min(ratios):.1f} to {max(ratios):.1f}"])
    table(["panel", "attainment, least difference in points", "rates with a lower mean TTFT", "mean TTFT of the better of both / adaptive's"], rows)


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "results", "paper")
    for part in (rates, prompt, headlines, adaptive, front, curves):
        part(folder)
    for path in sorted(glob.glob(os.path.join(folder, "crossover-*.txt"))):
        name = os.path.basename(path)[len("crossover-"):-len(".txt")]
        print(f"### Crossover, qwen3-30b-a3b, {name}\n\n```")
        print(open(path).read().rstrip())
        print("```\n")


if __name__ == "__main__":
    main()
