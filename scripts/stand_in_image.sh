#!/usr/bin/env bash
# Where no Docker engine runs and no image can be pulled: podman with runc, and a local stand-in for the image that our Dockerfile starts
# from, made of a minimal Debian and an interpreter of this machine. For trying the container action, not for using it.
#
#   scripts/stand_in_image.sh FOLDER       then: . FOLDER/env.sh
#
# Needs root and Debian 12. Exit code 3: something that it needs cannot be had; the reason is on stderr.
set -euo pipefail

say() { echo "$*" >&2; exit 3; }

[ $# -eq 1 ] || say "usage: $0 FOLDER"
[ "$(id -u)" -eq 0 ] || say "a container without a Docker engine needs root"
command -v apt-get >/dev/null || say "podman is missing, and there is no apt-get to install it with"
mkdir -p "$1"
folder=$(realpath "$1")
image=$(sed -n 's/^FROM //p' "$(dirname "$0")/../Dockerfile")
minor=$(sed -n 's/^FROM python:\([0-9.]*\)-.*/\1/p' "$(dirname "$0")/../Dockerfile")

export DEBIAN_FRONTEND=noninteractive
for tool in podman runc debootstrap; do
  command -v "$tool" >/dev/null && continue
  apt-get update -q >"$folder/apt.log" 2>&1 || say "apt-get update failed: $(tail -n 1 "$folder/apt.log")"
  apt-get install -q --yes --no-install-recommends podman runc debootstrap >>"$folder/apt.log" 2>&1 || say "apt-get cannot install podman: $(tail -n 1 "$folder/apt.log")"
  break
done

# No systemd, no bridge network and few limits in a container inside a container.
cat >"$folder/containers.conf" <<'CONF'
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[containers]
netns = "host"
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
CONF
cat >"$folder/storage.conf" <<CONF
[storage]
driver = "overlay"
graphroot = "$folder/storage"
runroot = "$folder/run"
CONF
cat >"$folder/env.sh" <<CONF
export CONTAINERS_CONF=$folder/containers.conf CONTAINERS_STORAGE_CONF=$folder/storage.conf
CONF
# shellcheck source=/dev/null
. "$folder/env.sh"
podman image exists "docker.io/library/$image" && exit 0

# An interpreter in a folder of its own (pyenv, uv), since only such a one can be copied.
prefix=
for candidate in "python$minor" "$HOME"/.pyenv/versions/"$minor".*/bin/"python$minor" "$HOME"/.local/share/uv/python/cpython-"$minor"*/bin/"python$minor"; do
  found=$("$candidate" -c 'import sys; print(sys.base_prefix)' 2>/dev/null) || continue
  case $found in /usr | /usr/local) ;; *) prefix=$found && break ;; esac
done
[ -n "$prefix" ] || say "no Python $minor in a folder of its own was found, from which to make a stand-in for $image"

root=$folder/root
rm -rf "$root"
# shellcheck disable=SC2016 # apt's own placeholder
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | head -n 1)
libraries=ca-certificates,libssl3,libsqlite3-0,libffi8,zlib1g,libbz2-1.0,liblzma5,libreadline8,libncursesw6,libuuid1,libexpat1,netbase
debootstrap --variant=minbase --include="$libraries" bookworm "$root" "$mirror" >"$folder/debootstrap.log" 2>&1 ||
  say "debootstrap failed: $(tail -n 1 "$folder/debootstrap.log")"
tar -C "$prefix" --exclude='*/test' --exclude='*/__pycache__' --exclude='*.a' --exclude='lib/python*/site-packages/*' -cf - "bin/python$minor" lib include |
  tar -C "$root/usr/local" -xf -
ln -sf "python$minor" "$root/usr/local/bin/python3"
ln -sf python3 "$root/usr/local/bin/python"
chroot "$root" ldconfig
# This machine's certificates: behind a proxy of its own it trusts more than Debian does.
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' >"$root/etc/pip.conf"
chroot "$root" python3 -m ensurepip --default-pip >"$folder/ensurepip.log" 2>&1
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}/*
tar -C "$root" --numeric-owner -c . | podman import --quiet \
  --change 'CMD ["python3"]' \
  --change 'ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin' \
  --change 'ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt' \
  - "docker.io/library/$image"
rm -rf "$root"
