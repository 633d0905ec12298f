#!/usr/bin/env bash
# A short day that begins ten seconds before midnight in the server's zone (WIB, UTC+7): usage over_midnight.sh TITIP_DAY [options].
# Every program sees the same shifted clock; steady clocks stay true.
set -euo pipefail
library=$(find /usr/lib -name libfaketimeMT.so.1 -print -quit)
if [[ -z $library ]]; then
  printf 'over_midnight: libfaketime is missing; install the package faketime\n' >&2
  exit 1
fi
now=$(date +%s)
day=86400
midnight_wib=$((now / day * day + 17 * 3600))
shift_s=$((midnight_wib - 10 - now))
# Preloaded by hand: the wrapper wants shared memory, which not every place lets an ordinary user have.
exec env LD_PRELOAD="$library" FAKETIME="$(printf '%+ds' "$shift_s")" FAKETIME_DISABLE_SHM=1 FAKETIME_DONT_FAKE_MONOTONIC=1 "$@"
