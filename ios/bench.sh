#!/bin/sh
# Builds the benchmark, optimised, and runs it: `ios/bench.sh BINDINGS LIBRARY [call] [status] [event] [open JOURNAL]`.
#
# The folders are as for test.sh, and may be empty; the library should be an optimised one, too.
set -eu

[ $# -gt 2 ] || { echo "use: ios/bench.sh BINDINGS LIBRARY [call] [status] [event] [open JOURNAL]" >&2; exit 64; }
ios=$(dirname "$0")
"$ios/swift.sh" "$1" "$2" build --configuration release --product Bench >&2
shift 2
exec "$ios/toolchain.sh" "$ios/../target/swift/release/Bench" "$@"
