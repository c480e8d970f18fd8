#!/bin/sh
# Layered prefill against chunked prefill and adaptive on a real device, at equal load, in one interleaved run.
#
#   Benchmarks/serve.sh [DEVICE] [ROUNDS] [PROFILE]
#
# DEVICE is an index of `strata devices` or part of a name; PROFILE a hardware profile of it for the prediction, measured
# (`strata simulate --calibrate`) unless given. Makes a model of 2.45 billion random weights (4.9 GB, in $TMPDIR), measures
# which share of its experts prompts and decode rows meet, serves few long prompts with each policy in turn, and predicts the
# same by `strata simulate` from the measured shares.
# The output lies in Benchmarks/results/MACHINE/ then. STRATA names the executable, MODEL an existing model.
set -eu
cd "$(dirname "$0")/.."
device=${1:-0}
rounds=${2:-3}
profile=${3:-}
strata=${STRATA:-.build/release/strata}
[ -x "$strata" ] || swift build -c release --product strata

machine=$(Benchmarks/machine.sh "$strata" "$device")
results=Benchmarks/results/$machine
mkdir -p "$results"
model=${MODEL:-${TMPDIR:-/tmp}/strata-random-model}
[ -f "$model/config.json" ] ||
  python3 Benchmarks/random_model.py "$model" --layers 24 --hidden 512 --intermediate 512 --experts 128

# All requests come within seconds, so that what meets in an iteration depends little on how busy the machine is.
load="--trace Benchmarks/traces/few_long.csv --request-rate 1 --num-requests 4 --seed 1"
policies="--policy layered chunked adaptive --chunk-size 512 1024 --slo-ttft 60000 --slo-tbt 3000"
# And one prompt alone, whose bytes do not depend on time at all.
alone="--trace Benchmarks/traces/one_long.csv --request-rate 1 --num-requests 1 --policy layered chunked --chunk-size 512 1024"
{
  echo "device: ${name:-$device}"
  echo "commit: $(git describe --always --dirty)"
  echo "model: $(wc -c <"$model/model.safetensors") bytes, random weights with the router skew below"
  echo "date: $(date -u +%Y-%m-%d), load average when it began: $(cut -d' ' -f1-3 /proc/loadavg)"
  echo "command: strata bench serve --model MODEL --device $device $load $policies --rounds $rounds --json"
} >"$results/serve.txt"
# What the routers choose follows from the seeds alone, so it is measured once.
if [ ! -f "$results/coverage.txt" ]; then
  python3 Benchmarks/coverage.py "$strata" "$model" --device "$device" >"$results/coverage.json" 2>"$results/coverage.log"
  grep -v loading "$results/coverage.log" >"$results/coverage.txt"
  rm "$results/coverage.log"
fi
cat "$results/coverage.txt" >>"$results/serve.txt"
if [ -z "$profile" ]; then
  profile=$results/profile.json
  "$strata" simulate --model "$model" --calibrate --device "$device" --save-profile "$profile" >"$results/profile.txt"
fi
# Measures and predicts: name, then the options of the load.
compare() {
  kind=$1
  count=$2
  shift 2
  "$strata" bench serve --model "$model" --device "$device" "$@" --rounds "$count" --json >"$results/$kind.json"
  "$strata" simulate --model "$model" --profile "$profile" --coverage "$results/coverage.json" "$@" --json \
    >"$results/$kind-simulated.json"
  python3 Benchmarks/compare.py "$results/$kind.json" "$results/$kind-simulated.json"
}

{
  echo
  echo "one prompt of 2048 tokens alone:"
  # shellcheck disable=SC2086
  compare alone 1 $alone
  echo
  echo "four requests:"
  # shellcheck disable=SC2086
  compare serve "$rounds" $load $policies
  echo "load average when it ended: $(cut -d' ' -f1-3 /proc/loadavg)"
} >>"$results/serve.txt"
cat "$results/serve.txt"
