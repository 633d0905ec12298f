#!/usr/bin/env bash
# Installs the Debian 12 packages that Titip is built and tested with. Asks apt only when something is missing; never
# prompts (only sudo may ask for a password, and only on a terminal). May be run again at any time.
set -euo pipefail

# The one list. `all` is for building and for the demo; the others are added by the options below.
packages_all=(
  # compiler and build (clang takes the standard library's headers from libstdc++-12-dev)
  clang-19 lld-19 libstdc++-12-dev ccache cmake ninja-build pkg-config
  # libraries of the product
  libboost1.81-dev librocksdb-dev nlohmann-json3-dev prometheus-cpp-dev
  libssl-dev libfmt-dev libspdlog-dev libcli11-dev zlib1g-dev libgoogle-perftools-dev libsystemd-dev
  # the simulated national server and the checkers are configured together with the tests
  libgtest-dev libgmock-dev
  # what the scripts call
  curl jq procps python3 ca-certificates
)
packages_tests=(
  # sanitizers, and the symbolizer for their reports
  libclang-rt-19-dev llvm-19
  # midnight inside a run
  faketime
  # crashes: failing system calls, file systems whose power is cut
  strace e2fsprogs mount
  # certificates, for the receivers of callbacks too; the listener's TLS looked at by others
  openssl testssl.sh
  # a terminal for titip top
  tmux
  # the other side of the golden vectors
  nodejs npm
  # deployed clients of the national services, written anew
  python3-cryptography
  # what confines the gateway on its host, and its Debian package in a clean root
  systemd libseccomp2 binutils dpkg-dev file lintian mmdebstrap
  # clients that take their time
  slowhttptest
  # instructions of the hot rules
  valgrind libbenchmark-dev
  # structure tests
  clang-format-19 shellcheck git
)
packages_monitoring=(
  # what deploy/monitoring is run with, and its checkers (promtool, amtool); YAML for tests/monitoring
  prometheus prometheus-alertmanager python3-yaml
)
packages_lint=(
  clang-tidy-19
)
packages_bench=(
  # what Titip is measured beside; run.py starts servers of its own, the system's need not run
  nginx redis-server postgresql nats-server wrk
)

usage() {
  cat <<'END'
usage: deploy/install-packages.sh [--without-tests] [--with-monitoring] [--with-lint] [--with-bench] [--list]
  --without-tests  only what building and deploy/demo.sh need
  --with-monitoring  also Prometheus and Alertmanager, for deploy/monitoring/up.sh and `tests/run.sh monitoring`, which start
                   their own
  --with-lint      also clang-tidy, for `tests/run.sh lint`
  --with-bench     also the servers that `tests/run.sh bench` measures Titip beside
  --list           print the packages that would be asked for, and stop
No service of a package is started by the installation, unless /usr/sbin/policy-rc.d is there already and says otherwise. Debian
starts what is enabled at the next boot (`systemctl disable prometheus …`).
END
}

say() { printf 'install-packages: %s\n' "$*" >&2; }

wanted=("${packages_all[@]}")
tests=yes
monitoring=no
lint=no
bench=no
list=no
for argument in "$@"; do
  case "$argument" in
    --without-tests) tests=no ;;
    --with-monitoring) monitoring=yes ;;
    --with-lint) lint=yes ;;
    --with-bench) bench=yes ;;
    --list) list=yes ;;
    -h | --help) usage; exit 0 ;;
    *) say "unknown option '$argument'"; usage >&2; exit 2 ;;
  esac
done
if [[ $tests == yes ]]; then wanted+=("${packages_tests[@]}"); fi
if [[ $monitoring == yes ]]; then wanted+=("${packages_monitoring[@]}"); fi
if [[ $lint == yes ]]; then wanted+=("${packages_lint[@]}"); fi
if [[ $bench == yes ]]; then wanted+=("${packages_bench[@]}"); fi
if [[ $list == yes ]]; then
  printf '%s\n' "${wanted[@]}"
  exit 0
fi

system="an unknown system"
if [[ -r /etc/os-release ]]; then
  # shellcheck source=/dev/null
  system=$(. /etc/os-release && printf '%s %s' "${ID:-unknown}" "${VERSION_ID:-}")
fi
if [[ $system != "debian 12" ]]; then
  say "this script knows Debian 12 alone, and this is $system. Install clang 19 and the libraries named by"
  say "'deploy/install-packages.sh --list' in your system's way, then run again with --no-install (demo.sh: --quick)."
  exit 1
fi

is_installed() {
  # The nodejs of other sources brings npm along, and Debian's own would not go beside it.
  if [[ $1 == npm ]] && command -v npm >/dev/null; then return 0; fi
  [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null || true) == installed ]]
}

missing=()
for package in "${wanted[@]}"; do
  is_installed "$package" || missing+=("$package")
done
if [[ ${#missing[@]} -eq 0 ]]; then
  exit 0
fi

say "missing: ${missing[*]}"
as_root=()
if [[ $EUID -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    say "installing needs root, and there is no sudo. Run this once as root:"
    say "  apt-get update && apt-get install --yes ${missing[*]}"
    exit 1
  elif sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
  elif [[ -t 0 ]]; then
    as_root=(sudo)
  else
    say "installing needs root; sudo wants a password, and there is no terminal to ask for it. Run this once as root:"
    say "  apt-get update && apt-get install --yes ${missing[*]}"
    exit 1
  fi
fi

# What Debian's invoke-rc.d asks before it starts a service (/usr/share/doc/init-system-helpers/README.policy-rc.d.gz). Ours says no
# to all and goes when this script ends; one that is there already is its owner's, and stays as it is.
policy=/usr/sbin/policy-rc.d
own_policy=
keep_services_from_starting() {
  if [[ -e $policy || -L $policy ]]; then
    say "$policy is there already: it says which services are started"
    return 0
  fi
  own_policy=$(mktemp)
  printf '#!/bin/sh\n# deploy/install-packages.sh (%s): no service is started\nexit 101\n' "$$" >"$own_policy"
  # Whole or not at all, and never over somebody else's.
  "${as_root[@]}" install -m 0755 "$own_policy" "$policy.titip-$$"
  "${as_root[@]}" ln "$policy.titip-$$" "$policy" || say "$policy came meanwhile: it says which services are started"
  "${as_root[@]}" rm -f "$policy.titip-$$"
}
# shellcheck disable=SC2317  # called by the traps
let_services_start() {
  if [[ -n $own_policy ]]; then
    if cmp -s "$own_policy" "$policy"; then "${as_root[@]}" rm -f "$policy"; fi
    rm -f "$own_policy"
    own_policy=
  fi
}
trap let_services_start EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a apt-get -qq \
    -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
}
# A list that could not be fetched is an error at first; the second time the lists that are there must do.
if ! apt -o APT::Update::Error-Mode=any update; then
  say "apt-get update failed; trying once more in 10 s"
  sleep 10
  apt update || say "apt-get update failed again; trying with the package lists that are here"
fi
keep_services_from_starting
if ! apt install --yes --no-install-recommends "${missing[@]}"; then
  say "apt-get could not install what is missing (see above): is Debian's package mirror reachable from here?"
  exit 1
fi

for package in "${missing[@]}"; do
  if ! is_installed "$package"; then
    say "$package is still not installed, although apt-get reported no error"
    exit 1
  fi
done
say "installed ${#missing[@]} packages"
