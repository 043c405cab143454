#!/usr/bin/env bash
# Builds everything (scripts/setup.sh), then runs the C++ tests and the Python tests. Fails if any of them fails.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
scripts/setup.sh || exit
venv=$PWD/.venv
logs=build/logs
failures=0
# OpenMP's threads spin while they wait, which costs most where several tests share the cores.
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}

printf '\nC++ tests\n'
"$venv/bin/ctest" --test-dir build --output-on-failure --no-tests=error -j "$(nproc)" 2>&1 | tee "$logs/ctest.log" || failures=1

printf '\nPython tests\n'
"$venv/bin/python" -m pytest test/python 2>&1 | tee "$logs/pytest.log" || failures=1

printf '\nC++:    %s\n' "$(grep -E 'tests passed|No tests' "$logs/ctest.log" | tail -n 1)"
printf 'Python: %s\n' "$(tail -n 1 "$logs/pytest.log")"
exit "$failures"
