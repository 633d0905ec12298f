#!/usr/bin/env bash
# A broken promise must be told with its seed and a trace, the run must fail, and the command it names must show the same
# again, to the last line. What one seed does must be what it does among others.
# usage: failing_seed.sh TITIP_SIMULATE
set -euo pipefail
program=$1
status=0
said=$("$program" --control order_ignored --seeds 0) || status=$?
printf '%s\n' "$said"
if [[ $status -ne 0 || ! $said =~ 'control order_ignored: caught by seed '([0-9]+)' ('([^:]*) ]]; then
  echo "the control was not caught (status $status)"
  exit 1
fi
seed=${BASH_REMATCH[1]}
promise=${BASH_REMATCH[2]}
for run in 1 2; do
  status=0
  "$program" --control order_ignored --seed "$seed" >"$TMPDIR/seed-$run.txt" || status=$?
  if [[ $status -ne 1 ]]; then
    echo "a broken promise ended with status $status"
    exit 1
  fi
done
cmp "$TMPDIR/seed-1.txt" "$TMPDIR/seed-2.txt"
grep -q "^broken: '$promise'" "$TMPDIR/seed-1.txt"
grep -q ' VIOLATED ' "$TMPDIR/seed-1.txt"
rm -f "$TMPDIR/seed-1.txt" "$TMPDIR/seed-2.txt"
if "$program" --control no_such_fault --seeds 1 2>/dev/null; then
  echo "an unknown control was taken"
  exit 1
fi
status=0
said=$("$program" --seeds 2 --no-controls --least-a-day 1000000) || status=$?
if [[ $status -ne 1 || $said != *'too quiet: a day had '* ]]; then
  echo "days on which too few come were taken (status $status)"
  exit 1
fi
