#!/bin/sh
# The comparison with the paper (arXiv 2510.08055) by simulation: every table and picture, into Benchmarks/results/paper.
#
#   Benchmarks/paper.sh [SEEDS]
#
# Each panel is run with so many seeds, from 1 on (default 5); curves are their means. A few minutes on two cores. The
# pictures need Python's matplotlib: the python3 that has it, or the one in .venv.
set -eu
cd "$(dirname "$0")/.."
seeds=${1:-5}
strata=.build/release/strata
out=Benchmarks/results/paper
python=python3
"$python" -c 'import matplotlib' 2>/dev/null || python=.venv/bin/python
"$python" -c 'import matplotlib' 2>/dev/null || {
  echo "paper.sh: Python's matplotlib was not found: python3 -m venv .venv && .venv/bin/pip install matplotlib" >&2
  exit 1
}
[ -x "$strata" ] || swift build -c release --product strata
mkdir -p "$out"

# simulate MODEL OPTION…
simulate() {
  model=$1
  shift
  "$strata" simulate --model "Benchmarks/models/$model" --profile h100x2 --max-model-len 32768 "$@" 2>/dev/null
}

# panel NAME MODEL TRACE TTFT TBT STAGES RATE…
panel() {
  name=$1 model=$2 trace=$3 ttft=$4 tbt=$5 stages=$6
  shift 6
  for seed in $(seq "$seeds"); do
    echo "panel $name, seed $seed of $seeds" >&2
    simulate "$model" --trace "Benchmarks/traces/$trace.csv" --slo-ttft "$ttft" --slo-tbt "$tbt" --seed "$seed" --json \
      --policy chunked layered adaptive --request-rate "$@" >"$out/panel-$name-$seed.json"
    simulate "$model" --trace "Benchmarks/traces/$trace.csv" --slo-ttft "$ttft" --slo-tbt "$tbt" --seed "$seed" --json \
      --policy layered --group-table "$stages" --request-rate "$@" >"$out/table-$name-$seed.json"
  done
}

echo "one prompt" >&2
simulate qwen3-30b-a3b --prompt-tokens 8192 --policy chunked layered adaptive --chunk-size 512 1024 2048 4096 8192 \
  --json >"$out/prompt.json"

"$python" - <<'PYTHON' >"$out/panels.txt"
import json
for p in json.load(open("Benchmarks/paper.json"))["panels"]:
    rates = " ".join(str(r) for r in sorted(p["more"] + p["rates"]))
    print(p["name"], p["model"], p["trace"], p["ttft"], p["tbt"], p["stages"], rates)
PYTHON
while read -r line; do
  # shellcheck disable=SC2086
  panel $line </dev/null
done <"$out/panels.txt"

echo "trade-off, one request, timeline, crossover" >&2
arxiv="--trace Benchmarks/traces/arxiv_standin.csv --seed 1 --slo-ttft 10000 --slo-tbt 125"
# shellcheck disable=SC2086
{
  simulate qwen3-30b-a3b $arxiv --request-rate 1.3 --json --policy chunked continuous \
    --chunk-size 256 512 1024 2048 4096 >"$out/front-chunked.json"
  for groups in 1 2 4 8 16 24 48; do
    simulate qwen3-30b-a3b $arxiv --request-rate 1.3 --json --policy layered --layer-groups "$groups" \
      >"$out/front-layered-$groups.json"
  done
  for target in 30 40 50 60 80 100 125; do
    simulate qwen3-30b-a3b $arxiv --request-rate 1.3 --json --policy adaptive --tbt-target "$target" \
      >"$out/front-adaptive-$target.json"
  done
  simulate qwen3-30b-a3b $arxiv --request-rate 1.3 --json --policy layered >"$out/front-rule.json"
  simulate qwen3-30b-a3b $arxiv --request-rate 1.3 --json --detailed --policy chunked layered adaptive \
    >"$out/requests.json"
  simulate qwen3-30b-a3b $arxiv --request-rate 1.3 --num-requests 30 --policy chunked layered adaptive \
    --timeline "$out/timeline.json" >"$out/timeline.txt"
}
for profile in h100x2 h100 rtx3060; do
  "$strata" simulate --model Benchmarks/models/qwen3-30b-a3b --profile "$profile" --crossover \
    >"$out/crossover-$profile.txt" 2>/dev/null
done
"$strata" simulate --model Benchmarks/models/qwen3-30b-a3b --profile h100x2 --crossover --slo-tbt 125 \
  >"$out/crossover-h100x2-125ms.txt" 2>/dev/null

"$python" Benchmarks/tables.py "$out" >"$out/tables.md"
"$python" Benchmarks/plot.py paper "$out" "$out"
echo "$out/tables.md and the pictures beside it are made" >&2
