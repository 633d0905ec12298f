#!/usr/bin/env bash
# A run whose limits cannot hold must fail, say which, and still close with its line.
# usage: limit_control.sh TITIP_CAPACITY
set -euo pipefail
status=0
said=$("$1" --submissions 2000 --limit start_to_accept_s=0 --limit rss_mb=1) || status=$?
printf '%s\n' "$said" | tail -n 6
if [[ $status -ne 1 ]]; then
  echo "a run that fell short ended with status $status"
  exit 1
fi
grep -q '^fell short: start_to_accept_s is ' <<<"$said"
grep -q '^fell short: rss_mb is ' <<<"$said"
if grep -q '^WRONG' <<<"$said"; then
  echo "something else was wrong"
  exit 1
fi
[[ $(tail -n 1 <<<"$said") == "capacity: submissions="* ]]
