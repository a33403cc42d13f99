#!/bin/sh
# Says what is not as `swift format` wants it, in everything that is not generated. The stubs carry addresses where others carry sentences.
set -eu

ios=$(cd "$(dirname "$0")" && pwd -P)
lint() { "$ios/toolchain.sh" swift format lint --strict --recursive --configuration "$@"; }

lint "$ios/Stubs/.swift-format" "$ios/Stubs"
lint "$ios/.swift-format" "$ios/Package.swift" "$ios/Sources/Countersign" "$ios/Sources/CountersignShell" \
  "$ios/Sources/CountersignUI" "$ios/Sample" "$ios/Tests"
