#!/bin/sh
# `strata validate` on every OpenCL implementation that can be had without a GPU, and one table.
#
#   Tests/Implementations/validate_all.sh [STRATA] [quick]
#
# PoCL runs every case with the kernels of CPUs, of GPUs and, without random cases, of GPUs with subgroups and of matrix units, both
# acted out, the latter on activations of eight bits, too; Intel's CPU runtime (from PyPI, into .peers/intel) the table without random cases, that of GPUs with its subgroups and
# without, whose bits are compared; Oclgrind (a simulator that finds races and accesses outside of buffers) a small case of each op.
# With `quick` PoCL is left to the tests, and Intel's runtime and Oclgrind run two op families, and attention with subgroups. What
# each case came to lies as JSON in .peers/validate, where numerics.md has the tables of Documentation/numerics.md. Ends with status 1
# if anything failed.
set -u
strata=$(realpath "${1:-.build/release/strata}")
quick=${2:-}
cd "$(dirname "$0")/../.."
logs=.peers/validate
mkdir -p "$logs" .peers/icd
rm -f "$logs"/*.json
table=""
status=0
runs=""

# row NAME FILE STATUS: adds what a run came to.
row() {
  verdict=OK
  [ "$3" = 0 ] || { verdict=FAIL; status=1; }
  result=$(python3 - "$2" <<'PYTHON'
import json, sys
try:
    runs = json.load(open(sys.argv[1]))
    entries = [entry for run in runs for entry in run["entries"]]
    print(f"{runs[0]['driver'][:44]:46} {sum(e['ok'] for e in entries)}/{len(entries)}")
except (OSError, ValueError, LookupError):
    print(f"{'no result':46} -")
PYTHON
  )
  table="$table$(printf '%-34s %-58s %s' "$1" "$result" "$verdict")
"
}

# validate NAME FILE COMMAND…
validate() {
  name=$1
  file=$logs/$2.json
  log=$logs/$2.txt
  shift 2
  echo "$name" >&2
  "$@" --json >"$file" 2>"$log"
  row "$name" "$file" $?
}

pocl=/etc/OpenCL/vendors/pocl.icd
if [ -z "$quick" ]; then
  for variant in cpu gpu; do
    validate "PoCL, $variant kernels" "pocl-$variant" env OCL_ICD_VENDORS=$pocl "$strata" validate --device 0 --variant $variant
    runs="$runs PoCL_$variant=$logs/pocl-$variant.json"
  done
  # What PoCL lacks is acted out, which takes minutes.
  validate "PoCL, subgroups acted out" pocl-subgroups env OCL_ICD_VENDORS=$pocl "$strata" validate --device 0 --variant gpu --cases 0 \
    --subgroups emulated
  runs="$runs PoCL_subgroups=$logs/pocl-subgroups.json"
  validate "PoCL, matrix units acted out" pocl-mma env OCL_ICD_VENDORS=$pocl "$strata" validate --device 0 --variant mma --cases 0
  runs="$runs PoCL_mma=$logs/pocl-mma.json"
  validate "PoCL, the same with bytes" pocl-mma-int8 env OCL_ICD_VENDORS=$pocl "$strata" validate --device 0 --variant mma --cases 0 \
    --activations int8
  runs="$runs PoCL_mma_int8=$logs/pocl-mma-int8.json"
fi

intel=.peers/intel
if [ ! -e $intel/lib/libintelocl.so ]; then
  echo "installing intel-opencl-rt and intel-cmplr-lib-rt into $intel (800 MB)" >&2
  python3 -m venv $intel && $intel/bin/pip install --quiet --disable-pip-version-check intel-opencl-rt intel-cmplr-lib-rt
fi
echo "$PWD/$intel/lib/libintelocl.so" >.peers/icd/intel.icd
# intel_cases NAME FILE VARIANT OPTION…
intel_cases() {
  name=$1
  file=$2
  variant=$3
  shift 3
  validate "Intel CPU runtime, $name" "$file" env OCL_ICD_VENDORS="$PWD/.peers/icd" \
    LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$PWD/$intel/lib" \
    "$strata" validate --device 0 --variant "$variant" --cases 0 "$@"
}
for variant in cpu gpu; do
  if [ -z "$quick" ]; then
    intel_cases $variant intel-$variant $variant
    runs="$runs Intel_$variant=$logs/intel-$variant.json"
  else
    for op in Norm Linear; do intel_cases "$variant $op" intel-$variant-$op $variant --op $op; done
  fi
done
if [ -n "$quick" ]; then
  intel_cases "gpu Attention" intel-gpu-Attention gpu --op Attention --shape "heads=4/2×32 positions=120..<137"
  intel_cases "gpu Attention wide" intel-gpu-Attention-wide gpu --op Attention --shape "wide"
fi

# Thousands of times slower than a device: the smallest case of each op.
# oclgrind_case OP SHAPE [none|emulated [LABEL]]: without subgroups, or with them, acted out
oclgrind_case() {
  subgroups=${3:-none}
  file=oclgrind-$1${4:+-$4}
  name="Oclgrind, $1${4:+ $4}"
  [ "$subgroups" = none ] || { file=$file-subgroups; name="$name, subgroups"; }
  races=$logs/$file.log
  rm -f "$races"
  validate "$name" "$file" oclgrind --data-races --log "$PWD/$races" \
    "$strata" validate --device 0 --variant gpu --subgroups "$subgroups" --cases 0 --op "$1" --shape "$2"
  # It tells what it found in the log alone.
  if [ -s "$races" ]; then
    status=1
    table="$table    $races: $(head -1 "$races")
"
  fi
}
oclgrind_case Norm "rows=9 K=63"
oclgrind_case Linear "rows=3 K=33 N=45 bf16"
oclgrind_case Norm "rows=4 K=95 behind" none combined
oclgrind_case Norm "rows=9 K=63" emulated
oclgrind_case Linear "rows=3 K=33 N=45 bf16" emulated
if [ -z "$quick" ]; then
  oclgrind_case Embedding "rows=7 K=33 vocabulary=70 bf16"
  oclgrind_case HeadProducts "rows=7 heads=3×20 bf16"
  oclgrind_case Attention "heads=4/2×32 positions=120..<137"
  oclgrind_case Attention "heads=3/1×20 norm wide" none wide
  oclgrind_case Routing "rows=7 experts=8 chosen=2"
  # Single experts come by a second thread, and it crashes where two threads call it at once: oclgrind_threads.c.
  oclgrind_case Experts "rows=7 K=33 dense"
  oclgrind_case HeadProducts "rows=7 heads=3×20 bf16" emulated
  oclgrind_case Attention "heads=4/2×32 positions=120..<137" emulated
  oclgrind_case Routing "rows=7 experts=8 chosen=2" emulated
  oclgrind_case Experts "rows=7 K=33 dense" emulated
  # Beside them what was kept of a GPU.
  python3 Tests/Implementations/numerics.py $runs H200=Benchmarks/results/h200/blocks/validate.txt >"$logs/numerics.md" \
    || status=1
fi

printf '\n%-34s %-46s %-11s\n%s' implementation driver passed "$table"
exit $status
