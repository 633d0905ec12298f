#!/usr/bin/env bash
# 100,000 mutated requests; in CI 20,000.
set -euo pipefail
requests=100000
if [[ ${TITIP_SIZE:-} == ci ]]; then requests=20000; fi
exec "$1" --requests "$requests"
