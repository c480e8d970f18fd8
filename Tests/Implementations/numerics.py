"""Tables of what `strata validate` found on several implementations, in Markdown.

    python3 Tests/Implementations/numerics.py NAME=FILE …

FILE.json is what it prints with --json, FILE.txt what it prints without, of one process or several.

Of each op and format of weights: the bound of the NMSE, and the largest one that each implementation had.
"""

import json
import re
import sys


# As JSON names them; in the names of cases they were once without underscores.
FORMATS = ["f16", "bf16", "f32", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS", "MXFP4"]
CASE = re.compile(r"^  (\w+)\((.*)\): NMSE = (\S+) <= ([^\s,]+), .*: (OK|FAIL.*)$")


KNOWN = {known.replace("_", "").lower(): known for known in FORMATS}


def spelled(name):
    """A case's name with formats as they are named today, and these formats."""
    parts = [KNOWN.get(part.replace("_", "").lower(), part) for part in re.split("([ +])", name)]
    return "".join(parts), [known for known in FORMATS if known in parts]


def load(path):
    with open(path) as file:
        if path.endswith(".json"):
            return json.load(file)[0]
        lines = file.read().splitlines()
    head = {}
    for line in lines:
        for key, start in (("device", r"device \d+: "), ("driver", r"  driver +")):
            if found := re.match(start, line):
                head.setdefault(key, line[found.end():].split(";")[0])
    entries = []
    for case in filter(None, map(CASE.match, lines)):
        name, formats = spelled(case[2])
        entries.append({
            "op": case[1], "name": name, "formats": formats, "nmse": float(case[3]), "nmse_bound": float(case[4]),
            "ok": case[5] == "OK"})
    return head | {"entries": entries}


def main():
    runs = dict(argument.split("=", 1) for argument in sys.argv[1:])
    rows, devices = {}, []
    for column, (name, path) in enumerate(runs.items()):
        outcome = load(path)
        entries = outcome["entries"]
        passed = sum(entry["ok"] for entry in entries)
        devices.append(f"| {name} | {outcome['device']} | {outcome['driver']} | {passed}/{len(entries)} |")
        for entry in entries:
            if entry["op"] == "Model":
                key = (entry["op"], "")
            else:
                op = entry["op"] + (", then a product" if " then product " in entry["name"] else "")
                key = (op, ", ".join(entry["formats"]))
            row = rows.setdefault(key, {"bound": 0, "cases": set(), "worst": {}})
            row["bound"] = max(row["bound"], entry["nmse_bound"])
            row["cases"].add(entry["name"])
            worst = entry["nmse"] if entry.get("nmse") is not None else float("inf")
            row["worst"][column] = max(row["worst"].get(column, 0), worst)
    print("| run | device | driver | passed |\n|---|---|---|---|")
    print("\n".join(devices) + "\n")
    print("| op | weights | cases | bound | " + " | ".join(runs) + " |")
    print("|---|---|---|---|" + "---|" * len(runs))
    for (op, weights), row in rows.items():
        if "," in weights:
            continue
        found = [f"{row['worst'][i]:.1e}" if i in row["worst"] else "" for i in range(len(runs))]
        bound = f"{row['bound']:.1e}" if row["bound"] else "0, exact"
        print(f"| {op} | {weights} | {len(row['cases'])} | {bound} | " + " | ".join(found) + " |")


if __name__ == "__main__":
    main()
