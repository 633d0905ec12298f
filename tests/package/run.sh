#!/usr/bin/env bash
# Builds the Debian package, lets lintian judge it, installs it into a clean root and uses it there: it starts with its
# own config, takes nothing from anybody, keeps custody over an upgrade, a removal and a purge. Needs root (chroot)
# and a mirror of Debian; without them it says so and stops after lintian.
#   tests/package/run.sh BUILD_DIRECTORY
set -euo pipefail
build=$(cd -- "$1" && pwd)
root=$build/package-root
say() { printf 'package: %s\n' "$*"; }
die() { printf 'package: %s\n' "$*" >&2; exit 1; }
as_root=()
if [[ $EUID -ne 0 ]]; then as_root=(sudo -n); fi

pack() { # VERSION: the same program under another version, so that there is something to upgrade to
  cpack --config "$build/CPackConfig.cmake" -B "$build/package" -D CPACK_PACKAGE_VERSION="$1" >"$build/package.log" 2>&1 ||
    { cat "$build/package.log" >&2; die "cpack failed"; }
}
inside() { "${as_root[@]}" chroot "$root" "$@"; }
as_titip() { inside setpriv --reuid titip --regid titip --clear-groups "$@"; }
ask() { inside curl --silent --show-error --max-time 10 "$@"; }

gateway=
serve() {
  as_titip titip serve --config /etc/titip/titip.json >"$build/package-serve.log" 2>&1 &
  gateway=$!
  for _ in $(seq 200); do
    if ask --fail http://127.0.0.1:8480/readyz >/dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  cat "$build/package-serve.log" >&2
  die "the gateway of the package does not get ready"
}
stop() {
  inside pkill -TERM -u titip -x titip || die "no gateway runs"
  wait "$gateway" || die "the gateway ended with status $?"
}
clean() {
  if [[ -d $root ]]; then
    inside pkill -KILL -u titip -x titip 2>/dev/null || true
    "${as_root[@]}" umount "$root/proc" 2>/dev/null || true
    "${as_root[@]}" rm -rf --one-file-system "$root"
  fi
}
trap clean EXIT

version=$(sed -n 's/^CMAKE_PROJECT_VERSION:STATIC=//p' "$build/CMakeCache.txt")
pack "$version"
pack "$version+next"
first=$build/package/titip_${version}_amd64.deb
second=$build/package/titip_${version}+next_amd64.deb
say "$(basename "$first"), $(stat --format=%s "$first") bytes"

contents=$(dpkg-deb --contents "$first")
for paper in man/man1/titip.1.gz man/id/man1/titip.1.gz bash-completion/completions/titip zsh/vendor-completions/_titip; do
  [[ $contents == *" ./usr/share/$paper"* ]] || die "it lacks /usr/share/$paper"
done
lintian --allow-root --fail-on error "$first" || die "lintian found errors"
errors_of_a_bad_one=$(
  bad=$build/package-bad
  rm -rf "$bad"
  dpkg-deb -R "$first" "$bad"
  rm "$bad/usr/share/doc/titip/copyright"
  dpkg-deb -b "$bad" "$bad.deb" >/dev/null
  lintian --allow-root --fail-on error "$bad.deb" || true
)
[[ $errors_of_a_bad_one == *"E: titip: no-copyright-file"* ]] || die "control: lintian does not miss the copyright"

say "a clean root"
clean
depends=$(dpkg-deb --field "$first" Depends | tr -d ' ' | sed 's/([^)]*)//g')
sources=()
for list in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
  if [[ -s $list ]]; then sources+=("$list"); fi
done
if ! "${as_root[@]}" mmdebstrap --quiet --variant=minbase --include="$depends,curl,procps" bookworm "$root" "${sources[@]}" ||
  ! "${as_root[@]}" mount --bind /proc "$root/proc"; then
  say "skipped: no clean root can be made here (see above; it takes root, a mirror of Debian, and mounts)"
  exit 77
fi
"${as_root[@]}" cp "$first" "$second" "$root/root/"
inside dpkg --install "/root/$(basename "$first")" >/dev/null

serve
code=$(ask --output /dev/null --write-out '%{http_code}' -H 'x-kdppk: 0905R002' -d '{}' http://127.0.0.1:8480/pcare-vaksin/vaksin/simpan)
[[ $code == 401 ]] || die "a facility that nobody registered is answered $code, not 401"
as_titip titip facility add 0905R002 --name 'Puskesmas Contoh' --reason 'first one' >/dev/null
body='{"nik":"9901011501900001","noTiket":"A-01J783G1","dosis":1,"tglVaksin":"2026-08-15","jenisVaksin":"1"}'
code=$(ask --output /dev/null --write-out '%{http_code}' -H 'x-kdppk: 0905R002' -d "$body" http://127.0.0.1:8480/pcare-vaksin/vaksin/simpan)
[[ $code == 201 ]] || die "a registered facility is answered $code, not 201"
waiting() { as_titip titip status --json | jq '[.destinations[] | .accepted] | add'; }
[[ $(waiting) == 1 ]] || die "one record was accepted, and status says $(waiting)"

say "an upgrade keeps the queue and the config"
inside sh -c 'echo "// mine" >> /etc/titip/titip.json'
stop
inside dpkg --install "/root/$(basename "$second")" >/dev/null
inside grep -q '// mine' /etc/titip/titip.json || die "the upgrade lost the config"
serve
[[ $(waiting) == 1 ]] || die "after the upgrade status says $(waiting)"
[[ $(as_titip titip verify) == *"The store is sound"* ]] || die "the store is not sound after the upgrade"
stop

inside dpkg --purge titip >"$build/package-purge.log" 2>&1
grep -q 'is left as it is' "$build/package-purge.log" || die "a purge does not say that custody is left"
inside test -d /var/lib/titip/store || die "a purge deleted what was in custody"
inside test ! -e /etc/titip/titip.json || die "a purge left the config"
say "lintian_errors=0 installed=2 kept_over_upgrade=1 kept_over_purge=1"
