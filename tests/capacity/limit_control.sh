#!/usr/bin/env bash
# A run whose limits cannot hold must fail, name each of them, and still close with its line, bounds and all.
# usage: limit_control.sh TITIP_CAPACITY
set -euo pipefail
at_most=(rss_mb start_to_accept_s first_delivery_s disk_per_payload disk_after_drain)
at_least=(accept_ratio drain_ratio)
limits=()
for name in "${at_most[@]}"; do limits+=(--limit "$name=0"); done
for name in "${at_least[@]}"; do limits+=(--limit "$name=1000"); done
status=0
said=$("$1" --submissions 30000 "${limits[@]}") || status=$?
printf '%s\n' "$said" | tail -n 12
if [[ $status -ne 1 ]]; then
  echo "a run that fell short ended with status $status"
  exit 1
fi
last=$(tail -n 1 <<<"$said")
for name in "${at_most[@]}" "${at_least[@]}"; do
  if ! grep -q "^fell short: $name is " <<<"$said"; then
    echo "$name did not fall short"
    exit 1
  fi
  if [[ $last != *" bounds="*"${name}<="* && $last != *" bounds="*"${name}>="* ]]; then
    echo "the last line does not say the bound of $name"
    exit 1
  fi
done
if grep -q '^WRONG' <<<"$said"; then
  echo "something else was wrong"
  exit 1
fi
[[ $last == "capacity: submissions="*" run=1/3 bounds="* ]]
