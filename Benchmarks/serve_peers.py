#!/usr/bin/env python3
"""strata serve beside llama-server, and its policies beside each other: see serve_peers.sh."""
import argparse
import contextlib
import datetime
import json
import os
import statistics
import sys

from servers import Bench, Failure, Llama, Strata, THREADS, commit, load

# Shares of what a server serves at most, which it is given as rates.
SHARES = [0.5, 0.7, 0.85, 1.0]
# Seconds by which waiting may grow in a second for a rate to be kept up with.
GROWTH = 0.05
# Better by so much is wanted at llama-server's highest stable rate.
WANTED = 1.5
POLICY_SHARE = 0.7
POLICIES = [
    ("layered", {"policy": "layered"}), ("chunked 512", {"policy": "chunked", "chunk_size": 512}),
    ("chunked 128", {"policy": "chunked", "chunk_size": 128}), ("adaptive", {"policy": "adaptive"}),
    ("continuous", {"policy": "continuous"}),
]


def log(text):
    print(f"{datetime.datetime.now():%H:%M:%S}  {text}", file=sys.stderr)


def growth(requests):
    """Seconds that the time to the first token grows by in a second of arrivals: the slope of the least squares."""
    arrivals = [r["arrival"] for r in requests]
    waits = [r["tokens"][0] - r["arrival"] for r in requests]
    if len(requests) < 3 or statistics.pvariance(arrivals) == 0:
        return 0.0
    return statistics.covariance(arrivals, waits) / statistics.variance(arrivals)


class Runs:
    """All runs, also in a file, one a line."""

    def __init__(self, path):
        self.file = open(path, "w")
        self.all = []

    def add(self, kind, server, rate, report, **more):
        requests = report.pop("requests")
        report["growth"] = growth(requests)
        run = {"kind": kind, "server": server, "rate": rate, **more, "report": report}
        self.all.append(run)
        self.file.write(json.dumps(run) + "\n")
        self.file.flush()
        return report

    def reports(self, kind, server, rate=None):
        return [run["report"] for run in self.all if run["kind"] == kind and run["server"] == server
                and rate in (None, run["rate"])]


def median(reports, figure):
    return statistics.median(figure(report) for report in reports)


def is_stable(reports):
    return median(reports, lambda r: r["growth"]) <= GROWTH


def seconds(value):
    return f"{value:.2f} s" if value >= 1 else f"{1000 * value:.0f} ms"


def count(options, rate):
    return max(options.least, round(rate * options.seconds))


def most(bench, runs, server, options):
    """Requests a second that a server answers, one client for each slot."""
    log(f"{server.name}: {options.slots} clients")
    report = bench.run(server, 3 * options.slots, seed=0, concurrency=options.slots)
    return runs.add("most", server.name, None, report)["requestThroughput"]


def measure_rates(bench, runs, servers, rates, options):
    for rate in rates:
        for turn in range(options.rounds):
            for server in servers:
                log(f"{server.name}: {rate:.2f} requests/s, round {turn + 1} of {options.rounds}")
                report = bench.run(server, count(options, rate), seed=turn + 1, rate=rate)
                runs.add("rate", server.name, rate, report, round=turn + 1)


def peers(bench, runs, options, context):
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(Strata(options, context))
        theirs = stack.enter_context(Llama(options, context))
        if options.rates:
            measure_rates(bench, runs, [ours, theirs], options.rates, options)
            return
        reached = {server.name: most(bench, runs, server, options) for server in (ours, theirs)}
        shared = [share * reached[theirs.name] for share in SHARES]
        measure_rates(bench, runs, [ours, theirs], shared, options)
        own = [share * reached[ours.name] for share in SHARES if share * reached[ours.name] > shared[-1]]
        measure_rates(bench, runs, [ours], own, options)


def peers_table(runs):
    yield "| requests/s | server | keeps up | requests/s done | tokens/s | mean TTFT | P99 TTFT | P50 ITL | P99 ITL |"
    yield "| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    rates = sorted({run["rate"] for run in runs.all if run["kind"] == "rate"})
    stable = {}
    for rate in rates:
        for server in ("strata", "llama-server"):
            reports = runs.reports("rate", server, rate)
            if not reports:
                continue
            if is_stable(reports):
                stable[server] = rate
            figures = [median(reports, figure) for figure in (
                lambda r: r["ttft"]["mean"], lambda r: r["ttft"]["p99"], lambda r: r["itl"]["median"],
                lambda r: r["itl"]["p99"])]
            yield (f"| {rate:.2f} | {server} | {'yes' if is_stable(reports) else 'no'} | "
                   f"{median(reports, lambda r: r['requestThroughput']):.2f} | "
                   f"{median(reports, lambda r: r['outputThroughput']):.1f} | {' | '.join(map(seconds, figures))} |")
    yield ""
    for server, rate in stable.items():
        yield f"highest rate that {server} keeps up with: {rate:.2f} requests/s"
    if "llama-server" not in stable:
        yield "llama-server keeps up with none of these rates"
        return
    rate = stable["llama-server"]
    ours, theirs = runs.reports("rate", "strata", rate), runs.reports("rate", "llama-server", rate)
    for name, figure in (("P99 ITL", lambda r: r["itl"]["p99"]), ("mean TTFT", lambda r: r["ttft"]["mean"])):
        ratios = [figure(b) / figure(a) for a, b in zip(ours, theirs)]
        ratio = statistics.median(ratios)
        yield (f"{name} at {rate:.2f} requests/s: {ratio:.2f} times better, of each round "
               f"{', '.join(f'{r:.2f}' for r in ratios)}, wanted {WANTED}: {'met' if ratio >= WANTED else 'missed'}")


