#!/usr/bin/env bash
# golden_test.sh PROGRAM SOURCE-ROOT: 10,000 random documents, sealed by Node and read by Titip, and the other way round.
set -euo pipefail
program=$1
root=$2
documents=10000
# Another seed every time would find more and repeat nothing; TITIP_GOLDEN_SEED tries others by hand.
seed=${TITIP_GOLDEN_SEED:-20260815}

modules=$root/build/node/node_modules
if ! command -v node >/dev/null || [[ ! -d $modules/lz-string ]]; then
  printf 'SKIPPED: the golden vectors need node and the npm package lz-string; run tests/upstream/scheme/node/install.sh\n'
  if [[ ${CI:-} == true ]]; then
    printf 'in CI both must be there\n'
    exit 1
  fi
  exit 77
fi
export NODE_PATH=$modules
script=$root/tests/upstream/scheme/node/golden.js
printf 'golden: seed %s\n' "$seed"

# Controls: one signature is spoiled before Titip reads it, and one before Node does.
spoil='3s/\t[^\t]*=\t/\tspoiled=\t/'
for control in "$spoil|" "|$spoil"; do
  said=$(node "$script" make "$seed" 10 | sed "${control%|*}" | "$program" | sed "${control#*|}" |
    node "$script" check 10 || true)
  if [[ $said != *"golden: documents=10 differences=1" ]]; then
    printf 'golden: a spoiled signature was not found:\n%s\n' "$said"
    exit 1
  fi
done

node "$script" make "$seed" "$documents" | "$program" | node "$script" check "$documents"
