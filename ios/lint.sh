#!/bin/sh
# Says what is not as `swift format` wants it, in everything that is not generated.
set -eu

ios=$(cd "$(dirname "$0")" && pwd -P)
exec "$ios/toolchain.sh" swift format lint --strict --recursive --configuration "$ios/.swift-format" \
  "$ios/Package.swift" "$ios/Sources/Countersign" "$ios/Tests"
