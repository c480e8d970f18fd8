"""Pictures of serving runs, from the JSON of `strata simulate --json` and `strata bench serve --json`, and of soaks.

    python3 Benchmarks/plot.py attainment RUNS.json… -o OUT.png    attainment against rate, a curve a policy
    python3 Benchmarks/plot.py front RUNS.json… -o OUT.png         TTFT against TBT, a point a run
    python3 Benchmarks/plot.py tokens RUNS.json… -o OUT.png        tokens of one request over time (needs --detailed)
    python3 Benchmarks/plot.py bytes PROMPTS.json -o OUT.png       expert bytes of one prompt against chunk size
    python3 Benchmarks/plot.py timeline TRACE.json -o OUT.png [--seconds BEGIN END]
    python3 Benchmarks/plot.py soak SOAK.csv -o OUT.svg            memory, OpenCL objects and latencies over time
    python3 Benchmarks/plot.py paper FOLDER OUT                    all of the comparison with the paper

Needs matplotlib.
"""

import argparse
import glob
import json
import os

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

import soak as soaks  # noqa: E402
import tables  # noqa: E402

COLOURS = {"chunked": "#d55e00", "layered": "#0072b2", "adaptive": "#009e73", "continuous": "#777777"}
plt.rcParams.update({"font.size": 10, "axes.grid": True, "grid.alpha": 0.3, "axes.axisbelow": True, "figure.dpi": 110})


def colour(policy):
    return COLOURS.get(policy.split()[0], "black")


def save(figure, path):
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


def load_runs(paths):
    return [run for path in paths for run in tables.load(path)]


def attainment(paths, out):
    figure, axes = plt.subplots(figsize=(6, 4))
    curves = {}
    for run in load_runs(paths):
        curves.setdefault(run["policy"], {}).setdefault(run["requestRate"], []).append(run)
    for policy, runs in curves.items():
        points = tables.attainment(runs)
        axes.plot(*zip(*points), "o-", color=colour(policy), label=policy)
    axes.axhline(90, color="grey", lw=0.8, ls=":")
    axes.set(xlabel="requests/s", ylabel="requests within both limits, %", ylim=(0, 103))
    axes.legend()
    save(figure, out)


def panels(folder, out):
    figure, grid = plt.subplots(2, 2, figsize=(11, 7.5))
    for axes, known in zip(grid.flat, tables.paper()["panels"]):
        runs = tables.panel(folder, known["name"])
        for policy in ("chunked", "layered", "adaptive"):
            axes.plot(*zip(*tables.attainment(runs[policy])), "-", color=colour(policy), label=f"{policy}, simulated", lw=2)
        axes.plot(
            *zip(*tables.attainment(runs["layered table"])), ":", color=colour("layered"), lw=2,
            label="layered by the authors' group table, simulated")
        for policy in ("chunked", "layered"):
            axes.plot(known["rates"], known[policy], "o--", color=colour(policy), lw=0.8, mfc="white", label=f"{policy}, paper")
        axes.axhline(90, color="grey", lw=0.8, ls=":")
        model = {"qwen3-30b-a3b": "Qwen3-30B-A3B", "gpt-oss-20b": "GPT-OSS-20B"}[known["model"]]
        trace = "arXiv (stand-in trace)" if "standin" in known["trace"] else "ShareGPT"
        axes.set_title(f"{known['name']}: {model}, {trace}: TTFT {known['ttft'] // 1000} s, TBT {known['tbt']} ms", fontsize=10)
        axes.set(xlabel="requests/s", ylabel="requests within both limits, %", ylim=(0, 103))
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncol=3, frameon=False)
    figure.tight_layout(rect=(0, 0.08, 1, 1))
    figure.savefig(out)
    plt.close(figure)


