#!/bin/sh
# Lays the generated bindings where SwiftPM looks for them: `ios/generated.sh [bindings folder]`. A file that is the same stays as it is.
set -eu

ios=$(cd "$(dirname "$0")" && pwd -P)
from=${1:-$ios/../target/debug/bindings/swift}

lay() {
  [ -f "$from/$1" ] || { echo "generated.sh: $from/$1 is missing: build the bindings first" >&2 && exit 66; }
  mkdir -p "$(dirname "$ios/$2")"
  cmp -s "$from/$1" "$ios/$2" || cp "$from/$1" "$ios/$2"
}

lay CountersignFFI.h Sources/CountersignFFI/CountersignFFI.h
lay CountersignFFI.modulemap Sources/CountersignFFI/module.modulemap
lay Countersign.swift Sources/CountersignBindings/Countersign.swift
