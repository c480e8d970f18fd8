#!/bin/sh
# Prefill and decode of the bundled model: an OpenCL device against the plain Swift reference, in one run.
#
#   Benchmarks/reference.sh [DEVICE] [ROUNDS]
#
# DEVICE is an index of `strata devices` or part of a name; by default the one that strata would choose. The rounds
# alternate between the two, and the best of each counts. Prefill is 512 prompt tokens over the time to the first
# token; decode is the mean time between the 128 (reference: 32) tokens that follow.
set -eu
cd "$(dirname "$0")/.."
device=${1:-}
rounds=${2:-5}
model=Tests/Fixtures/tiny-moe
strata=.build/release/strata
[ -x "$strata" ] || swift build -c release --product strata

prompt=$(mktemp)
results=$(mktemp)
trap 'rm -f "$prompt" "$results"' EXIT
head -c 1716 "$model/heldout.txt" >"$prompt"

# Runs once and prints: name, prompt tokens, seconds to the first token, seconds between tokens.
measure() {
  name=$1
  tokens=$2
  shift 2
  "$strata" run --model "$model" --prompt-file "$prompt" --max-tokens "$tokens" --temperature 0 --json "$@" \
    2>/dev/null | awk -v name="$name" -F'[:,]' '
      /"promptTokens"/ { prompt = $2 }
      /"timeToFirstToken"/ { first = $2 }
      /"meanTimeBetweenTokens"/ { between = $2 }
      END { print name, prompt, first, between }' >>"$results"
}

echo "device: $("$strata" run --model "$model" --prompt x --max-tokens 1 --json ${device:+--device "$device"} \
  2>/dev/null | awk -F'"' '/"device"/ { print $4 }')"
echo "commit: $(git rev-parse --short HEAD 2>/dev/null || echo unknown)"
for round in $(seq "$rounds"); do
  echo "round $round of $rounds" >&2
  measure device 129 ${device:+--device "$device"}
  measure reference 33 --device reference
done
awk '
  { tokens = $2
    if (!($1 in first) || $3 < first[$1]) first[$1] = $3
    if (!($1 in between) || $4 < between[$1]) between[$1] = $4 }
  END {
    printf "prefill of %d tokens: device %.0f tokens/s, reference %.0f tokens/s, ratio %.1f\n", \
      tokens, tokens / first["device"], tokens / first["reference"], first["reference"] / first["device"]
    printf "decode: device %.0f tokens/s, reference %.0f tokens/s, ratio %.1f\n", \
      1 / between["device"], 1 / between["reference"], between["reference"] / between["device"] }' "$results"
