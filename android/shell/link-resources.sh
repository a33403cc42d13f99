#!/bin/sh
# Compiles and links resources as a build with Gradle would, where there is none.
# Usage: link-resources.sh AAPT2 FRAMEWORK_JAR PACKAGE SOURCES TARGET
# Leaves in TARGET: resources.ap_, AndroidManifest.xml and r/ with R.java.
set -eu
aapt2=$1 framework=$2 package=$3 sources=$4 target=$5
chmod +x "$aapt2"
mkdir -p "$target/r"
# A source manifest names neither package nor versions: Gradle's build file does.
sed "s|<manifest \(.*\)>|<manifest package=\"$package\" \1><uses-sdk android:minSdkVersion=\"26\" android:targetSdkVersion=\"36\" />|" \
  "$sources/AndroidManifest.xml" >"$target/AndroidManifest.xml"
"$aapt2" compile --dir "$sources/res" -o "$target/resources.zip"
"$aapt2" link -I "$framework" --manifest "$target/AndroidManifest.xml" --java "$target/r" \
  --version-code 1 --version-name 0.1.0 -o "$target/resources.ap_" "$target/resources.zip"
