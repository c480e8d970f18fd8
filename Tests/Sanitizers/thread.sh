#!/bin/sh
# Tests under ThreadSanitizer, in a build folder of its own.
#
#   Tests/Sanitizers/thread.sh [FILTER]
#
# FILTER is that of `swift test`; without one it is what Documentation/validation.md says. Ends with status 1 if a test fails or
# the sanitizer finds something.
set -eu
cd "$(dirname "$0")/../.."
suppressions=$PWD/Tests/Sanitizers/thread.txt
export TSAN_OPTIONS="suppressions=$suppressions exitcode=66"
swift build --build-tests --sanitize=thread --scratch-path .build-tsan
swift test --skip-build --sanitize=thread --scratch-path .build-tsan --filter "${1:-FailedRequestTests|AllocationFailureTests|ServingRunTests}"
