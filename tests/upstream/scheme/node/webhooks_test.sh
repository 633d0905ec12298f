#!/usr/bin/env bash
# webhooks_test.sh PROGRAM SOURCE-ROOT: messages signed by the npm package and verified by Titip, and the other way round.
set -euo pipefail
program=$1
root=$2
messages=2000
seed=${TITIP_GOLDEN_SEED:-20260815}

modules=$root/build/node/node_modules
if ! command -v node >/dev/null || [[ ! -d $modules/standardwebhooks ]]; then
  printf 'SKIPPED: this needs node and the npm package standardwebhooks; run tests/upstream/scheme/node/install.sh\n'
  if [[ ${CI:-} == true ]]; then
    printf 'in CI both must be there\n'
    exit 1
  fi
  exit 77
fi
export NODE_PATH=$modules
script=$root/tests/upstream/scheme/node/webhooks.js

# Controls: one signature is spoiled before Titip verifies it, and one before the package does.
spoil='3s/\tv1,[^\t]/\tv1,-/'
for control in "$spoil|" "|$spoil"; do
  said=$(node "$script" make "$seed" 10 | sed "${control%|*}" | "$program" | sed "${control#*|}" |
    node "$script" check 10 || true)
  if [[ $said != *"webhooks: messages=10 differences=1" ]]; then
    printf 'webhooks: a spoiled signature was not found:\n%s\n' "$said"
    exit 1
  fi
done

node "$script" make "$seed" "$messages" | "$program" | node "$script" check "$messages"
