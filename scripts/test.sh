#!/usr/bin/env bash
# Builds everything (scripts/setup.sh), then runs the C++ tests and the Python tests. Fails if any of them fails.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
. scripts/lib/common.sh
scripts/setup.sh || exit
venv=$PWD/.venv
logs=build/logs
failures=0
# OpenMP's threads spin while they wait, which costs most where several tests share the cores.
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}

# `ctest` would start a process for each of hundreds of tests, and takes several times as long.
printf '\nC++ tests\n'
run_gtests "$PWD/build/bin/ArbitraryScaleSuperResolutionGTestDriver" "$PWD/$logs/gtest" || failures=1

printf '\nC++ examples, and a project that uses the installed module\n'
"$venv/bin/ctest" --test-dir build --output-on-failure --no-tests=error -j "$(nproc)" -E '^[A-Za-z0-9_/]+[.]' 2>&1 |
  tee "$logs/ctest.log" || failures=1

printf '\nPython tests\n'
"$venv/bin/python" -m pytest -n "$(nproc)" --maxprocesses 4 --dist worksteal --durations 15 test/python 2>&1 |
  tee "$logs/pytest.log" || failures=1

printf '\nC++:      %s\n' "$(gtest_summary "$logs/gtest")"
printf '          %s\n' "$(gtest_slowest "$logs/gtest")"
printf 'Examples: %s\n' "$(grep -E 'tests passed|No tests' "$logs/ctest.log" | tail -n 1)"
printf 'Python:   %s\n' "$(tail -n 1 "$logs/pytest.log")"
exit "$failures"
