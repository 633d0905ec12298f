#!/usr/bin/env bash
# Whatever a short run leaves to chance, an end that is really slower must be found: by both ratios, in each of the runs.
# So small a store has nothing worth giving back, hence the limit.
# usage: slowing_control.sh TITIP_CAPACITY
set -euo pipefail
status=0
said=$("$1" --submissions 30000 --slowing 8 --limit disk_after_drain=10 --limit disk_per_payload=10) || status=$?
grep -E 'fell short|^WRONG|^capacity:' <<<"$said" || true
if [[ $status -ne 1 ]]; then
  echo "runs that were slower at their ends ended with status $status"
  exit 1
fi
for name in accept_ratio drain_ratio; do
  for run in 'run 1/3 ' 'run 2/3 ' ''; do
    if ! grep -q "^${run}fell short: $name is " <<<"$said"; then
      echo "not found: $name, ${run:-the last run}"
      exit 1
    fi
  done
done
if grep -q '^WRONG' <<<"$said"; then
  echo "something else was wrong"
  exit 1
fi
[[ $(tail -n 1 <<<"$said") == "capacity: submissions="*" run=3/3 bounds="* ]]
