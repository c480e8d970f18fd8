#!/bin/sh
# Tests under a sanitizer, in a build folder of its own.
#
#   Tests/Sanitizers/sanitize.sh thread|address [FILTER]
#
# FILTER is that of `swift test`; without one it is what can be run: see Documentation/validation.md. Ends with status 1 if a test
# fails or the sanitizer finds something.
set -eu
kind=$1
cd "$(dirname "$0")/../.."
suppressions=$PWD/Tests/Sanitizers/$kind.txt
case $kind in
thread)
  folder=.build-tsan
  filter=${2:-$(sed -n 's/^# filter: //p' "$suppressions")}
  export TSAN_OPTIONS="suppressions=$suppressions halt_on_error=0 exitcode=66"
  ;;
address)
  folder=.build-asan
  filter=${2:-$(sed -n 's/^# filter: //p' "$suppressions")}
  # The runtime's own caches, and what OpenCL drivers keep, are no leaks of ours; handles are counted by other tests.
  export ASAN_OPTIONS="detect_leaks=0 alloc_dealloc_mismatch=0"
  ;;
*)
  echo "expected thread or address, not $kind" >&2
  exit 64
  ;;
esac
swift build --build-tests --sanitize="$kind" --scratch-path "$folder"
swift test --skip-build --sanitize="$kind" --scratch-path "$folder" --filter "$filter"
