#!/usr/bin/env bash
# 100,000 mutated requests; in CI 20,000.
set -euo pipefail
requests=100000
if [[ ${TITIP_SIZE:-} == ci ]]; then requests=20000; fi
# What was written before this is on disk first: the kernel writes it back half a minute later, and meanwhile a clinic's
# fsync takes 140 ms that no attack is to blame for.
sync
exec "$1" --requests "$requests"
