#!/bin/sh
# `strata validate` on every OpenCL implementation that can be had without a GPU, and one table.
#
#   Tests/Implementations/validate_all.sh [STRATA]
#
# PoCL runs every case with the kernels of CPUs and of GPUs; Intel's CPU runtime (from PyPI, into .peers/intel) the table without random
# cases; Oclgrind (a simulator that finds races and accesses outside of buffers) a small case of each op. The full output lies in
# .peers/validate. Ends with status 1 if anything failed.
set -u
strata=$(realpath "${1:-.build/release/strata}")
cd "$(dirname "$0")/../.."
logs=.peers/validate
mkdir -p "$logs" .peers/icd
table=""
status=0

# row NAME LOG STATUS: adds what a run came to.
row() {
  verdict=OK
  [ "$3" = 0 ] || { verdict=FAIL; status=1; }
  result=$(grep -E '^[0-9]+/[0-9]+ cases passed' "$2" | tail -1 | sed 's/ cases passed.*//')
  driver=$(sed -n 's/^  driver    //p' "$2" | head -1)
  table="$table$(printf '%-28s %-46s %11s  %s' "$1" "${driver:-no device}" "${result:--}" "$verdict")
"
}

# validate NAME LOG COMMAND…
validate() {
  name=$1
  log=$logs/$2
  shift 2
  echo "$name" >&2
  "$@" >"$log" 2>&1
  row "$name" "$log" $?
}

pocl=/etc/OpenCL/vendors/pocl.icd
for variant in cpu gpu; do
  validate "PoCL, $variant kernels" "pocl-$variant.txt" env OCL_ICD_VENDORS=$pocl "$strata" validate --device 0 --variant $variant --summary
done

intel=.peers/intel
if [ ! -e $intel/lib/libintelocl.so ]; then
  echo "installing intel-opencl-rt and intel-cmplr-lib-rt into $intel (800 MB)" >&2
  python3 -m venv $intel && $intel/bin/pip install --quiet --disable-pip-version-check intel-opencl-rt intel-cmplr-lib-rt
fi
echo "$PWD/$intel/lib/libintelocl.so" >.peers/icd/intel.icd
for variant in cpu gpu; do
  validate "Intel CPU runtime, $variant" "intel-$variant.txt" env OCL_ICD_VENDORS="$PWD/.peers/icd" \
    LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$PWD/$intel/lib" \
    "$strata" validate --device 0 --variant $variant --cases 0 --summary
done

# Thousands of times slower than a device: the smallest case of each op.
oclgrind_case() {
  races=$logs/oclgrind-$1.log
  rm -f "$races"
  validate "Oclgrind, $1" "oclgrind-$1.txt" oclgrind --data-races --log "$PWD/$races" \
    "$strata" validate --device 0 --variant gpu --cases 0 --op "$1" --shape "$2"
  # It tells what it found in the log alone.
  if [ -s "$races" ]; then
    status=1
    table="$table    $races: $(head -1 "$races")
"
  fi
}
oclgrind_case Embedding "rows=7 K=33 vocabulary=70 bf16"
oclgrind_case Norm "rows=9 K=63"
oclgrind_case Linear "rows=3 K=33 N=45"
oclgrind_case HeadProducts "rows=7 heads=3×20"
oclgrind_case Attention "heads=4/2×32 positions=120..<137"
oclgrind_case Routing "rows=7 experts=8 chosen=2"
# Experts that come one by one are brought by a second thread, and Oclgrind 21.10 crashes where two threads call it at once.
oclgrind_case Experts "rows=7 K=33 dense"

printf '\n%-28s %-46s %11s\n%s' implementation driver passed "$table"
exit $status
