#!/usr/bin/env python3
"""Runs products and attention here and in other libraries in turn, and prints the tables: see gemm.sh."""
import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys

PEERS = ["openblas", "onednn-f32", "onednn-bf16", "onednn-int8", "clblast"]
# Weights, and what they meet where that is not what suits the device.
FORMATS = ["f32", "bf16", "bf16 x f32", "f16", "q8_0", "q4_0", "q4_k", "mxfp4"]
# With which libraries a format is compared.
RIVALS = {"f32": ["openblas", "onednn-f32", "clblast"], "bf16": ["openblas", "onednn-bf16"],
          "bf16 x f32": ["openblas"], "f16": ["openblas"],
          "q8_0": ["onednn-int8", "openblas"], "q4_0": ["onednn-int8", "openblas"], "q4_k": ["onednn-int8", "openblas"],
          "mxfp4": ["onednn-int8", "openblas"]}
HIDDEN, INTERMEDIATE, EXPERTS = 2048, 768, 8
POSITIONS, HEADS, HEAD = 4096, 32, 128


class Runner:
    """Runs commands on so many cores, and keeps what they gave."""

    def __init__(self, options, cores, log):
        self.cores, self.options, self.log = cores, options, log
        self.environment = dict(os.environ, OMP_NUM_THREADS=str(cores), POCL_MAX_PTHREAD_COUNT=str(cores),
                                OPENBLAS_NUM_THREADS=str(cores), MKL_NUM_THREADS=str(cores))
        # Older versions of OpenBLAS need these on some processors; they slow a current one.
        self.environment.pop("OPENBLAS_CORETYPE", None)
        self.environment.pop("OPENBLAS_L2_SIZE", None)
        self.missing = {}

    def run(self, command):
        pin = ["taskset", "-c", "0" if self.cores == 1 else f"0-{self.cores - 1}"]
        return subprocess.run(pin + command, capture_output=True, text=True, env=self.environment)

    def json(self, command):
        """What a command printed, or None; then it is not tried again."""
        key = command[1:3]
        if str(key) in self.missing:
            return None
        done = self.run(command)
        if done.returncode:
            self.missing[str(key)] = (done.stderr.strip().splitlines() or ["no output"])[-1]
            print(f"left out: {os.path.basename(command[1])} {command[2]}: {self.missing[str(key)]}", file=sys.stderr)
            return None
        value = json.loads(done.stdout)
        self.log.write(json.dumps({"cores": self.cores, "command": command[1:], "result": value}) + "\n")
        self.log.flush()
        return value


def say(text):
    print(f"{datetime.datetime.now():%H:%M:%S}  {text}", file=sys.stderr)


def strata(runner, *arguments):
    options = runner.options
    value = runner.json([options.strata, *arguments, "--device", options.device, "--rounds", "3", "--json"])
    if value is None:
        sys.exit(f"{options.strata} {' '.join(arguments)} failed")
    return value


def peer(runner, name, *arguments):
    return runner.json([sys.executable, "Benchmarks/gemm_peers.py", name, *arguments])


def products(runner, rows, rounds):
    """Of each format and row count: shares of the ceilings, our rates, and ratios to each rival, one a round."""
    found = {}
    for number in range(1, rounds + 1):
        say(f"{runner.cores} cores, round {number} of {rounds}: other libraries")
        wanted = [p for p in PEERS if any(p in RIVALS[f] for f in runner.options.format)]
        others = {p: peer(runner, p, "--rows", *map(str, rows)) for p in wanted}
        for kind in runner.options.format:
            say(f"{runner.cores} cores, round {number} of {rounds}: {kind}")
            weights, _, activations = kind.partition(" x ")
            report = strata(runner, "bench", "products", "--format", weights, "--rows", ",".join(map(str, rows)),
                            *(["--activations", activations] if activations else []))
            for time in report["times"]:
                cell = found.setdefault((kind, time["rows"]), {"compute": [], "read": [], "rate": [], "rivals": {}})
                cell["compute"].append(time["computeShare"])
                cell["read"].append(time["bandwidthShare"])
                cell["rate"].append(time["operationsPerSecond"])
                for name in RIVALS[kind]:
                    if others[name]:
                        ratio = others[name][str(time["rows"])] / time["seconds"]
                        cell["rivals"].setdefault(name, []).append(ratio)
    return found


