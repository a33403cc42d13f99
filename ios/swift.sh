#!/bin/sh
# Runs SwiftPM over this package with a library: `ios/swift.sh BINDINGS LIBRARY build|test|run …`.
#
# The first two are the folders of the generated bindings and of the library, target/debug/bindings/swift and target/debug where they are
# empty. What is built lies in target/swift.
set -eu

ios=$(cd "$(dirname "$0")" && pwd -P)
project=$(cd "$ios/.." && pwd -P)
bindings=${1:-$project/target/debug/bindings/swift}
library=$(cd "${2:-$project/target/debug}" && pwd -P)
command=$3
shift 3

"$ios/generated.sh" "$bindings"

# On Linux libswiftObservation of 6.0 lacks a symbol that only its way of dying uses.
lacking=
[ "$(uname -s)" = Linux ] && lacking="-Xlinker --allow-shlib-undefined"

# shellcheck disable=SC2086
exec "$ios/toolchain.sh" swift "$command" --package-path "$ios" --scratch-path "$project/target/swift" \
  -Xswiftc -warnings-as-errors -Xlinker "-L$library" -Xlinker -rpath -Xlinker "$library" $lacking "$@"
