#!/bin/sh
# Builds CountersignFFI.xcframework, on a Mac with Xcode and rustup: `ios/xcframework.sh [ADDRESS]`.
#
# It has the phone, the simulator and the Mac, and goes where Package.swift looks for it. For a release there is an archive of it in
# target/xcframework; with the address where that will lie, CountersignFFI.release is written, which names it and its checksum to
# Package.swift. The bindings are generated from the same library.
set -eu

fail() {
  echo "xcframework.sh: $*" >&2
  exit 69
}

[ "$(uname -s)" = Darwin ] || fail "only a Mac has Apple's linker"
command -v xcodebuild >/dev/null || fail "xcodebuild is missing: install Xcode"
command -v rustup >/dev/null || fail "rustup is missing"

ios=$(cd "$(dirname "$0")" && pwd -P)
project=$(cd "$ios/.." && pwd -P)
built=$project/target/xcframework
phone=aarch64-apple-ios
simulators="aarch64-apple-ios-sim x86_64-apple-ios"
macs="aarch64-apple-darwin x86_64-apple-darwin"

# As Package.swift has them.
export IPHONEOS_DEPLOYMENT_TARGET=17.0
export MACOSX_DEPLOYMENT_TARGET=14.0

cd "$project"
# shellcheck disable=SC2086
rustup target add $phone $simulators $macs
for target in $phone $simulators $macs; do
  cargo build --locked --profile mobile -p countersign-bindings --no-default-features --target "$target"
done

rm -rf "$built" "$ios/CountersignFFI.xcframework"
mkdir -p "$built/headers" "$built/simulator" "$built/mac"
library() { echo "$project/target/$1/mobile/libcountersign.a"; }

# One library a platform.
join() {
  out=$1
  shift
  # shellcheck disable=SC2046
  lipo -create $(for target in "$@"; do library "$target"; done) -output "$out"
}

# shellcheck disable=SC2086
join "$built/simulator/libcountersign.a" $simulators
# shellcheck disable=SC2086
join "$built/mac/libcountersign.a" $macs

cargo run --locked -p countersign-bindings --features cli --bin bindgen -- \
  "$project/target/aarch64-apple-darwin/mobile/libcountersign.dylib" "$built/bindings"
"$ios/generated.sh" "$built/bindings/swift"
cp "$built/bindings/swift/CountersignFFI.h" "$built/headers/"
cp "$built/bindings/swift/CountersignFFI.modulemap" "$built/headers/module.modulemap"

xcodebuild -create-xcframework \
  -library "$(library $phone)" -headers "$built/headers" \
  -library "$built/simulator/libcountersign.a" -headers "$built/headers" \
  -library "$built/mac/libcountersign.a" -headers "$built/headers" \
  -output "$ios/CountersignFFI.xcframework"

cd "$ios"
ditto -c -k --keepParent CountersignFFI.xcframework "$built/CountersignFFI.xcframework.zip"
checksum=$(swift package compute-checksum "$built/CountersignFFI.xcframework.zip")
echo "$checksum"
[ $# -eq 0 ] || printf '%s\n%s\n' "$1" "$checksum" >CountersignFFI.release