def product_lines(found):
    yield "| format | rows | GFLOP/s | x f32 peak | x read | faster than |"
    yield "| --- | ---: | ---: | ---: | ---: | --- |"
    for (kind, rows), cell in found.items():
        rivals = ", ".join(f"{name} {statistics.median(ratios):.2f} x" for name, ratios in cell["rivals"].items())
        yield (f"| {kind} | {rows} | {statistics.median(cell['rate']) / 1e9:.1f} | "
               f"{statistics.median(cell['compute']):.2f} | {statistics.median(cell['read']):.2f} | {rivals} |")


def attention(runner, rounds, positions):
    ratios, ours = [], []
    for number in range(1, rounds + 1):
        say(f"{runner.cores} cores, round {number} of {rounds}: attention")
        report = strata(runner, "bench", "attention", "--positions", str(positions))
        ours.append(report["times"])
        other = peer(runner, "sdpa", "--positions", str(positions))
        if other:
            ratios.append(other[str(positions)] / report["times"][0]["seconds"])
    prompt, token = ours[-1]
    middle = statistics.median(times[0]["seconds"] for times in ours)
    yield (f"attention, {positions} rows of a prompt, 32/4 heads of 128: {middle * 1e3:.1f} ms, "
           f"{statistics.median(t[0]['computeShare'] for t in ours):.2f} x f32 peak; one row behind as many: "
           f"{statistics.median(t[1]['bandwidthShare'] for t in ours):.2f} x read")
    if ratios:
        yield (f"faster than PyTorch's scaled_dot_product_attention: {statistics.median(ratios):.2f} x "
               f"({', '.join(f'{r:.2f}' for r in ratios)})")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strata", required=True)
    parser.add_argument("--device", required=True)
    parser.add_argument("--peak", required=True)
    parser.add_argument("--results", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cores", type=int, choices=[1, 2])
    parser.add_argument("--format", default=",".join(FORMATS))
    parser.add_argument("--quick", action="store_true", help="one round, 1 and 64 rows, 1024 positions")
    options = parser.parse_args()
    options.format = options.format.split(",")
    for kind in options.format:
        if kind not in FORMATS:
            parser.error(f"--format: {kind} is none of {', '.join(FORMATS)}")
    if options.rounds < 1:
        parser.error("--rounds: expected 1 or more")
    rows = [1, 64] if options.quick else [1, 16, 64, 256]
    rounds = 1 if options.quick else options.rounds
    positions = 1024 if options.quick else POSITIONS

    prefix = os.path.join(options.results, "gemm-quick" if options.quick else "gemm")
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    lines = [f"commit {commit}, {datetime.date.today()}, K {HIDDEN}, N {INTERMEDIATE}, {EXPERTS} experts, cold weights"]
    with open(prefix + ".jsonl", "w") as log:
        for cores in [options.cores] if options.cores else [1, 2]:
            runner = Runner(options, cores, log)
            before = runner.run([options.peak, str(cores)]).stdout.strip()
            found = products(runner, rows, rounds)
            after = runner.run([options.peak, str(cores)]).stdout.strip()
            lines += ["", f"{cores} core{'s' if cores > 1 else ''}; peak.c before: {before}, after: {after}", ""]
            lines += product_lines(found)
            lines += ["", *attention(runner, rounds, positions)]
            lines += [f"left out {key}: {reason}" for key, reason in runner.missing.items()]
    with open("/proc/loadavg") as file:
        lines += ["", f"load average when it ended: {' '.join(file.read().split()[:3])}"]
    text = "\n".join(lines) + "\n"
    with open(prefix + ".txt", "w") as file:
        file.write(text)
    print(text, end="")


if __name__ == "__main__":
    main()