def limits(bench, runs, server, options):
    """Five times what a request alone needs: to its first token on average, and between two tokens."""
    if options.slo_ttft:
        return options.slo_ttft / 1000, options.slo_tbt / 1000
    log("one client")
    alone = runs.add("alone", server.name, None, bench.run(server, 4, seed=0, concurrency=1))
    return 5 * alone["ttft"]["mean"], 5 * alone["itl"]["median"]


def policies(bench, runs, options, context):
    with Strata(options, context) as server:
        rate = options.rates[0] if options.rates else POLICY_SHARE * most(bench, runs, server, options)
        level = limits(bench, runs, server, options)
        for turn in range(options.rounds):
            for name, policy in POLICIES:
                log(f"{name}: {rate:.2f} requests/s, round {turn + 1} of {options.rounds}")
                server.set_policy(policy)
                before = server.counters()
                report = bench.run(server, count(options, rate), seed=turn + 1, rate=rate, level=level)
                after = server.counters()
                report["counters"] = {key: after[key] - before[key] for key in after}
                runs.add("policy", name, rate, report, round=turn + 1)
        return rate, level


def policies_table(runs, rate, level):
    yield (f"{rate:.2f} requests/s; within the limits: a first token in {seconds(level[0])}, and every other one "
           f"{seconds(level[1])} behind the one before")
    yield ""
    yield ("| policy | mean TTFT | P99 TTFT | mean TBT | P99 TBT | longest TBT | mean E2E | experts read | GiB of them | "
           "within both limits | TTFT | TBT |")
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for name, _ in POLICIES:
        reports = runs.reports("policy", name)
        times = [median(reports, figure) for figure in (
            lambda r: r["ttft"]["mean"], lambda r: r["ttft"]["p99"], lambda r: r["itl"]["mean"],
            lambda r: r["itl"]["p99"], lambda r: r["itl"]["maximum"], lambda r: r["e2el"]["mean"])]
        shares = [median(reports, lambda r, key=key: r[key]) for key in (
            "attainment", "attainmentTTFT", "attainmentTBT")]
        loads = median(reports, lambda r: r["counters"]["expert_loads_total"])
        gibibytes = median(reports, lambda r: r["counters"]["expert_bytes_total"]) / (1 << 30)
        yield (f"| {name} | {' | '.join(map(seconds, times))} | {loads:.0f} | {gibibytes:.2f} | "
               f"{' | '.join(f'{100 * share:.0f} %' for share in shares)} |")


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--strata", "--llama", "--model", "--results"):
        parser.add_argument(name, required=True)
    parser.add_argument("--device", default="0")
    parser.add_argument("--only", choices=["peers", "policies"])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60, help="of arrivals, of one run")
    parser.add_argument("--slots", type=int, default=8)
    parser.add_argument("--rates", help="requests a second, with commas, in place of those that are found")
    parser.add_argument("--trace", default="Benchmarks/traces/short.csv")
    parser.add_argument("--vocabulary", type=int, default=40_000, help="prompts are random tokens below it")
    parser.add_argument("--slo-ttft", type=float, help="milliseconds; with --slo-tbt")
    parser.add_argument("--slo-tbt", type=float)
    parser.add_argument("--smoke", action="store_true", help="everything once, in seconds, with the bundled model")
    options = parser.parse_args()
    if (options.slo_ttft is None) != (options.slo_tbt is None):
        parser.error("--slo-ttft and --slo-tbt go together")
    if options.rounds < 1 or options.slots < 1 or options.seconds <= 0:
        parser.error("--rounds, --slots and --seconds: expected more than 0")
    try:
        options.rates = [float(rate) for rate in options.rates.split(",")] if options.rates else []
    except ValueError:
        parser.error(f"--rates: {options.rates}, expected numbers with commas")
    options.least = 2 * options.slots
    if options.smoke:
        options.seconds, options.vocabulary, options.slots, options.least = 1, 2000, 4, 8
    return options


def main():
    options = parse()
    with open(options.trace) as file:
        lengths = [[int(field) for field in line.split(",")[:2]] for line in file.read().split()[1:]]
    context = -(-max(map(sum, lengths)) // 64) * 64
    before = load()
    if float(before[0]) > 0.5:
        log(f"warning: load average {before[0]}: others use this machine, which slows llama.cpp many times")
    prefix = os.path.join(options.results, "serve-peers-smoke" if options.smoke else "serve-peers")
    runs, bench, text = Runs(prefix + ".jsonl"), Bench(options), []
    try:
        if options.only != "policies":
            peers(bench, runs, options, context)
            text += list(peers_table(runs)) + [""]
        if options.only != "peers":
            text += list(policies_table(runs, *policies(bench, runs, options, context))) + [""]
    except Failure as failure:
        sys.exit(str(failure))
    head = [f"commit {commit()}, {datetime.date.today()}, {THREADS} threads and {options.slots} slots each, "
            f"{os.path.basename(options.model)}, {options.trace}, {options.rounds} rounds of {options.seconds:g} s, "
            f"load average before: {' '.join(before)}, after: {' '.join(load())}", ""]
    whole = "\n".join(head + text)
    with open(prefix + ".txt", "w") as file:
        file.write(whole)
    print(whole, end="")


if __name__ == "__main__":
    main()
