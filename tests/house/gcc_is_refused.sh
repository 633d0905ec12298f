#!/usr/bin/env bash
# GCC older than 13 miscompiles coroutines: configuring with it must fail and say what to install.
# usage: gcc_is_refused.sh SOURCE_ROOT
set -euo pipefail
root=$1

compiler=""
for candidate in g++-12 g++-11 g++; do
  if command -v "$candidate" >/dev/null; then
    major=$("$candidate" -dumpversion)
    if [[ ${major%%.*} -lt 13 ]]; then
      compiler=$candidate
      break
    fi
  fi
done
if [[ -z $compiler ]]; then
  echo "NOT APPLICABLE: no g++ older than 13 is installed here, so nothing can be refused"
  exit 77
fi

build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT
status=0
said=$(cmake -G Ninja -S "$root" -B "$build" -DCMAKE_CXX_COMPILER="$compiler" 2>&1) || status=$?
if [[ $status -eq 0 ]]; then
  echo "cmake took $compiler $("$compiler" -dumpfullversion), which miscompiles coroutines"
  exit 1
fi
for words in "miscompiles C++20 coroutines" "apt-get install clang-19"; do
  if [[ $(tr -s ' \n' ' ' <<<"$said") != *"$words"* ]]; then
    printf 'cmake refused %s without saying "%s":\n%s\n' "$compiler" "$words" "$said"
    exit 1
  fi
done
echo "$compiler is refused with the reason and the remedy"
