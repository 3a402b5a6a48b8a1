#!/usr/bin/env bash
# Puts a Prometheus 3 for the tests into the user's cache, beside the system's Prometheus and not into the system: the Debian package
# below, unpacked; its program needs libc only. When Debian's pool has it no more, the newest 3.x of Debian's testing suite, whose index is
# checked against Debian's signature. Prints which one; fails when there is none. Needs apt, dpkg, curl, and for the index gpgv.
set -euo pipefail

file=prometheus_3.5.3+ds1-6_amd64.deb
sha256=593bcced02d8082688ea034dfc543848ad145c5f793aae5aad756c4dbdfa98da
folder="${XDG_CACHE_HOME:-$HOME/.cache}/aivenmetrics-tests/prometheus-3"

if [ -x "$folder/prometheus" ] && "$folder/prometheus" --version >/dev/null 2>&1; then exit 0; fi

# The mirror of Debian that this machine's apt uses.
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -E '/debian/?$' | head -n 1 || true)
[ -n "$mirror" ] || { echo "apt knows no mirror of Debian to take Prometheus 3 from: add one to its sources, or put a prometheus 3.x into $folder." >&2; exit 1; }
mirror="${mirror%/}"
architecture=$(dpkg --print-architecture)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
get() { curl -fsSL --retry 3 -o "$work/$2" "$mirror/$1"; }
is() { echo "$2  $work/$1" | sha256sum --check --quiet -; }

newest() {
  get dists/testing/InRelease InRelease
  gpgv --quiet --keyring /usr/share/keyrings/debian-archive-keyring.gpg --output "$work/Release" "$work/InRelease" 2>/dev/null
  local index="main/binary-$architecture/Packages.gz"
  get "dists/testing/$index" Packages.gz
  is Packages.gz "$(awk -v path="$index" '/^SHA256:/ { on = 1 } on && $3 == path { print $1; exit }' "$work/Release")"
  read -r path sha256 < <(gzip -dc "$work/Packages.gz" | awk '
    $1 == "Package:" { ours = $2 == "prometheus" }
    ours && $1 == "Version:" { three = $2 ~ /^3\./ }
    ours && $1 == "Filename:" { path = $2 }
    ours && $1 == "SHA256:" && three { print path, $2; exit }')
  file=$(basename "$path")
  get "$path" package.deb
}

if [ "$architecture" != amd64 ] || ! get "pool/main/p/prometheus/$file" package.deb 2>/dev/null; then newest; fi
is package.deb "$sha256"
dpkg -x "$work/package.deb" "$work/unpacked"
"$work/unpacked/usr/bin/prometheus" --version >/dev/null 2>&1
mkdir -p "$folder"
mv "$work/unpacked/usr/bin/prometheus" "$folder/"
echo "Unpacked $file into the cache for the tests."
