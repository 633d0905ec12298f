#!/usr/bin/env bash
# Installs what is missing, builds and runs Titip's tests, and closes with ctest's summary. tests/README.md says more.
set -euo pipefail
root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd)
cd -- "$root"

usage() {
  cat <<'END'
usage: tests/run.sh [--no-install] [part…]
       tests/run.sh capacity [--submissions N]
       tests/run.sh simulate [--seeds N]
       tests/run.sh dropin [--patients N]
       tests/run.sh compare [--days N]
       tests/run.sh fuzz [--seconds N]
       tests/run.sh soak [--minutes N]
       tests/run.sh bench [--rounds N]
       tests/run.sh crash [--ci|--full|--long] [--seed N] [--replay KIND:SEED]
  unit         unit tests under ASan and UBSan; those with threads under TSan too
  house        structure of the source tree, formatting, shell scripts, each header alone
  controls     the same gateway with a fault built in: its checker must find it
  integration  the gateway as shipped, against the simulated national server
  dropin       deployed clients' day through the gateway, six outages, both eras of P-Care; alone it takes --patients (500
               in each era) and closes with its figures
  capacity     200,000 submissions accepted, killed, opened again, delivered; alone it takes --submissions and closes
               with its figures
  simulate     days of the whole gateway on fake time, from seeds, every promise checked; 500, alone it takes --seeds,
               makes 2,000 unless told otherwise and closes with its figures
  compare      Titip's delivery beside three simple ones on the same weather, a week of it unless --days says otherwise;
               only when named: a small one is in 'simulate'
  monitoring   a day with an outage in front of Debian's Prometheus and Alertmanager with what deploy/monitoring ships: every
               expression shows something, the outage's alert comes and goes; alone it closes with its figures
  bench        Titip beside nginx, Redis, PostgreSQL and NATS in five interleaved rounds unless --rounds says otherwise;
               writes tests/bench/RESULTS.md; on a quiet machine, only when named
  crash        power cuts, kills, failing system calls, full disks, rot: what was acknowledged is there. Alone it runs
               in full, with --long ten times that, and closes with its figures
  package      the Debian package: judged by lintian, installed into a clean root, used, upgraded, purged
  hostile      a corpus of hostile requests, mutated ones and slow ones, while clinics go on working
  leaks        people, passwords and secrets planted in a gateway are looked for wherever they could lie unsealed
  fuzz         libFuzzer on whatever reads bytes from outside, and a planted fault that it must find; alone it takes
               --seconds (60 for each target, 10 in CI) and closes with its figures
  soak         a gateway works for 20 minutes (--minutes N) before a server that fails at random: memory and descriptors do not
               grow, and a planted leak is found; only when named
  lint         clang-tidy over the tree (slow; only when named)
No part: all but lint, compare, bench and soak. --no-install: ask apt and npm for nothing.
TITIP_SIZE=ci makes the long tests short; it is the default where CI=true.
END
}

