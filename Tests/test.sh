#!/bin/sh
# Runs the tests that `swift build --build-tests` has built: those that compile most kernels, and the others, each in a process
# of its own. PoCL compiles one kernel at a time in a process, whatever the number of threads.
set -eu
cd "$(dirname "$0")/.."
swift=${SWIFT:-swift}
compiling='OpenCLBackendTests|ValidationTests'

tests=$($swift build --show-bin-path)/strataPackageTests.xctest
log=$(mktemp)
"$tests" --testing-library swift-testing --filter "$compiling" >"$log" 2>&1 &
child=$!
trap 'kill $child 2>/dev/null || true; rm -f "$log"' EXIT
trap 'exit 130' INT TERM

status=0
$swift test --skip-build --skip "$compiling" || status=1
echo "waiting for the tests of kernels, whose output follows"
wait $child || status=1
cat "$log"
exit $status
