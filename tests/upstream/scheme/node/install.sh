#!/usr/bin/env bash
# Fetches the npm packages that the golden vectors are made with, in the versions and with the digests that the lock file
# names, into build/node. Does nothing where it lies there already. Away from CI a machine that cannot reach it goes on:
# the test says then that it was skipped.
set -euo pipefail
here=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)
build=$(cd -- "$here/../../../.." && pwd)/build
target=$build/node

if [[ -d $target/node_modules ]] && cmp --silent "$here/package-lock.json" "$target/package-lock.json"; then exit 0; fi
rm -rf "$target"
mkdir -p "$target"
cp "$here/package.json" "$target/"
if command -v npm >/dev/null &&
  cp "$here/package-lock.json" "$target/package-lock.json.new" &&
  mv "$target/package-lock.json.new" "$target/package-lock.json" &&
  (cd "$target" && npm ci --cache "$build/npm-cache" --ignore-scripts --no-audit --no-fund --loglevel=error >&2); then
  exit 0
fi
rm -rf "$target"
printf 'tests: the npm packages for the golden vectors could not be fetched; those tests will be skipped\n' >&2
if [[ ${CI:-} == true ]]; then exit 1; fi