all_parts=(unit house controls integration dropin simulate capacity monitoring crash package hostile leaks fuzz)
install=yes
submissions=
seeds=
patients=
days=
seconds=
minutes=
rounds=
crash_options=()
crash_option=
wanted=()
while [[ $# -gt 0 ]]; do
  argument=$1
  shift
  case "$argument" in
    --no-install) install=no ;;
    --submissions)
      submissions=${1:-}
      if [[ ! $submissions =~ ^[0-9]+$ ]]; then
        printf 'tests/run.sh: --submissions wants a number\n' >&2
        exit 2
      fi
      shift
      ;;
    --seeds)
      seeds=${1:-}
      if [[ ! $seeds =~ ^[0-9]+$ ]]; then
        printf 'tests/run.sh: --seeds wants a number\n' >&2
        exit 2
      fi
      shift
      ;;
    --patients)
      patients=${1:-}
      if [[ ! $patients =~ ^[0-9]+$ ]]; then
        printf 'tests/run.sh: --patients wants a number\n' >&2
        exit 2
      fi
      shift
      ;;
    --days)
      days=${1:-}
      if [[ ! $days =~ ^[1-9][0-9]*$ ]]; then
        printf 'tests/run.sh: --days wants a number\n' >&2
        exit 2
      fi
      shift
      ;;
    --seconds)
      seconds=${1:-}
      if [[ ! $seconds =~ ^[1-9][0-9]*$ ]]; then
        printf 'tests/run.sh: --seconds wants a number\n' >&2
        exit 2
      fi
      shift
      ;;
    --minutes)
      minutes=${1:-}
      if [[ ! $minutes =~ ^[1-9][0-9]*$ ]]; then
        printf 'tests/run.sh: --minutes wants a number\n' >&2
        exit 2
      fi
      shift
      ;;
    --rounds)
      rounds=${1:-}
      if [[ ! $rounds =~ ^[1-9][0-9]*$ ]]; then
        printf 'tests/run.sh: --rounds wants a number\n' >&2
        exit 2
      fi
      shift
      ;;
    --ci | --full | --long)
      crash_option=$argument
      crash_options+=(--size "${argument#--}")
      ;;
    --seed | --replay)
      crash_option=$argument
      if [[ -z ${1:-} ]]; then
        printf 'tests/run.sh: %s wants a value\n' "$argument" >&2
        exit 2
      fi
      crash_options+=("$argument" "$1")
      shift
      ;;
    unit | house | controls | integration | dropin | simulate | compare | bench | capacity | monitoring | crash | package | hostile | leaks | fuzz | soak | lint) wanted+=("$argument") ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      printf "tests/run.sh: unknown part or option '%s'\n" "$argument" >&2
      usage >&2
      exit 2
      ;;
  esac
