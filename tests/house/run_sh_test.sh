#!/usr/bin/env bash
# tests/run.sh refuses what it does not know, from any folder, before it installs or builds anything.
# usage: run_sh_test.sh SOURCE_ROOT
set -euo pipefail
root=$1
cd /

refuses() {
  local status=0 said
  said=$(bash "$root/tests/run.sh" "$@" 2>&1) || status=$?
  if [[ $status -ne 2 || $said != *"unknown part or option"* || $said != *"usage: tests/run.sh"* ]]; then
    printf 'tests/run.sh %s: status %d, said:\n%s\n' "$*" "$status" "$said"
    exit 1
  fi
}
refuses everything
refuses unit --fast
refuses --no-install "unit house"

status=0
said=$(bash "$root/tests/run.sh" --submissions 1000 unit 2>&1) || status=$?
if [[ $status -ne 2 || $said != *"--submissions is an option of the part 'capacity' alone"* ]]; then
  printf 'tests/run.sh --submissions 1000 unit: status %d, said:\n%s\n' "$status" "$said"
  exit 1
fi

status=0
said=$(bash "$root/tests/run.sh" --seeds 10 unit 2>&1) || status=$?
if [[ $status -ne 2 || $said != *"--seeds is an option of the part 'simulate' alone"* ]]; then
  printf 'tests/run.sh --seeds 10 unit: status %d, said:\n%s\n' "$status" "$said"
  exit 1
fi

for options in "--long" "--full" "--seed 3" "--replay power_loss:1"; do
  status=0
  # shellcheck disable=SC2086
  said=$(bash "$root/tests/run.sh" unit crash $options 2>&1) || status=$?
  if [[ $status -ne 2 || $said != *"is an option of the part 'crash' alone"* ]]; then
    printf 'tests/run.sh unit crash %s: status %d, said:\n%s\n' "$options" "$status" "$said"
    exit 1
  fi
done

status=0
said=$(python3 -B "$root/tests/part_table.py" plan /nowhere 2>&1) || status=$?
if [[ $status -eq 0 ]]; then
  printf 'part_table.py took a call without rows:\n%s\n' "$said"
  exit 1
fi

# A part without a test, and a name used twice, must be refused: nothing may pass by not being run.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
one='{"name":"a.b","properties":[{"name":"LABELS","value":["house"]}]}'
printf '{"tests":[%s]}' "$one" >"$folder/tests.json"
python3 -B "$root/tests/part_table.py" plan "$folder" house
if python3 -B "$root/tests/part_table.py" plan "$folder" house controls 2>"$folder/said"; then
  echo "a part without a test was taken"
  exit 1
fi
grep -q "'controls' has no test" "$folder/said"
printf '{"tests":[%s,%s]}' "$one" "$one" >"$folder/tests.json"
if python3 -B "$root/tests/part_table.py" plan "$folder" house 2>"$folder/said"; then
  echo "a name used twice was taken"
  exit 1
fi
grep -q "two tests are called a.b" "$folder/said"
