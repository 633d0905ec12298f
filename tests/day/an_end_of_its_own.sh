#!/usr/bin/env bash
# an_end_of_its_own.sh TITIP_DAY TITIP: a gateway that a signal of nobody's ends after three seconds. A day with planned
# deaths must not take that for one of them.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT
cat >"$here/titip" <<END
#!/usr/bin/env python3
import os, signal, sys
signal.alarm(3)
os.execv("$2", ["titip", *sys.argv[1:]])
END
chmod +x "$here/titip"
try() {
  local what=$1 status=0
  shift
  rm -rf "$here/day"
  "$@" --titip "$here/titip" --people 60 --seconds 20 --seed 1 --data "$here/day" >"$here/said" 2>&1 || status=$?
  if [[ $status -eq 77 ]]; then
    printf 'NOT RUN: %s: %s\n' "$what" "$(tail -n 1 "$here/said")"
  elif [[ $status -eq 0 ]] || ! grep -q 'the gateway ended by signal Alarm clock by itself' "$here/said"; then
    tail -n 20 "$here/said"
    printf 'not passed: %s: status %s, and the end of the gateway is not told\n' "$what" "$status"
    exit 1
  else
    printf '%s: %s\n' "$what" "$(grep 'Alarm clock' "$here/said" | head -n 1)"
  fi
}
# Its one planned death comes long after.
try 'planned deaths' "$1" --deaths 1
try 'planned faults' "$1" --deaths 1 --faults
