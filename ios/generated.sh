#!/bin/sh
# Lays the generated bindings, and the code of the page for app developers, where SwiftPM looks for them: `ios/generated.sh [bindings folder]`. A file that
# is the same stays as it is.
set -eu

ios=$(cd "$(dirname "$0")" && pwd -P)
from=${1:-$ios/../target/debug/bindings/swift}

# Puts what comes in into a file, if that has not just this.
put() {
  mkdir -p "$(dirname "$1")"
  cat >"$1.new"
  if cmp -s "$1.new" "$1"; then rm "$1.new"; else mv "$1.new" "$1"; fi
}

lay() {
  [ -f "$from/$1" ] || { echo "generated.sh: $from/$1 is missing: build the bindings first" >&2 && exit 66; }
  put "$ios/$2" <"$from/$1"
}

lay CountersignFFI.h Sources/CountersignFFI/CountersignFFI.h
lay CountersignFFI.modulemap Sources/CountersignFFI/module.modulemap
lay Countersign.swift Sources/CountersignBindings/Countersign.swift
awk '/^```swift$/ { code = 1; next } /^```$/ { code = 0 } code' "$ios/../docs/embedding-ios.md" | put "$ios/Tests/Snippets/Embedding.swift"
