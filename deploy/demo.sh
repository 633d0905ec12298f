#!/usr/bin/env bash
# Shows what Titip is for: a vaccination site's whole day goes in while the national server fails again and again and the
# gateway itself is killed once; at the end every record has had its effect exactly once, in order.
# Installs what is missing, builds, runs the day. Writes nothing but build/ (and the data directory, if one is given).
set -euo pipefail
root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd)

usage() {
  cat <<'END'
usage: deploy/demo.sh [--quick] [--seed N] [--keep] [--people N] [--seconds N] [--data DIR]
  --quick      install nothing: the packages are there
  --seed N     repeat a day: the same people, timetable and weather (default: a new one each time)
  --keep       leave the gateway and the simulated national server running, and say how to look at them
  --people N   who come this day (default 2000)
  --seconds N  what the day's eight hours are compressed to (default 60, at least 20); draining comes on top
  --data DIR   an empty directory for the gateway's data (default: a fresh one below build/, removed when the day passed)
The last line is the result. Exit status: 0 only if the clinics' history, the gateway's ledger and the national server's
ledger agree.
END
}

die() {
  printf 'demo: %s\n' "$1" >&2
  exit 2
}

install=yes
seed=
arguments=()
while [[ $# -gt 0 ]]; do
  case "$1" in
    --quick) install=no ;;
    --keep) arguments+=(--keep) ;;
    --seed | --people | --seconds | --data)
      [[ $# -ge 2 && -n $2 ]] || die "$1 wants a value; see --help"
      if [[ $1 != --data && ! $2 =~ ^[0-9]+$ ]]; then die "$1 wants a whole number, not '$2'"; fi
      if [[ $1 == --seed ]]; then seed=$2; elif [[ $1 == --data ]]; then arguments+=(--data "$(readlink -m -- "$2")"); else arguments+=("$1" "$2"); fi
      shift
      ;;
    --seed=* | --people=* | --seconds=* | --data=*)
      set -- "${1%%=*}" "${1#*=}" "${@:2}"
      continue
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      printf "demo: unknown option '%s'\n" "$1" >&2
      usage >&2
      exit 2
      ;;
  esac
  shift
done
# A seed of its own each time, printed so that the very same day can be had again.
if [[ -z $seed ]]; then seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' '); fi

cd -- "$root"
# Nothing outside build/ is written, unless the machine has a compiler cache already.
if [[ -z ${CCACHE_DIR:-} && ! -d ${HOME:-/nonexistent}/.cache/ccache && ! -d ${HOME:-/nonexistent}/.ccache ]]; then
  export CCACHE_DIR=$root/build/ccache
fi
mkdir -p build 2>/dev/null || die "cannot write $root/build; run this as a user who may"
if [[ $install == yes ]]; then bash deploy/install-packages.sh --without-tests; fi
command -v cmake >/dev/null || die "cmake is not installed; run once without --quick"

printf 'demo: building (the first time takes some minutes; build/demo-build.log)\n'
if ! { cmake --preset release && cmake --build --preset release --parallel "$(nproc)" --target titip pcare_sim titip_day; } \
  >build/demo-build.log 2>&1; then
  tail -n 30 build/demo-build.log >&2
  die "building failed; everything it said is in build/demo-build.log"
fi

printf 'demo: one vaccination day, seed %s (to see the same day again: deploy/demo.sh --quick --seed %s)\n' "$seed" "$seed"
exec build/release/titip_day --seed "$seed" "${arguments[@]}"
