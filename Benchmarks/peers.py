#!/usr/bin/env python3
"""Runs strata and llama.cpp in turn on the same files, and prints the table of ratios: see peers.sh."""
import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys

# Name of the rows' model, its file, what it is called, and of each test the ratio that is wanted.
MODELS = [
    ("smollm2-8x-q8_0", "smollm2-8x-q8_0.gguf", "SmolLM2-135M upcycled to 8 experts of which 2, Q8_0",
     {"pp": 2.0, "tg": 1.5, "b8": 1.5}),
    ("smollm2-8x-q4_0", "smollm2-8x-q4_0.gguf", "the same, Q4_0", {"pp": 1.5, "tg": 1.2}),
    ("olmoe-q8_0", "olmoe-4-layers-q8_0.gguf", "OLMoE-1B-7B's shape cut to 4 layers, random, Q8_0",
     {"pp": 1.5, "tg": 1.2}),
    ("olmoe-q4_k", "olmoe-4-layers-q4_k.gguf", "the same, Q4_K", {"pp": 1.5, "tg": 1.2}),
    ("olmoe-mxfp4", "olmoe-4-layers-mxfp4.gguf", "the same, MXFP4", {"pp": 1.5, "tg": 1.2}),
    ("smollm2-q4_1", "SmolLM2-135M-Instruct.Q4_1.gguf", "SmolLM2-135M, dense, Q4_1 as shipped", {"pp": 1.3, "tg": 1.2}),
]
THREADS = 2
REQUESTS = 8


class Failure(Exception):
    """A program that failed, with what it said."""


