#!/usr/bin/env bash
# Puts the engines for the tests that the system's own suite lacks into the user's cache, beside the system's Prometheus and not into the
# system: a Prometheus 3 with its promtool, and a VictoriaMetrics. Each is the Debian package below, unpacked; its programs need what every
# machine has. When Debian's pool has it no more, the newest one of Debian's testing suite, whose index is checked against Debian's
# signature. Prints which ones; fails when one is missing. Needs apt, dpkg, curl, and for the index gpgv.
set -euo pipefail

cache="${XDG_CACHE_HOME:-$HOME/.cache}/aivenmetrics-tests"
architecture=$(dpkg --print-architecture)
mirror=
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The mirror of Debian that this machine's apt uses.
need_mirror() {
  [ -z "$mirror" ] || return 0
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -E '/debian/?$' | head -n 1 || true)
  [ -n "$mirror" ] || { echo "apt knows no mirror of Debian to take $1 from: add one to its sources, or put the programs into $2." >&2; exit 1; }
  mirror="${mirror%/}"
}
get() { curl -fsSL --retry 3 -o "$work/$2" "$mirror/$1"; }
is() { echo "$2  $work/$1" | sha256sum --check --quiet -; }

# newest <package> <major version>: fetches the package of the testing suite, and says its file and checksum.
newest() {
  get dists/testing/InRelease InRelease
  gpgv --quiet --keyring /usr/share/keyrings/debian-archive-keyring.gpg --output "$work/Release" "$work/InRelease" 2>/dev/null
  local index="main/binary-$architecture/Packages.gz" path
  get "dists/testing/$index" Packages.gz
  is Packages.gz "$(awk -v path="$index" '/^SHA256:/ { on = 1 } on && $3 == path { print $1; exit }' "$work/Release")"
  read -r path sha256 < <(gzip -dc "$work/Packages.gz" | awk -v package="$1" -v major="$2." '
    $1 == "Package:" { ours = $2 == package }
    ours && $1 == "Version:" { right = index($2, major) == 1 }
    ours && $1 == "Filename:" { path = $2 }
    ours && $1 == "SHA256:" && right { print path, $2; exit }')
  file=$(basename "$path")
  get "$path" package.deb
}

# engine <folder> <package> <major version> <path in the pool> <sha256 on amd64> <program>
engine() {
  local folder="$cache/$1" package=$2 major=$3 program=$6
  file=$(basename "$4") sha256=$5
  if "$folder/$program" --version >/dev/null 2>&1; then return; fi

  need_mirror "$package" "$folder"
  if [ "$architecture" != amd64 ] || ! get "pool/main/$4" package.deb 2>/dev/null; then newest "$package" "$major"; fi
  is package.deb "$sha256"
  rm -rf "$work/unpacked"
  dpkg -x "$work/package.deb" "$work/unpacked"
  mkdir -p "$folder"
  "$work/unpacked/usr/bin/$program" --version >/dev/null 2>&1
  mv "$work/unpacked/usr/bin/$program" "$folder/"
  echo "Unpacked $file into the cache for the tests."
}

engine prometheus-3 prometheus 3 p/prometheus/prometheus_3.5.3+ds1-6_amd64.deb \
  593bcced02d8082688ea034dfc543848ad145c5f793aae5aad756c4dbdfa98da prometheus
engine prometheus-3 promtool 3 p/prometheus/promtool_3.5.3+ds1-6_amd64.deb \
  1fb8bad7b932e7a44bccb12517f0bd96d5d5d83f15d3a1c0e2aa705cbf93fe90 promtool
engine victoria-metrics victoria-metrics 1 v/victoriametrics/victoria-metrics_1.112.0+ds1-2_amd64.deb \
  1d3717f1a8ab5bf690271095dd286730f6fb0761cc8c09c0fc8f529c9838f346 victoria-metrics
