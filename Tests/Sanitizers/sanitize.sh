#!/bin/sh
# Tests under a sanitizer, in a build folder of its own: `thread` is ThreadSanitizer, `address` AddressSanitizer with
# LeakSanitizer.
#
#   Tests/Sanitizers/sanitize.sh thread|address [FILTER TARGETS]
#
# FILTER is that of `swift test`, TARGETS the test targets to build for it, with commas between; without them it is what
# Documentation/validation.md says. The command line and the server are left out. Ends with status 1 if a test fails or the
# sanitizer finds something.
set -eu
cd "$(dirname "$0")/../.."
here=$PWD/Tests/Sanitizers
export TSAN_OPTIONS="suppressions=$here/thread.txt exitcode=66"
export LSAN_OPTIONS="suppressions=$here/leaks.txt print_suppressions=0"

case ${1:-} in
thread)
  targets=EngineTests,SchedulingTests,OpenCLTests
  filter='FailedRequestTests|AllocationFailureTests|ServingRunTests|SchedulingTests|OpenCLTests'
  ;;
address)
  targets=CheckpointsTests,TokenizersTests,TemplatesTests,JSONTests,GrammarsTests,ModelsTests,OpenCLTests
  filter='CheckpointsTests|TokenizersTests|TemplatesTests|JSONTests|GrammarsTests|HostileFileTests'
  ;;
*) targets= ;;
esac
if [ -z "$targets" ] || [ $# = 2 ] || [ $# -gt 3 ]; then
  echo "usage: $0 thread|address [FILTER TARGETS]" >&2
  exit 64
fi
export STRATA_TESTS="${3:-$targets}"
# The file of resolved versions has those of packages that are left out here: it stays as it is.
options="--disable-automatic-resolution --sanitize=$1 --scratch-path .build-$1"

run() { swift test --skip-build $options --filter "$1"; }

swift build --build-tests $options
run "${2:-$filter}"
[ "$1" = address ] && [ $# = 1 ] || exit 0
# Frames of drivers, which have no frame pointers, are found the slow way alone; LLVM has a stack of its own for signals.
ASAN_OPTIONS="fast_unwind_on_malloc=0 use_sigaltstack=0" run OpenCLTests
