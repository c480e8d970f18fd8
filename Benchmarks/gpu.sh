#!/bin/sh
# Validates, profiles and benches everything on a GPU, and writes one report.
#
#   Benchmarks/gpu.sh [--device DEVICE] [--quick] [--model FILE]...
#
# DEVICE is an index of `strata devices` or part of a name; by default the first GPU that can be used. Any device will do: on a
# CPU it shows that the script works. --model adds a GGUF file or a folder to the models that are benched; without one those of
# .models are taken that Benchmarks/peers.sh makes, and the bundled model. --quick is for trying: fewer and smaller cases.
# Parts go on where one fails; the report says which. Output: Benchmarks/results/DEVICE/gpu.md and a folder gpu/ with what
# each part printed. Needs nothing but the executable (STRATA names it) and a POSIX shell; nvidia-smi and clinfo are asked
# where they are installed. A full run takes about 10 minutes on a fast GPU.
set -eu
cd "$(dirname "$0")/.."
strata=${STRATA:-.build/release/strata}
device=
quick=
models=
while [ $# -gt 0 ]; do
  case $1 in
    --device) device=${2:?--device needs a value}; shift ;;
    --model) models="$models ${2:?--model needs a value}"; shift ;;
    --quick) quick=1 ;;
    *) sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 64 ;;
  esac
  shift
done
[ -x "$strata" ] || swift build -c release --product strata

# The first line of `strata devices` whose entry is a GPU, else what the user named.
if [ -z "$device" ]; then
  device=$("$strata" devices | awk '/^[0-9]+: / { split($1, n, ":"); id = n[1]; usable = !/cannot be used/ }
    /^   kind +gpu/ && usable { print id; exit }')
  [ -n "$device" ] || { echo "no GPU was found: name a device with --device, of these:" >&2; "$strata" devices >&2; exit 1; }
fi
case $device in
  *[!0-9]*) name=$("$strata" devices | sed -n 's/^[0-9]*: //p' | grep -i -m1 -- "$device" || true) ;;
  *) name=$("$strata" devices | sed -n "s/^$device: //p" | head -1) ;;
esac
[ -n "$name" ] || { echo "device \"$device\" is none of the devices:" >&2; "$strata" devices >&2; exit 1; }
if [ -z "$models" ]; then
  models=Tests/Fixtures/tiny-moe
  for file in .models/*.gguf; do [ ! -f "$file" ] || models="$models $file"; done
  [ -z "$quick" ] || models=Tests/Fixtures/tiny-moe
fi

machine=$(printf '%s' "$name" | tr -cs 'A-Za-z0-9\n' '-' | tr 'A-Z' 'a-z')
results=${RESULTS:-Benchmarks/results/$machine}
parts=$results/gpu
report=$results/gpu.md
rm -rf "$parts"
mkdir -p "$parts"
failed=
begin=$(date +%s)
{
  echo "# $name"
  echo
  echo "commit $(git describe --always --dirty 2>/dev/null || echo unknown), $(date -u +%Y-%m-%d), $(nproc) host cores, load average $(cut -d' ' -f1-3 /proc/loadavg)"
} >"$report"

# part FILE TITLE COMMAND... runs a part, and puts its output, or the end of it, into the report.
part() {
  file=$1
  title=$2
  shift 2
  echo "$(date +%H:%M:%S)  $title" >&2
  started=$(date +%s)
  status=0
  "$@" >"$parts/$file.txt" 2>"$parts/$file.log" || status=$?
  {
    echo
    echo "## $title"
    echo
    echo "\`$*\`: $([ $status = 0 ] && echo done || echo "FAILED, status $status"), $(($(date +%s) - started)) s"
    echo
    echo '```'
    tail -n 80 "$parts/$file.txt"
    [ $status = 0 ] || tail -n 20 "$parts/$file.log"
    echo '```'
  } >>"$report"
  if [ $status != 0 ]; then failed="$failed $file"; fi
  return 0
}

part devices "Devices" "$strata" devices
! command -v nvidia-smi >/dev/null 2>&1 || part nvidia-smi "nvidia-smi" nvidia-smi
# Long, and seldom read: beside the report.
! command -v clinfo >/dev/null 2>&1 || clinfo >"$parts/clinfo.txt" 2>&1 || true
part support "Kernels" "$strata" validate --device "$device" --support

if [ -n "$quick" ]; then
  part validate "Validation" "$strata" validate --device "$device" --summary --cases 0 --op Norm
  part ceilings "Ceilings" "$strata" profile --ceilings --device "$device" --only memory launch
  part products "Products of experts" "$strata" bench products --device "$device" --format bf16 --rows 1,64 --rounds 1
  part attention "Attention" "$strata" bench attention --device "$device" --positions 512 --rounds 1
  part tune "Tuner" "$strata" tune --device "$device" --dry-run --seconds 20
else
  part validate "Validation of the kernels that are chosen" "$strata" validate --device "$device" --summary
  part validate-gpu "Validation of the portable kernels" "$strata" validate --device "$device" --summary --variant gpu
  part perf "Each op, timed" "$strata" validate --device "$device" --perf --csv
  part ceilings "Ceilings" "$strata" profile --ceilings --device "$device"
  part products "Products of experts" "$strata" bench products --device "$device"
  # Where weights in blocks may meet bytes instead.
  if "$strata" devices | awk -v name="$name" '/^[0-9]+: / { own = index($0, name) }
    own && /matrix-unit kernels/ { found = 1 } END { exit !found }'; then
    for op in Linear Experts; do
      part "validate-int8-$op" "Validation of $op with activations of eight bits" \
        "$strata" validate --device "$device" --summary --activations int8 --op $op
    done
    part products-int8 "Products of experts with activations of eight bits" \
      "$strata" bench products --device "$device" --activations int8 --format q8_0 q4_0 q4_k mxfp4
  fi
  part attention "Attention" "$strata" bench attention --device "$device"
  part tune "Tuner" "$strata" tune --device "$device" --dry-run --seconds 300
fi
count=0
for model in $models; do
  count=$((count + 1))
  tests="-p 512,2048 -n 128 -pg 512,128 -b 1,8"
  # A model with a short context.
  case $model in *tiny-moe*) tests="-p 512 -n 128 -b 1,8" ;; esac
  [ -z "$quick" ] || tests="-p 32 -n 8 -r 1"
  # shellcheck disable=SC2086
  part "bench-$count" "Tokens a second: $(basename "$model")" "$strata" bench -m "$model" --device "$device" $tests --ops
done
if [ -z "$quick" ]; then
  part policies "Policies" "$strata" profile --model Tests/Fixtures/tiny-moe --device "$device" \
    --policy layered chunked --html "$parts/profile.html"
fi
{
  echo
  echo "All parts took $(($(date +%s) - begin)) s.$([ -z "$failed" ] || echo " Failed:$failed.")"
} >>"$report"
echo "$report" >&2
[ -z "$failed" ]
