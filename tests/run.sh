#!/usr/bin/env bash
# Runs every test with the real programs and closes with the ten slowest tests and "N passed, N failed".
# - Installs PostgreSQL and Prometheus with apt-get if they are missing. The tests start them on loopback, with data in temporary folders.
# - Unpacks a Prometheus 3 and a VictoriaMetrics into the user's cache (tests/install-engines.sh).
# - Builds once, then runs both test programs side by side: the tests of AivenMetrics.Acceptance wait most of their time.
# Needs the .NET 10 SDK. Arguments go to both test programs, such as: tests/run.sh -namespace 'AivenMetrics.Tests.PromQL*'
# The gate runs a small, seeded share of the random tests. LONG_TESTS=600 runs them for long: each test of random requests to the broker
# for 600 seconds, those of the query language with twelve million inputs (fuzzing; the gateway's listener 200,000 for each engine) or ten
# to thirty thousand queries (real servers). CsCheck_Seed=... repeats a failure.
set -uo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
# Hosts do not watch configuration files: every watcher takes one of the 128 inotify instances that a user has by default.
export DOTNET_hostBuilder__reloadConfigOnChange=false
# Short-lived programs gain nothing from code that measures itself.
export DOTNET_TieredPGO=0
# One compiler process for all projects loads the compiler and the analyzers once, even where the environment turns that off.
export UseSharedCompilation=true

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

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

tests/install-engines.sh >"$results/engines" 2>&1 &
engines=$!
dotnet build AivenMetrics.sln -c Release -v quiet -clp:ErrorsOnly || { echo "0 passed, 1 failed"; exit 1; }
# The compiler process would keep its memory, and these settings, for the next builds of this user.
dotnet build-server shutdown --vbcscompiler >/dev/null
wait "$engines" || { cat "$results/engines"; echo "There is no Prometheus 3 or no VictoriaMetrics to test against."; echo "0 passed, 1 failed"; exit 1; }
cat "$results/engines"

# run <project> [arguments]: its output and results go to files.
run() {
  local project=$1
  shift
  "tests/$project/bin/Release/net10.0/$project" -noColor -result-xml "$results/$project.xml" "$@" >"$results/$project.log" 2>&1
  echo $? >"$results/$project.status"
}

# AivenMetrics.Acceptance starts about 170 programs that live for seconds: without a second, optimizing compilation of their code they use
# half the CPU time.
DOTNET_TC_CallCounting=0 run AivenMetrics.Acceptance "$@" &
acceptance=$!
run AivenMetrics.Tests "$@"
wait "$acceptance"

passed=0 failed=0
for project in AivenMetrics.Tests AivenMetrics.Acceptance; do
  echo "== $project"
  cat "$results/$project.log"
  status=$(cat "$results/$project.status")
  summary=$(grep -E 'Total: +[0-9]+' "$results/$project.log" | tail -n 1)
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

echo "== The ten slowest tests, in seconds"
# One test a line: <test name="…" … time="…" …>.
cat "$results"/*.xml 2>/dev/null | grep -oE '<test [^>]*>' |
  sed -nE 's/.* name="([^"]*)".* time="([0-9.]+)".*/\2 \1/p' | sed 's/\\&quot;/"/g; s/&quot;/"/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g' |
  sort -rn | head -n 10 | cut -c 1-160
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
