#!/bin/sh
# A model larger than the device's memory: layered prefill against chunked, experts over a link.
#
#   Benchmarks/offload.sh [DEVICE] [ROUNDS] [LINK]
#
# DEVICE is an index of `strata devices` or part of a name. LINK slows copies down to so many bytes a second (default 2GB/s, for
# a CPU device, which has no link; "none" for the device's own). Makes a model of 2.4 GB of random weights (in $TMPDIR) whose
# routers prefer some experts about as much as Qwen3-30B-A3B's do, gives the device memory for an eighth of its experts, and
# serves a prompt of 2048 tokens alone and while four requests decode. The output lies in Benchmarks/results/MACHINE/ then.
# ARRIVAL is when the long prompt comes, in seconds behind the others (1.5): while they decode, on a fast device, too.
# STRATA names the executable, MODEL an existing model, PYTHON a python3 with numpy.
set -eu
cd "$(dirname "$0")/.."
device=${1:-0}
rounds=${2:-3}
link=${3:-2GB/s}
strata=${STRATA:-.build/release/strata}
python=${PYTHON:-python3}
[ -x "$strata" ] || swift build -c release --product strata

machine=$(Benchmarks/machine.sh "$strata" "$device")
results=${RESULTS:-Benchmarks/results/$machine}
work=${TMPDIR:-/tmp}/strata-offload
mkdir -p "$results" "$work"
model=${MODEL:-$work/model}
[ -f "$model/config.json" ] ||
  "$python" Benchmarks/random_model.py "$model" --layers 12 --hidden 512 --intermediate 512 --experts 128 --chosen 2 \
    --context 4096 --common 0.15
cp Tests/Fixtures/tiny-moe/tokenizer.json "$model/"
head -c 7500 Tests/Fixtures/tiny-moe/heldout.txt >"$work/prompt.txt"
printf 'prompt_tokens,output_tokens,arrival\n2048,1,0\n' >"$work/alone.csv"
printf 'prompt_tokens,output_tokens,arrival\n16,300,0\n16,300,0\n16,300,0\n16,300,0\n2048,1,%s\n' "${ARRIVAL:-1.5}" >"$work/shared.csv"
speed=
[ "$link" = none ] || speed="--link-bandwidth $link"
memory="--device-memory ${MEMORY:-430MiB} $speed"

# serve NAME OPTION…
serve() {
  output=$1
  shift
  # shellcheck disable=SC2086
  "$strata" bench serve --model "$model" --device "$device" $memory --json --detailed "$@" \
    >"$work/$output.json" 2>"$work/$output.log" || { cat "$work/$output.log" >&2; exit 1; }
}

echo "the long prompt alone and among four" >&2
serve alone --trace "$work/alone.csv" --rounds "$rounds" --policy layered chunked --chunk-size 128
serve shared --trace "$work/shared.csv" --rounds "$rounds" --policy layered chunked --chunk-size 128
echo "copies overlapped and not" >&2
memory="--device-memory ${MEMORY:-430MiB} --link-bandwidth ${EVEN_LINK:-1.5GB/s}"
# trace NAME OPTION…
trace() {
  output=$1
  shift
  # shellcheck disable=SC2086
  "$strata" run --model "$model" --device "$device" $memory --prompt-file "$work/prompt.txt" --max-tokens 1 \
    --trace "$work/$output.json" "$@" >"$work/$output.log" 2>&1 || { cat "$work/$output.log" >&2; exit 1; }
}
serve overlapped --trace "$work/alone.csv" --rounds "$rounds" --policy layered
serve serial --trace "$work/alone.csv" --rounds "$rounds" --policy layered --no-prefetch
for round in $(seq "$rounds"); do
  trace "overlapped-$round"
  trace "serial-$round" --no-prefetch
done
memory="--device-memory ${MEMORY:-430MiB} $speed"
echo "what stays" >&2
for keep in auto lru random; do
  serve "keep-$keep" --trace "$work/alone.csv" --policy chunked --chunk-size 512 --expert-cache "$keep"
done
{
  echo "device: ${name:-$device}"
  echo "commit: $(git describe --always --dirty)"
  echo "model: $(wc -c <"$model/model.safetensors") bytes of random weights, 12 layers of 128 experts, top 2"
  echo "device memory: ${MEMORY:-430MiB}, link: $link; the link of the comparison with --no-prefetch: ${EVEN_LINK:-1.5GB/s}"
  echo "date: $(date -u +%Y-%m-%d), load average when it ended: $(cut -d' ' -f1-3 /proc/loadavg)"
  echo "command: Benchmarks/offload.sh $device $rounds $link"
  echo
  "$python" Benchmarks/offload.py "$work"
} >"$results/offload.txt"
cat "$results/offload.txt"