def run(command):
    """Standard output of a command."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"{' '.join(command)}: status {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


class Strata:
    name = "strata"

    def __init__(self, options):
        self.options = options

    def bench(self, file, *test):
        command = [self.options.strata, "bench", "-m", file, "--device", self.options.device, "-r", "1", "-o", "json"]
        return [r["avg_ts"] for r in json.loads(run(command + list(test)))]

    def alone(self, file, tests, prompt, generate):
        found = self.bench(file, "-p", str(prompt if "pp" in tests else 0), "-n", str(generate if "tg" in tests else 0))
        return dict(zip([t for t in ("pp", "tg") if t in tests], found))

    def together(self, file, generate):
        return {"b8": self.bench(file, "-p", "0", "-n", str(generate), "-b", str(REQUESTS))[0]}


class Llama:
    name = "llama.cpp"

    def __init__(self, options):
        self.folder = options.llama

    def alone(self, file, tests, prompt, generate):
        command = [os.path.join(self.folder, "llama-bench"), "-m", file, "-t", str(THREADS), "-r", "1", "-o", "json",
                   "-p", str(prompt if "pp" in tests else 0), "-n", str(generate if "tg" in tests else 0)]
        return {"tg" if r["n_gen"] else "pp": r["avg_ts"] for r in json.loads(run(command))}

    def together(self, file, generate):
        # As here, each request begins with one token.
        command = [os.path.join(self.folder, "llama-batched-bench"), "-m", file, "-t", str(THREADS), "-tb", str(THREADS),
                   "-npp", "1", "-ntg", str(generate), "-npl", str(REQUESTS), "-c", str(REQUESTS * (generate + 1) + 64),
                   "--output-format", "jsonl"]
        lines = [line for line in run(command).splitlines() if line.startswith("{")]
        return {"b8": json.loads(lines[-1])["speed_tg"]}


def row_name(model, test):
    return f"{model}-{test}"


def test_title(test, prompt, generate):
    return {"pp": f"pp{prompt}", "tg": f"tg{generate}", "b8": f"tg{generate} @ b{REQUESTS}"}[test]


def chosen_rows(options):
    """For each model the tests that are wanted."""
    known = {row_name(model, test) for model, _, _, tests in MODELS for test in tests}
    wanted = set(options.rows.split(",")) if options.rows else known
    for name in wanted - known:
        if not any(row.startswith(name + "-") for row in known):
            sys.exit(f"--rows: {name} is no row, expected some of: {', '.join(sorted(known))}, or a model's beginning")
    return {model: [t for t in tests if row_name(model, t) in wanted or any(
        row_name(model, t).startswith(name + "-") for name in wanted)] for model, _, _, tests in MODELS}


def load():
    with open("/proc/loadavg") as file:
        return file.read().split()[:3]


def measure(options, file, log):
    rows = chosen_rows(options)
    prompt, generate, rounds = (64, 16, 1) if options.quick else (512, 128, options.rounds)
    peers = [Strata(options), Llama(options)]
    runs = {}
    for number in range(1, rounds + 1):
        for model, path, _, _ in MODELS:
            tests = rows[model]
            path = os.path.join(options.models, path)
            groups = []
            if set(tests) & {"pp", "tg"}:
                groups.append(lambda peer: peer.alone(path, tests, prompt, generate))
            if "b8" in tests:
                groups.append(lambda peer: peer.together(path, generate))
            for group in groups:
                for peer in peers:
                    log(f"round {number} of {rounds}: {model}, {peer.name}")
                    for test, rate in group(peer).items():
                        runs.setdefault((model, test), {}).setdefault(peer.name, []).append(rate)
                        file.write(json.dumps({"round": number, "model": model, "test": test_title(
                            test, prompt, generate), "peer": peer.name, "tokens_per_second": rate}) + "\n")
                        file.flush()
    return runs, prompt, generate


def table(runs, prompt, generate):
    yield "| model | test | strata t/s | llama.cpp t/s | ratio | of each round | wanted | |"
    yield "| --- | --- | ---: | ---: | ---: | --- | ---: | --- |"
    for model, _, title, tests in MODELS:
        for test, target in tests.items():
            found = runs.get((model, test))
            if not found:
                continue
            ours, theirs = found["strata"], found["llama.cpp"]
            ratios = [a / b for a, b in zip(ours, theirs)]
            ratio = statistics.median(ratios)
            yield (f"| {title} | {test_title(test, prompt, generate)} | {statistics.median(ours):.1f} | "
                   f"{statistics.median(theirs):.1f} | {ratio:.2f} | {', '.join(f'{r:.2f}' for r in ratios)} | "
                   f"{target:.1f} | {'met' if ratio >= target else 'missed'} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strata")
    parser.add_argument("--device", default="0")
    parser.add_argument("--llama")
    parser.add_argument("--models")
    parser.add_argument("--results")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", help="names of rows or models, with commas; default: all")
    parser.add_argument("--quick", action="store_true", help="one round of pp64 and tg16")
    parser.add_argument("--list", action="store_true", help="print the rows' names")
    options = parser.parse_args()
    if options.list:
        for model, _, title, tests in MODELS:
            for test, target in tests.items():
                print(f"{row_name(model, test):24} {title}: at least {target} x")
        return
    if options.rounds < 1:
        parser.error("--rounds: expected 1 or more")

    def log(text):
        print(f"{datetime.datetime.now():%H:%M:%S}  {text}", file=sys.stderr)

    before = load()
    if float(before[0]) > 0.5:
        # Its threads wait for each other in loops, and lose most where something else runs.
        log(f"warning: load average {before[0]}: others use this machine, which slows llama.cpp many times")
    prefix = os.path.join(options.results, "peers-quick" if options.quick else "peers")
    with open(prefix + ".jsonl", "w") as file:
        try:
            runs, prompt, generate = measure(options, file, log)
        except Failure as failure:
            sys.exit(str(failure))
    commit = run(["git", "describe", "--always", "--dirty"]).strip()
    head = [f"commit {commit}, {datetime.date.today()}, {THREADS} threads each, load average before: {' '.join(before)}, "
            f"after: {' '.join(load())}", ""]
    text = "\n".join(head + list(table(runs, prompt, generate))) + "\n"
    with open(prefix + ".txt", "w") as file:
        file.write(text)
    print(text, end="")


if __name__ == "__main__":
    main()
