#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Fetches what the boot tests start: Debian's kernel for s390x and a static
# busybox. Leaves them in DESTDIR as "vmlinuz" and "busybox".
#
# Uses the package sources and keys this system already trusts, but its own
# lists and cache, so that nothing on the system changes. Needs apt-get,
# apt-cache and dpkg-deb; works as root and as a normal user.
set -eu

if [ $# -ne 1 ]; then
    echo "usage: $0 DESTDIR" >&2
    exit 2
fi
destdir=$1

if [ -s "$destdir/vmlinuz" ] && [ -s "$destdir/busybox" ]; then
    exit 0
fi

for program in apt-get apt-cache dpkg-deb; do
    if ! command -v "$program" >/dev/null; then
        echo "$0: $program is needed (a Debian system)" >&2
        exit 1
    fi
done

mkdir -p "$destdir"
destdir=$(cd "$destdir" && pwd)

# World-readable, because apt drops root's rights while it downloads.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" \
    "$work/debs"
: >"$work/status"

cat >"$work/apt.conf" <<CONF
#clear APT::Architectures;
APT::Architecture "s390x";
APT::Architectures { "s390x"; };
APT::Install-Recommends "false";
Acquire::Languages "none";
Dir::State "$work/state";
Dir::State::status "$work/status";
Dir::Cache "$work/cache";
CONF

# A source without s390x packages makes the update complain; what counts is
# whether the packages below can be found.
apt-get -q -c "$work/apt.conf" update >"$work/update.log" 2>&1 || true

# The metapackage names the current kernel.
kernel=$(apt-cache -c "$work/apt.conf" depends linux-image-s390x 2>/dev/null |
    sed -n 's/^ *Depends: \(linux-image-[0-9][^ ]*\)$/\1/p' | head -n 1)
if [ -z "$kernel" ]; then
    cat "$work/update.log" >&2
    echo "$0: the package sources of this system have no s390x kernel" >&2
    exit 1
fi

(
    cd "$work/debs"
    if [ "$(id -u)" -eq 0 ] && id _apt >/dev/null 2>&1; then
        chown _apt .
    fi
    apt-get -q -c "$work/apt.conf" download "$kernel" busybox-static \
        >"$work/download.log" 2>&1 || {
        cat "$work/download.log" >&2
        exit 1
    }
)
for package in "$work"/debs/*.deb; do
    dpkg-deb -x "$package" "$work/root"
done

# Put them in place by renaming, so that a half-written file is never used.
cp "$work"/root/boot/vmlinuz-*-s390x "$destdir/vmlinuz.part"
busybox=$work/root/bin/busybox
[ -e "$busybox" ] || busybox=$work/root/usr/bin/busybox
cp "$busybox" "$destdir/busybox.part"
mv "$destdir/vmlinuz.part" "$destdir/vmlinuz"
mv "$destdir/busybox.part" "$destdir/busybox"
