#!/usr/bin/env bash
# Shows the main job on this machine: builds, then runs `aiven-metrics-lab demo` with the arguments given here.
# Needs the .NET 10 SDK. Installs Prometheus with apt when it is missing, with sudo where that is needed.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v dotnet >/dev/null || ! dotnet --list-sdks | grep -q '^10\.'; then
  echo "The demo needs the .NET 10 SDK, which is not here. Install it (https://dotnet.microsoft.com/download/dotnet/10.0) and run this again." >&2
  exit 2
fi

if ! command -v prometheus >/dev/null; then
  if ! command -v apt-get >/dev/null; then
    echo "The demo needs Prometheus, and there is no apt-get to install it with. Install it so that 'prometheus' is on the PATH and run this again." >&2
    exit 2
  fi
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "Prometheus is missing, and installing it needs root or sudo. Run 'apt-get install prometheus' as root, then this again." >&2; exit 2; }
    as_root=(sudo)
  fi
  echo "Prometheus is missing: installing Debian's package 'prometheus' with apt-get${as_root:+ (sudo may ask for your password)}."
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus >/dev/null
fi

echo "Building."
if ! log=$(dotnet build src/AivenMetrics.Lab -c Release --nologo 2>&1); then
  echo "$log" >&2
  echo "The build failed; what it said is above." >&2
  exit 1
fi
exec dotnet src/AivenMetrics.Lab/bin/Release/net10.0/aiven-metrics-lab.dll demo "$@"
