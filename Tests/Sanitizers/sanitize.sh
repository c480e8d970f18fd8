#!/bin/sh
# Tests under a sanitizer, in a build folder of its own: `thread` is ThreadSanitizer, `address` AddressSanitizer with
# LeakSanitizer.
#
#   Tests/Sanitizers/sanitize.sh thread|address [FILTER]
#
# FILTER is that of `swift test`; without one it is what Documentation/validation.md says. The command line and the server are
# left out. Ends with status 1 if a test fails or the sanitizer finds something.
set -eu
cd "$(dirname "$0")/../.."
here=$PWD/Tests/Sanitizers
export STRATA_CORE=1
export TSAN_OPTIONS="suppressions=$here/thread.txt exitcode=66"
export LSAN_OPTIONS="suppressions=$here/leaks.txt print_suppressions=0"
# The file of resolved versions has those of packages that are left out here: it stays as it is.
options="--disable-automatic-resolution --sanitize=${1:-} --scratch-path .build-${1:-}"

run() { swift test --skip-build $options --filter "$1"; }

case ${1:-} in
thread)
  swift build --build-tests $options
  run "${2:-FailedRequestTests|AllocationFailureTests|ServingRunTests|SchedulingTests|OpenCLTests}"
  ;;
address)
  swift build --build-tests $options
  run "${2:-CheckpointsTests|TokenizersTests|TemplatesTests|JSONTests|GrammarsTests|HostileFileTests}"
  [ -n "${2:-}" ] && exit
  # Frames of drivers, which have no frame pointers, are found the slow way alone; LLVM has a stack of its own for signals.
  ASAN_OPTIONS="fast_unwind_on_malloc=0 use_sigaltstack=0" run OpenCLTests
  ;;
*)
  echo "usage: $0 thread|address [FILTER]" >&2
  exit 64
  ;;
esac
