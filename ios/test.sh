#!/bin/sh
# Builds everything and runs the tests: `ios/test.sh [BINDINGS [LIBRARY [more for swift test, such as --filter Keeper]]]`.
#
# The folders are target/debug/bindings/swift and target/debug unless said otherwise. Among what is built is the co-signer program:
# `ios/toolchain.sh target/swift/debug/CoSignerProgram FOLDER NUMBER`.
set -eu

bindings=${1:-}
library=${2:-}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] && shift
exec "$(dirname "$0")/swift.sh" "$bindings" "$library" test "$@"
