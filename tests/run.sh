#!/usr/bin/env bash
# Runs every test with the real programs: installs PostgreSQL and Prometheus with apt when they are missing (they are started
# by the tests themselves, on loopback, with data in temporary folders), builds, tests, and closes with "N passed, N failed".
# A Prometheus 3 and a VictoriaMetrics are unpacked into the user's cache (tests/install-engines.sh). Needs the .NET 10 SDK.
# Arguments go to the test programs, such as: tests/run.sh -namespace 'AivenMetrics.Tests.PromQL*'
# LONG_TESTS=600 lets each test of random requests to the broker run for 600 seconds, and those of the query language take
# twelve million inputs (fuzzing; the gateway's listener 200,000 for each engine), or ten to thirty thousand queries (real servers); CsCheck_Seed=... repeats a failure.
set -uo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

missing=()
command -v prometheus >/dev/null && command -v promtool >/dev/null || missing+=(prometheus)
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing+=(postgresql)
command -v curl >/dev/null || missing+=(curl ca-certificates)
if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
  echo "Installing with apt-get: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || exit 1
fi

tests/install-engines.sh || { echo "There is no Prometheus 3 or no VictoriaMetrics to test against."; echo "0 passed, 1 failed"; exit 1; }

dotnet build AivenMetrics.sln -c Release -v quiet -clp:ErrorsOnly || { echo "0 passed, 1 failed"; exit 1; }

passed=0 failed=0
output=$(mktemp)
trap 'rm -f "$output"' EXIT
for project in AivenMetrics.Tests AivenMetrics.Acceptance; do
  echo "== $project"
  "tests/$project/bin/Release/net10.0/$project" -noColor "$@" | tee "$output"
  status=${PIPESTATUS[0]}
  summary=$(grep -E 'Total: +[0-9]+' "$output" | tail -n 1)
  count() { sed -nE "s/.*$1: +([0-9]+).*/\1/p" <<<"$summary"; }
  total=$(count Total) errors=$(count Errors) failures=$(count Failed) skipped=$(count Skipped) notrun=$(count 'Not Run')
  if [ -z "$total" ]; then
    echo "$project ended with exit code $status and no summary."
    failed=$((failed + 1))
    continue
  fi
  bad=$((failures + errors))
  if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
  # A skipped test would be a silent gap: it counts as failed.
  failed=$((failed + bad + skipped))
  passed=$((passed + total - failures - skipped - notrun))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
