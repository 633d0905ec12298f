#!/usr/bin/env bash
# Runs Debian's Prometheus and Alertmanager on loopback against a gateway that runs, until it is interrupted.
set -euo pipefail
here=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)

usage() {
  cat <<'END'
usage: deploy/monitoring/up.sh [--gateway HOST:PORT] [--data DIR] [--prometheus-port N] [--alertmanager-port N] [--config DIR]
  --gateway            the gateway's operations listener (default 127.0.0.1:9480)
  --data DIR           where both keep their data (default: a fresh directory that goes when this ends)
  --prometheus-port    default 9490: 9090 is the port of Debian's own service, which runs beside this
  --alertmanager-port  default 9493
  --config DIR         another copy of prometheus.yml, titip.rules.yml, titip.alerts.yml and alertmanager.yml
Needs Debian's packages prometheus and prometheus-alertmanager: deploy/install-packages.sh --with-monitoring
END
}

say() { printf 'monitoring: %s\n' "$*" >&2; }

gateway=127.0.0.1:9480
data=
prometheus_port=9490
alertmanager_port=9493
config=$here
while [[ $# -gt 0 ]]; do
  case "$1" in
    -h | --help) usage; exit 0 ;;
    --gateway | --data | --prometheus-port | --alertmanager-port | --config)
      if [[ -z ${2:-} ]]; then say "$1 wants a value"; exit 2; fi
      case "$1" in
        --gateway) gateway=$2 ;;
        --data) data=$2 ;;
        --prometheus-port) prometheus_port=$2 ;;
        --alertmanager-port) alertmanager_port=$2 ;;
        --config) config=$2 ;;
      esac
      shift 2
      ;;
    *) say "unknown option '$1'"; usage >&2; exit 2 ;;
  esac
done
if [[ ! $gateway =~ ^[A-Za-z0-9._-]+:[0-9]+$ ]]; then say "--gateway wants HOST:PORT, not '$gateway'"; exit 2; fi
for port in "$prometheus_port" "$alertmanager_port"; do
  if [[ ! $port =~ ^[0-9]+$ ]]; then say "a port is a number, not '$port'"; exit 2; fi
done
for program in prometheus prometheus-alertmanager; do
  command -v "$program" >/dev/null || {
    say "$program is not installed; run deploy/install-packages.sh --with-monitoring"
    exit 1
  }
done

own=
if [[ -z $data ]]; then
  data=$(mktemp -d)
  own=$data
fi
mkdir -p "$data/config"
cp "$config"/{titip.rules.yml,titip.alerts.yml,alertmanager.yml} "$data/config/"
sed -e "s/127\.0\.0\.1:9480/$gateway/" -e "s/127\.0\.0\.1:9493/127.0.0.1:$alertmanager_port/" \
  "$config/prometheus.yml" >"$data/config/prometheus.yml"

pids=()
# shellcheck disable=SC2317  # called by the traps
end() {
  trap - EXIT INT TERM
  if [[ ${#pids[@]} -gt 0 ]]; then
    kill "${pids[@]}" 2>/dev/null || true
    wait "${pids[@]}" 2>/dev/null || true
  fi
  if [[ -n $own ]]; then rm -rf -- "$own"; fi
}
trap end EXIT
trap 'end; exit 0' INT TERM

prometheus-alertmanager --config.file="$data/config/alertmanager.yml" --storage.path="$data/alertmanager" \
  --web.listen-address="127.0.0.1:$alertmanager_port" --cluster.listen-address= >"$data/alertmanager.log" 2>&1 &
pids+=($!)
prometheus --config.file="$data/config/prometheus.yml" --storage.tsdb.path="$data/prometheus" \
  --web.listen-address="127.0.0.1:$prometheus_port" >"$data/prometheus.log" 2>&1 &
pids+=($!)

is_ready() { curl -fsS -o /dev/null --max-time 2 "http://127.0.0.1:$1/-/ready" 2>/dev/null; }
for _ in $(seq 150); do
  if is_ready "$prometheus_port" && is_ready "$alertmanager_port"; then break; fi
  for pid in "${pids[@]}"; do
    if ! kill -0 "$pid" 2>/dev/null; then
      say "one of them ended at once:"
      tail -n 5 "$data/prometheus.log" "$data/alertmanager.log" >&2
      exit 1
    fi
  done
  sleep 0.2
done
say "Prometheus    http://127.0.0.1:$prometheus_port/alerts   (the gateway: http://$gateway/metrics)"
say "Alertmanager  http://127.0.0.1:$alertmanager_port/"
say "data and logs in $data; Ctrl-C ends both"
wait -n "${pids[@]}" || true
say "one of them has ended; the last of both logs:"
tail -n 5 "$data/prometheus.log" "$data/alertmanager.log" >&2
exit 1
