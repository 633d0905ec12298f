#!/usr/bin/env bash
# A short day that begins ten seconds before midnight in the server's zone (WIB, UTC+7): usage over_midnight.sh TITIP_DAY [options].
# Every program sees the same shifted clock; steady clocks stay true.
set -euo pipefail
now=$(date +%s)
day=86400
midnight_wib=$((now / day * day + 17 * 3600))
shift_s=$((midnight_wib - 10 - now))
exec env FAKETIME_DONT_FAKE_MONOTONIC=1 faketime -f "$(printf '%+ds' "$shift_s")" "$@"