def front(paths, out):
    figure, axes = plt.subplots(figsize=(7, 4.5))
    kinds = {}
    for path in paths:
        target = os.path.basename(path).split("-")[-1].split(".")[0]
        for run in tables.load(path):
            words = run["policy"].split()
            # What sets the run apart: a chunk size, a number of groups, or a target in the file's name.
            text = words[1] if len(words) > 1 else (target if words[0] == "adaptive" else "")
            if "front-rule" in path:
                text = "the rule"
            kinds.setdefault(words[0], []).append((1000 * run["itl"]["p99"], run["ttft"]["mean"], text))
    marks = {"chunked": "s", "layered": "o", "adaptive": "^", "continuous": "D"}
    names = {"chunked": "chunked, by chunk size", "layered": "layered, by groups", "adaptive": "adaptive, by target in ms"}
    for kind, points in kinds.items():
        points.sort()
        axes.plot([p[0] for p in points], [p[1] for p in points], marks.get(kind, "o") + "-", color=colour(kind), label=names.get(kind, kind), lw=1)
        for x, y, text in points:
            up = {"the rule": (8, 1), "16": (-14, -8), "30": (-18, -3)}.get(text) or ((-4, -14) if kind == "adaptive" else (5, 5))
            axes.annotate(text, (x, y), textcoords="offset points", xytext=up, fontsize=8, color=colour(kind))
    axes.set(xscale="log", yscale="log", xlabel="P99 time between tokens, ms", ylabel="mean time to first token, s")
    axes.set_xticks([20, 30, 50, 100, 200, 500, 1000], [20, 30, 50, 100, 200, 500, 1000])
    axes.set_yticks([0.2, 0.5, 1, 2, 5, 10, 20, 50], [0.2, 0.5, 1, 2, 5, 10, 20, 50])
    axes.minorticks_off()
    axes.legend()
    save(figure, out)


def tokens(paths, out):
    figure, axes = plt.subplots(figsize=(7, 4))
    runs = [run for run in load_runs(paths) if run.get("requests")]
    # A request of median length whose TTFT was the median one in the first run.
    requests = [(index, r) for index, r in enumerate(runs[0]["requests"]) if len(r["tokens"]) >= 200]
    requests.sort(key=lambda pair: pair[1]["tokens"][0] - pair[1]["arrival"])
    index = requests[len(requests) // 2][0]
    for run in runs:
        request = run["requests"][index]
        times = [time - request["arrival"] for time in request["tokens"]]
        axes.plot(times, range(1, len(times) + 1), color=colour(run["policy"]), label=run["policy"], lw=2)
    request = runs[0]["requests"][index]
    axes.set(xlabel="seconds after arrival", ylabel="tokens generated", xlim=(0, None), ylim=(0, None))
    axes.set_title(f"one request of {request['promptTokens']} prompt tokens, at {runs[0]['requestRate']} requests/s", fontsize=10)
    axes.legend()
    save(figure, out)


def expert_bytes(path, out, known=None):
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8))
    found = {run["policy"]: run for run in tables.load(path)}
    sizes = [int(name.split()[1]) for name in found if name.startswith("chunked ")]
    places = range(len(sizes))
    chunks = [found[f"chunked {size}"] for size in sizes]
    left.bar(places, [run["expertBytes"] / 1e9 for run in chunks], color=COLOURS["chunked"], alpha=0.8, label="chunked, simulated")
    left.axhline(found["layered"]["expertBytes"] / 1e9, color=COLOURS["layered"], lw=2, label="layered, simulated")
    right.plot(places, [run["seconds"] * 1e3 for run in chunks], "-", color=COLOURS["chunked"], label="chunked, simulated")
    right.plot(places, [run["expertSeconds"] * 1e3 for run in chunks], "--", color=COLOURS["chunked"], label="of which experts")
    right.axhline(found["layered"]["seconds"] * 1e3, color=COLOURS["layered"], lw=2, label="layered, simulated")
    if known:
        left.plot(places, known["gigabytes"], "ko", mfc="white", label="chunked, paper")
        right.plot(places, known["milliseconds"], "ko", mfc="white", label="chunked, paper")
        right.plot(places, known["expertMilliseconds"], "k^", mfc="white", label="of which experts, paper")
    for axes, label in ((left, "bytes of experts read, GB"), (right, "ms to the first token")):
        axes.set_xticks(list(places), sizes)
        axes.set(xlabel="chunk size", ylabel=label, ylim=(0, None))
        axes.legend(fontsize=9)
    save(figure, out)


