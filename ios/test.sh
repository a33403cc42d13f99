#!/bin/sh
# Builds everything, runs the tests, and builds the documentation: `ios/test.sh [BINDINGS [LIBRARY [more for swift test, such as --filter Keeper]]]`.
#
# The folders are target/debug/bindings/swift and target/debug unless said otherwise. Among what is built is the co-signer program:
# `ios/toolchain.sh target/swift/debug/CoSignerProgram FOLDER NUMBER`.
set -eu

bindings=${1:-}
library=${2:-}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] && shift
swift="$(dirname "$0")/swift.sh"
[ $# -gt 0 ] && exec "$swift" "$bindings" "$library" test "$@"

# Those that begin processes run on their own: others count what the process has open.
"$swift" "$bindings" "$library" test --skip EndToEndTests
"$swift" "$bindings" "$library" test --filter EndToEndTests
exec "$(dirname "$0")/docs.sh" "$bindings" "$library"
