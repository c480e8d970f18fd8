"""What the CSV of `strata bench soak` says: totals, and how much memory and OpenCL objects grew after the first minutes.

    python3 Benchmarks/soak.py SOAK.csv

Growth is that of the median over five minutes: those after the first five, and the last ones. Ends with status 1 if resident
memory grew by more than 1 %, or files or threads at all.
"""

import csv
import statistics
import sys

SETTLED = 300


def load(path):
    with open(path) as file:
        return [{key: float(value) if value else None for key, value in row.items()} for row in csv.DictReader(file)]


def main():
    rows = load(sys.argv[1])
    total = {key: int(sum(row[key] for row in rows)) for key in ("finished", "cancelled", "preemptions", "engines", "wrong", "failed")}
    print(f"{rows[-1]['seconds'] / 60:.1f} minutes: " + ", ".join(f"{count} {key}" for key, count in total.items()))
    settled = [row for row in rows if row["seconds"] > SETTLED]
    if len(settled) < 4:
        return print(f"too short to tell growth: less than {SETTLED} s")
    width = min(SETTLED, (settled[-1]["seconds"] - SETTLED) / 2)
    first = [row for row in settled if row["seconds"] <= SETTLED + width]
    last = [row for row in settled if row["seconds"] > settled[-1]["seconds"] - width]
    failed = total["wrong"] + total["failed"] > 0
    for key, limit in (("resident_bytes", 0.01), ("open_files", 0), ("threads", 0)):
        before, after = (statistics.median(row[key] for row in part) for part in (first, last))
        growth = after / before - 1
        failed |= growth > limit
        print(f"{key}: {before:.0f} after five minutes, {after:.0f} at the end, {growth:+.2%}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
