#!/bin/sh
# Compiles and links resources as a build with Gradle would, where there is none.
# Usage: link-resources.sh AAPT2 FRAMEWORK_JAR PACKAGE SOURCES TARGET [LIBRARY_PACKAGE LIBRARY_SOURCES]
# Leaves in TARGET: resources.ap_, AndroidManifest.xml and r/ with R.java; with a library, those of an app that has it.
set -eu
aapt2=$1 framework=$2 package=$3 sources=$4 target=$5 library=${6:-} library_sources=${7:-}
chmod +x "$aapt2"
mkdir -p "$target/r"
# A source manifest names neither package nor versions: Gradle's build file does.
sed "s|<manifest \(.*\)>|<manifest package=\"$package\" \1><uses-sdk android:minSdkVersion=\"26\" android:targetSdkVersion=\"36\" />|" \
  "$sources/AndroidManifest.xml" >"$target/AndroidManifest.xml"
"$aapt2" compile --dir "$sources/res" -o "$target/resources.zip"
set -- "$target/resources.zip"
if [ -n "$library" ]; then
  "$aapt2" compile --dir "$library_sources/res" -o "$target/library.zip"
  set -- --extra-packages "$library" "$target/library.zip" "$@"
  # The library's permissions and components join the app's; the attributes of the application are the app's own.
  sed -n '/<uses-permission/p' "$library_sources/AndroidManifest.xml" >"$target/permissions"
  sed -n '/<application/,/<\/application>/p' "$library_sources/AndroidManifest.xml" | sed '1,/>$/d' >"$target/components"
  sed -e "/<manifest/r $target/permissions" -e "/<\/application>/{
r $target/components
d
}" "$target/AndroidManifest.xml" >"$target/merged.xml"
  mv "$target/merged.xml" "$target/AndroidManifest.xml"
fi
# The ids are no constants: an app gives its library others.
"$aapt2" link -I "$framework" --manifest "$target/AndroidManifest.xml" --java "$target/r" --non-final-ids \
  --version-code 1 --version-name 0.1.0 -o "$target/resources.ap_" "$@"
