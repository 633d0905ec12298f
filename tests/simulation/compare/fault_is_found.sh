#!/usr/bin/env bash
# A gateway with a fault built in must miss a goal, and the run must say which and fail.
# usage: fault_is_found.sh TITIP_COMPARE FAULT GOAL
set -euo pipefail
program=$1
fault=$2
goal=$3
status=0
said=$("$program" --small --fault "$fault") || status=$?
printf '%s\n' "$said"
if [[ $status -ne 1 || $said != *"missed: $goal"* ]]; then
  echo "the fault $fault was not found by the goal '$goal' (status $status)"
  exit 1
fi
