#!/usr/bin/env bash
# Every rule a quarter slower: the check must name every one of them.
set -euo pipefail
here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
said=$(python3 -B "$here/check.py" "$1" --twice-every 4 || true)
printf '%s\n' "$said"
last=$(tail -n 1 <<<"$said")
if [[ $last =~ rules=([0-9]+)\ slower=([0-9]+) && ${BASH_REMATCH[1]} -gt 0 && ${BASH_REMATCH[1]} == "${BASH_REMATCH[2]}" ]]; then
  printf 'control: caught\n'
  exit 0
fi
printf 'control: NOT CAUGHT: rules that need a quarter more instructions passed\n'
exit 1
