#!/bin/sh
# Runs a command with Swift: `ios/toolchain.sh swift build …`.
#
# Where `swift` is on the PATH (a Mac, or a Linux that has it) the command runs as it is. Elsewhere it runs within a Debian that has Swift:
# a folder made once, with the project, /tmp, /proc and /dev mounted in a mount namespace that ends with the command.
# COUNTERSIGN_SWIFT_ROOT names another folder for it.
set -eu

release=trixie
packages="swiftlang libc6-dev libstdc++-14-dev"
project=$(cd "$(dirname "$0")/.." && pwd -P)
root=${COUNTERSIGN_SWIFT_ROOT:-$project/target/tools/$release}
home=$project/target/swift-home
made=$root/.complete
recipe="$release $packages"

say() { echo "toolchain.sh: $*" >&2; }

fail() {
  say "$*"
  exit 69
}

need() {
  command -v "$1" >/dev/null || fail "$1 is missing: install Debian's package $2, or install Swift 6 so that \`swift\` is on the PATH"
}

# Whether anything is mounted below the folder.
mounted() { grep -qF " $root/" /proc/self/mountinfo; }

install_debootstrap() {
  command -v debootstrap >/dev/null && return
  need apt-get apt
  say "installing debootstrap"
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends debootstrap; } >&2 \
    || fail "debootstrap could not be installed"
}

# Makes the folder, from nothing: one that is not complete was interrupted.
make_root() {
  install_debootstrap
  if mounted; then fail "something is mounted in $root: unmount it first"; fi
  rm -rf --one-file-system "$root"
  mkdir -p "$root"
  say "making $root: Debian $release with Swift (a download of 600 MB, 3 GB on disk, some minutes)"
  debootstrap --variant=minbase "$release" "$root" >"$root.log" 2>&1 || fail "debootstrap failed: see $root.log"
  # shellcheck disable=SC2016
  in_root sh -c 'export DEBIAN_FRONTEND=noninteractive && apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends "$@" && apt-get clean' sh $packages >>"$root.log" 2>&1 \
    || fail "apt-get failed: see $root.log"
  in_root swift --version >>"$root.log" 2>&1 || fail "swift does not run: see $root.log"
  rm -f "$root.log"
  echo "$recipe" >"$made"
  say "made $root"
}

# Runs a command in the folder, in its own mount namespace. Every step replaces the one before, so a signal reaches the command itself.
replace_by() {
  # shellcheck disable=SC2016
  exec unshare --mount --propagation private sh -c '
    set -eu
    root=$1 project=$2 home=$3 here=$4
    shift 4
    mkdir -p "$home" "$root$project"
    mount --bind "$project" "$root$project"
    mount --bind /tmp "$root/tmp"
    mount --rbind /dev "$root/dev"
    mount -t proc proc "$root/proc"
    export HOME="$home" PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
    exec chroot "$root" sh -c "cd \"\$0\" 2>/dev/null || cd /; exec \"\$@\"" "$here" "$@"
  ' sh "$root" "$project" "$home" "$PWD" "$@"
}

in_root() { (replace_by "$@"); }

[ $# -gt 0 ] || fail "say what to run, such as: ios/toolchain.sh swift --version"
if command -v swift >/dev/null; then exec "$@"; fi

[ "$(uname -s)" = Linux ] || fail "swift is missing: install Xcode, or Swift 6"
case $(uname -m) in
  x86_64 | aarch64) ;;
  *) fail "Debian has no Swift for $(uname -m)" ;;
esac
[ "$(id -u)" = 0 ] || fail "swift is missing: install Swift 6, or run this as root, which makes a folder with it"
need unshare util-linux
need flock util-linux
need mount mount
need chroot coreutils
unshare --mount true 2>/dev/null || fail "this system allows no mount namespace (a container needs the capability SYS_ADMIN): install Swift 6"

mkdir -p "$(dirname "$root")"
exec 9>"$root.lock"
flock 9
if [ "$(cat "$made" 2>/dev/null)" != "$recipe" ]; then make_root; fi
exec 9>&-
replace_by "$@"
