#!/usr/bin/env python3
"""The same requests in one process and over HTTP: see serve_overhead.sh."""
import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile

from servers import Failure, Strata, commit, load

CLIENTS = 32
REQUESTS = 128
# Of several lengths, 64 and 64 tokens on average: clients that all ended at once would begin at once in the one case, and not in
# the other.
TRACE = "Benchmarks/traces/clients.csv"
LONGEST = 208
# What is allowed: a share of the throughput, and seconds to the first token.
THROUGHPUT, TTFT = 0.03, 0.002


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def bench(options, seed, requests, *where):
    """The report, and the processor's seconds of the process that made it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        command = [
            options.strata, "bench", "serve", *where, "--concurrency", str(CLIENTS), "--num-requests", str(requests),
            "--trace", TRACE, "--seed", str(seed), "--json", "--save", file.name]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise Failure(f"{' '.join(command)}: status {done.returncode}\n{done.stderr[-2000:]}")
        report = json.load(open(file.name))[0]
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return report, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def over_http(options, server, seed, requests):
    return bench(
        options, seed, requests, "--url", server.url, "--vocabulary", str(options.vocabulary), "--warm-up", "0")


def round_of(options, server, seed):
    inside, _ = bench(options, seed, REQUESTS, "--model", options.model, "--device", options.device)
    name = "time_to_first_token_seconds"
    before, spent = server.histogram(name), processor_seconds(server.process.pid)
    http, client = over_http(options, server, seed, REQUESTS)
    after = server.histogram(name)
    engine = (after[0] - before[0]) / (after[1] - before[1])
    tokens = http["totalOutputTokens"]
    return {
        "inside": inside["outputThroughput"], "http": http["outputThroughput"], "ttft": http["ttft"]["mean"],
        "engine": engine, "server": (processor_seconds(server.process.pid) - spent) / tokens, "client": client / tokens,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--strata", "--model", "--device"):
        parser.add_argument(name, required=True)
    parser.add_argument("--vocabulary", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    options = parser.parse_args()
    options.slots = 256
    before, rounds = load(), []
    try:
        with Strata(options, LONGEST) as server:
            over_http(options, server, 0, CLIENTS)
            for seed in range(1, options.rounds + 1):
                print(f"round {seed} of {options.rounds}", file=sys.stderr)
                rounds.append(round_of(options, server, seed))
    except Failure as failure:
        sys.exit(str(failure))

    def median(figure):
        return statistics.median(figure(one) for one in rounds)

    loss = 1 - median(lambda r: r["http"] / r["inside"])
    added = median(lambda r: r["ttft"] - r["engine"])
    print(f"commit {commit()}, {options.model}, {CLIENTS} clients, {REQUESTS} requests a round, load average before: "
          f"{' '.join(before)}, after: {' '.join(load())}")
    print(f"throughput: in process {median(lambda r: r['inside']):.1f} tokens/s, over HTTP {median(lambda r: r['http']):.1f}: "
          f"{100 * loss:+.1f} % lost, at most {100 * THROUGHPUT:.0f} wanted: {'met' if loss <= THROUGHPUT else 'missed'}")
    print(f"time to the first token: of the engine {1000 * median(lambda r: r['engine']):.2f} ms, of the client "
          f"{1000 * median(lambda r: r['ttft']):.2f} ms: {1000 * added:+.2f} ms, at most {1000 * TTFT:.0f} wanted: "
          f"{'met' if added <= TTFT else 'missed'}")
    print(f"processor time of a token: server {1e6 * median(lambda r: r['server']):.0f} µs, client "
          f"{1e6 * median(lambda r: r['client']):.0f} µs")


if __name__ == "__main__":
    main()