def timeline(path, out, seconds=None):
    events = tables.load(path)["traceEvents"]
    names = {e["pid"]: e["args"]["name"] for e in events if e["name"] == "process_name"}
    figure, grid = plt.subplots(len(names), 1, figsize=(11, 2.4 * len(names)), sharex=True, squeeze=False)
    steps = {pid: [e for e in events if e["pid"] == pid and e.get("ph") == "X" and e["tid"] == 0] for pid in names}
    layers = max(tile["layers"][1] for e in events if e.get("args") for tile in e["args"].get("tiles") or [])
    begin, end = seconds or (0, max(e["ts"] + e["dur"] for e in steps[0]) / 1e6)
    hues = plt.get_cmap("tab10")
    for axes, (pid, name) in zip(grid[:, 0], names.items()):
        for e in steps[pid]:
            x, width = e["ts"] / 1e6, e["dur"] / 1e6
            if x + width < begin or x > end:
                continue
            axes.axvline(x, color="black", lw=0.3, alpha=0.25)
            if e["args"]["decode"]:
                axes.add_patch(plt.Rectangle((x, 0), width, layers, color="#e4e4e4", lw=0))
            for tile in e["args"].get("tiles") or []:
                low, high = tile["layers"]
                hue = hues(tile["prompts"][0] % 10)
                axes.add_patch(plt.Rectangle((x, low), width, high - low, facecolor=hue, edgecolor="white", lw=0.3))
        axes.set(xlim=(begin, end), ylim=(0, layers), ylabel="layer")
        axes.set_title(name, fontsize=10, loc="left")
        axes.grid(False)
    grid[-1, 0].set_xlabel("seconds; a colour is a prompt (ten in turn), grey is decode alone, a thin line begins an iteration")
    save(figure, out)


def soak(path, out):
    rows = soaks.load(path)
    minutes = [row["seconds"] / 60 for row in rows]
    figure, (memory, objects, times) = plt.subplots(3, 1, figsize=(9, 7), sharex=True)
    for key, label in (("resident_bytes", "resident"), ("device_bytes", "device buffers")):
        memory.plot(minutes, [row[key] / 2**20 for row in rows], label=label)
    memory.set(ylabel="MiB", ylim=(0, None))
    for key, label in (("handles", "OpenCL objects"), ("open_files", "open files"), ("threads", "threads")):
        objects.plot(minutes, [row[key] for row in rows], label=label)
    objects.set(ylabel="alive", ylim=(0, None))
    for key, label in (("ttft_median", "first token, median"), ("ttft_p99", "first token, P99"), ("tbt_median", "between tokens, median")):
        times.plot(minutes, [row[key] and row[key] * 1e3 for row in rows], label=label)
    times.set(ylabel="ms", yscale="log", xlabel="minutes")
    for axes in (memory, objects, times):
        axes.legend(loc="upper right", fontsize=8)
    save(figure, out)


def paper(folder, out):
    panels(folder, os.path.join(out, "attainment.png"))
    front(sorted(glob.glob(os.path.join(folder, "front-*.json"))), os.path.join(out, "front.png"))
    tokens([os.path.join(folder, "requests.json")], os.path.join(out, "tokens.png"))
    expert_bytes(os.path.join(folder, "prompt.json"), os.path.join(out, "expert-bytes.png"), tables.paper()["chunks"])
    timeline(os.path.join(folder, "timeline.json"), os.path.join(out, "timeline.png"), (4, 9))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["attainment", "front", "tokens", "bytes", "timeline", "soak", "paper"])
    parser.add_argument("files", nargs="+")
    parser.add_argument("-o", "--output")
    parser.add_argument("--seconds", nargs=2, type=float)
    options = parser.parse_args()
    if options.kind == "paper":
        if len(options.files) != 2:
            parser.error("paper takes two folders: what was simulated, and where the pictures go")
        return paper(*options.files)
    if not options.output:
        parser.error("-o is missing: the picture's file")
    if options.kind == "attainment":
        attainment(options.files, options.output)
    elif options.kind == "front":
        front(options.files, options.output)
    elif options.kind == "tokens":
        tokens(options.files, options.output)
    elif options.kind == "soak":
        soak(options.files[0], options.output)
    elif options.kind == "bytes":
        expert_bytes(options.files[0], options.output)
    else:
        timeline(options.files[0], options.output, options.seconds)


if __name__ == "__main__":
    main()