done
if [[ ${#wanted[@]} -eq 0 ]]; then wanted=("${all_parts[@]}"); fi
if [[ -n $submissions && ${wanted[*]} != capacity ]]; then
  printf "tests/run.sh: --submissions is an option of the part 'capacity' alone\n" >&2
  exit 2
fi
if [[ -n $seeds && ${wanted[*]} != simulate ]]; then
  printf "tests/run.sh: --seeds is an option of the part 'simulate' alone\n" >&2
  exit 2
fi
if [[ -n $patients && ${wanted[*]} != dropin ]]; then
  printf "tests/run.sh: --patients is an option of the part 'dropin' alone\n" >&2
  exit 2
fi
if [[ -n $days && ${wanted[*]} != compare ]]; then
  printf "tests/run.sh: --days is an option of the part 'compare' alone\n" >&2
  exit 2
fi
if [[ -n $seconds && ${wanted[*]} != fuzz ]]; then
  printf "tests/run.sh: --seconds is an option of the part 'fuzz' alone\n" >&2
  exit 2
fi
if [[ -n $minutes && ${wanted[*]} != soak ]]; then
  printf "tests/run.sh: --minutes is an option of the part 'soak' alone\n" >&2
  exit 2
fi
if [[ ${#wanted[@]} -gt 1 && " ${wanted[*]} " == *' soak '* ]]; then
  printf "tests/run.sh: the part 'soak' runs alone\n" >&2
  exit 2
fi
if [[ -n $rounds && ${wanted[*]} != bench ]]; then
  printf "tests/run.sh: --rounds is an option of the part 'bench' alone\n" >&2
  exit 2
fi
if [[ ${#wanted[@]} -gt 1 && " ${wanted[*]} " == *' bench '* ]]; then
  printf "tests/run.sh: the part 'bench' runs alone; a small check of it is in 'integration'\n" >&2
  exit 2
fi
if [[ ${#wanted[@]} -gt 1 && " ${wanted[*]} " == *' compare '* ]]; then
  printf "tests/run.sh: the part 'compare' runs alone; a small one is in 'simulate'\n" >&2
  exit 2
fi
if [[ ${#crash_options[@]} -gt 0 && ${wanted[*]} != crash ]]; then
  printf "tests/run.sh: %s is an option of the part 'crash' alone\n" "$crash_option" >&2
  exit 2
fi
wants() { [[ " ${wanted[*]} " == *" $1 "* ]]; }

if [[ ${CI:-} == true ]]; then export TITIP_SIZE=${TITIP_SIZE:-ci}; fi
# Nothing outside build/ is written, unless the machine has a compiler cache already.
if [[ -z ${CCACHE_DIR:-} && ! -d $HOME/.cache/ccache && ! -d $HOME/.ccache ]]; then
  export CCACHE_DIR=$root/build/ccache
fi
export TMPDIR=$root/build/tmp
mkdir -p "$TMPDIR"
jobs=$(nproc)

if [[ $install == yes ]]; then
  options=()
  if wants monitoring; then options+=(--with-monitoring); fi
  if wants lint; then options+=(--with-lint); fi
  if wants bench; then options+=(--with-bench); fi
  bash deploy/install-packages.sh "${options[@]}"
  if wants integration; then bash tests/upstream/scheme/node/install.sh; fi
fi

view=$root/build/parts
rm -rf "$view"
mkdir -p "$view"

# build ROW PRESET [TARGET…]: configures, builds, notes the time for the table. Ends everything when it fails.
build() {
  local row=$1 preset=$2 started=$SECONDS
  shift 2
  printf '\n== %s: configure and build (%s)\n' "$row" "$preset"
  cmake --preset "$preset" >"$view/configure-$preset.log" 2>&1 || {
    cat "$view/configure-$preset.log"
    printf 'tests/run.sh: configuring the preset %s failed\n' "$preset" >&2
    exit 1
  }
  if [[ $# -gt 0 ]]; then cmake --build --preset "$preset" --parallel "$jobs" --target "$@"; fi
  printf '%s\t%s\n' "$row" "$((SECONDS - started))" >>"$view/builds.tsv"
  if ! grep -qsF "../$preset\"" "$view/CTestTestfile.cmake"; then
    printf 'subdirs("../%s")\n' "$preset" >>"$view/CTestTestfile.cmake"
  fi
}

# Alone, the run is not ctest's: it may take hours, it says how far it is, and its figures come last.
if [[ ${wanted[*]} == capacity ]]; then
  build capacity release titip_capacity
  printf '\n== capacity\n'
  exec build/release/titip_capacity --submissions "${submissions:-200000}"
fi

if [[ ${wanted[*]} == simulate ]]; then
  build simulate release titip_simulate
  printf '\n== simulate\n'
  if [[ -z $seeds && ${TITIP_SIZE:-} == ci ]]; then seeds=500; fi
  exec build/release/titip_simulate --progress --seeds "${seeds:-2000}"
fi

if [[ ${wanted[*]} == dropin ]]; then
  build dropin release titip pcare_sim
  printf '\n== dropin\n'
  # Debian's own interpreter, for Debian's python3-cryptography.
  exec /usr/bin/python3 -B tests/dropin/run.py --build build/release --patients "${patients:-500}"
fi

if [[ ${wanted[*]} == monitoring ]]; then
  build monitoring release titip pcare_sim
  printf '\n== monitoring\n'
  export TITIP_BUILD_DIR=$root/build/release TITIP_SOURCE_DIR=$root
  # Debian's own interpreter, for Debian's python3-yaml.
  /usr/bin/python3 -B tests/monitoring/pieces_test.py
  /usr/bin/python3 -B tests/monitoring/lint.py
  /usr/bin/python3 -B tests/monitoring/runbook_test.py
  exec /usr/bin/python3 -B tests/monitoring/run.py
fi

if [[ ${wanted[*]} == compare ]]; then
  build compare release titip_compare
  printf '\n== compare\n'
  if [[ -z $days && ${TITIP_SIZE:-} == ci ]]; then exec build/release/titip_compare --small; fi
  exec build/release/titip_compare --days "${days:-7}"
fi

if [[ ${wanted[*]} == hostile ]]; then
  build hostile release titip pcare_sim titip_hostile
  printf '\n== hostile\n'
  exec bash tests/hostile/hostile.sh build/release/titip_hostile
fi

if [[ ${wanted[*]} == leaks ]]; then
  build leaks release titip pcare_sim titip_leaky
  printf '\n== leaks\n'
  export TITIP_BUILD_DIR=$root/build/release TITIP_SOURCE_DIR=$root
  /usr/bin/python3 -B tests/leaks/leaks.py --expect-leak --titip build/release/titip_leaky
  exec /usr/bin/python3 -B tests/leaks/leaks.py
fi

if [[ ${wanted[*]} == soak ]]; then
  build soak release titip pcare_sim titip_leaking
  printf '\n== soak\n'
  export TITIP_BUILD_DIR=$root/build/release TITIP_SOURCE_DIR=$root
  python3 -B tests/soak/soak.py --minutes 2 --expect-leak --titip build/release/titip_leaking
  exec python3 -B tests/soak/soak.py --minutes "${minutes:-20}"
fi

if [[ ${wanted[*]} == fuzz ]]; then
  build fuzz fuzz fuzz_tests
  printf '\n== fuzz\n'
  options=()
  if [[ -n $seconds ]]; then options=(--seconds "$seconds"); fi
  exec python3 -B tests/fuzz/run.py --build build/fuzz --source . "${options[@]}"
fi

if [[ ${wanted[*]} == bench ]]; then
  build bench release titip_load titip pcare_sim
  printf '\n== bench\n'
  exec python3 -B tests/bench/run.py --build build/release --rounds "${rounds:-5}"
fi

# Likewise: minutes in full, hours with --long.
if [[ ${wanted[*]} == crash ]]; then
  build crash release crash_tests
  printf '\n== crash\n'
  if [[ ${TITIP_SIZE:-} == ci ]]; then crash_options=(--size ci "${crash_options[@]}"); fi
  exec python3 -B tests/crash/run.py --build build/release "${crash_options[@]}"
fi

if wants unit; then
  build asan-unit asan unit_tests
  build tsan-threaded tsan threaded_tests
fi
if wants house; then build house release; fi
if wants controls; then build controls release controls_tests; fi
if wants integration; then build integration release integration_tests; fi
if wants dropin; then build dropin release dropin_tests; fi
if wants simulate; then build simulate release simulate_tests; fi
if wants capacity; then build capacity release capacity_tests; fi
if wants monitoring; then build monitoring release monitoring_tests; fi
if wants crash; then build crash release crash_tests; fi
if wants package; then build package release package_tests; fi
if wants hostile; then build hostile release hostile_tests; fi
if wants leaks; then build leaks release leaks_tests; fi
if wants fuzz; then build fuzz fuzz fuzz_tests; fi

lint_status=0
if wants lint; then
  build lint release
  printf '\n== lint: clang-tidy\n'
  started=$SECONDS
  run-clang-tidy-19 -quiet -p build/release -j "$jobs" "^$root/(metrics|storage|upstream|gateway|tests)/" \
    >"$view/lint.log" 2>&1 || lint_status=$?
  { grep -E '(warning|error): ' "$view/lint.log" || true; } | sort -u
  printf 'lint: %s in %d s; all of it: build/parts/lint.log\n' \
    "$([[ $lint_status -eq 0 ]] && echo clean || echo FOUND SOMETHING)" "$((SECONDS - started))"
  if [[ ${#wanted[@]} -eq 1 ]]; then exit "$lint_status"; fi
fi

# One ctest run over all builds, so that its summary counts every test. Each part must have some.
rows=()
if wants unit; then rows+=(asan-unit tsan-threaded); fi
for part in house controls integration dropin simulate capacity monitoring crash package hostile leaks fuzz; do
  if wants "$part"; then rows+=("$part"); fi
done
labels="^($(IFS='|' && printf '%s' "${rows[*]}"))\$"
ctest --test-dir "$view" -L "$labels" --show-only=json-v1 >"$view/tests.json"
python3 -B tests/part_table.py plan "$view" "${rows[@]}"

printf '\n== tests: %s\n' "${rows[*]}"
statuses=(0)
# ctest's own summary is held back until the table of times is out.
ctest --test-dir "$view" -L "$labels" --parallel "$jobs" --output-on-failure --no-tests=error --test-output-size-passed 65536 \
  --output-junit "$view/junit.xml" 2>&1 |
  awk -v summary="$view/summary.txt" '/^[0-9]+% tests passed/ { held = 1 }
    held { print > summary; next } { print; fflush() }' || statuses=("${PIPESTATUS[@]}")
python3 -B tests/part_table.py table "$view" "${rows[@]}"
printf 'all in all: %d s\n\n' "$SECONDS"
if [[ $lint_status -ne 0 ]]; then printf 'lint found something: build/parts/lint.log\n\n'; fi
if [[ ! -s $view/summary.txt ]]; then
  printf 'tests/run.sh: ctest ended without a summary\n' >&2
  exit 1
fi
cat "$view/summary.txt"
for status in "${statuses[@]}" "$lint_status"; do
  if [[ $status -ne 0 ]]; then exit 1; fi
done
