#!/bin/sh
# Builds the reference and the articles of the modules, and fails where a link leads nowhere or a public declaration says nothing of itself:
# `ios/docs.sh [BINDINGS [LIBRARY]]`, with folders as for test.sh. What is built lies in target/swift/docs.
set -eu

ios=$(cd "$(dirname "$0")" && pwd -P)
swift=$ios/../target/swift
docs=$swift/docs

"$ios/swift.sh" "${1:-}" "${2:-}" package dump-symbol-graph --minimum-access-level public --skip-synthesized-members >&2
graphs=$(dirname "$(find "$swift" -path '*/symbolgraph/Countersign.symbols.json' | head -n 1)")

"$ios/swift.sh" "${1:-}" "${2:-}" build --product Undocumented >&2
"$ios/toolchain.sh" "$swift/debug/Undocumented" "$graphs/Countersign.symbols.json" "$graphs/CountersignShell.symbols.json" \
  "$graphs/CountersignUI.symbols.json"

# On a Mac xcrun knows where docc is; elsewhere it lies beside the compiler.
# shellcheck disable=SC2016
docc='docc=$(xcrun --find docc 2>/dev/null) || docc=$(dirname "$(readlink -f "$(command -v swift)")")/docc; exec "$docc" "$@"'
for module in Countersign CountersignShell; do
  rm -rf "$docs/$module" "$docs/$module.graph"
  mkdir -p "$docs/$module.graph"
  cp "$graphs/$module".symbols.json "$docs/$module.graph/"
  "$ios/toolchain.sh" sh -c "$docc" sh convert "$ios/Sources/$module/$module.docc" --warnings-as-errors \
    --additional-symbol-graph-dir "$docs/$module.graph" --fallback-display-name "$module" \
    --fallback-bundle-identifier "org.countersign.$module" --output-dir "$docs/$module"
done
