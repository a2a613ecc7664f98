#!/bin/sh
# The check of a GPU, on a Linux x86-64 machine that has one. Needs nothing of it but its GPU driver, sh, tar, and xz or
# python3; no network.
#
#   sh check.sh OUT [--small] [--software] [--seconds N] [--only a,b]
#
# Writes OUT/gpu-check.json and OUT/gpu-check.txt after every step. Exit code: 0 all passed, 1 something failed, 2 wrong
# arguments or not unpacked, 3 no adapter. LRT_ICD=FILE names a Vulkan driver by its JSON file.
set -u
here=$(cd "$(dirname "$0")" && pwd)
if [ "$(uname -s)-$(uname -m)" != Linux-x86_64 ]; then
  echo "unsupported-machine: this was packed for Linux-x86_64, not $(uname -s)-$(uname -m)." >&2
  exit 2
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/lrt-gpu-check.XXXXXX") || exit 2
child=
trap 'rm -rf "$work"' EXIT
trap '[ -n "$child" ] && kill "$child" 2>/dev/null; exit 143' INT TERM

unpack() {
  if command -v xz >/dev/null 2>&1; then
    xz -dc "$1"
  elif command -v python3 >/dev/null 2>&1; then
    python3 -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.argv[1]), sys.stdout.buffer, 1 << 20)' "$1"
  else
    echo "unpack-failed: this needs xz or python3." >&2
    return 1
  fi
}

for part in node app; do
  if ! unpack "$here/$part.tar.xz" >"$work/part.tar" || ! tar -xf "$work/part.tar" -C "$work"; then
    echo "unpack-failed: $here/$part.tar.xz could not be unpacked." >&2
    exit 2
  fi
  rm -f "$work/part.tar"
done
LRT_GPU_CHECK_WORK=$work "$work/node" "$work/app/check.mjs" "$@" &
child=$!
wait "$child"
