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

# The C++ tests in as many processes as there are cores; `ctest` would start one for each of hundreds of tests.
run_cxx_tests() {
  local shards process=() shard status=0
  shards=$(nproc)
  for ((shard = 0; shard < shards; ++shard)); do
    (cd build && GTEST_TOTAL_SHARDS=$shards GTEST_SHARD_INDEX=$shard \
      exec bin/ArbitraryScaleSuperResolutionGTestDriver --gtest_brief=1) >"$logs/gtest-$shard.log" 2>&1 &
    process[shard]=$!
  done
  for ((shard = 0; shard < shards; ++shard)); do
    wait "${process[shard]}" || status=1
    cat "$logs/gtest-$shard.log"
  done
  return $status
}

printf '\nC++ tests\n'
run_cxx_tests || failures=1

printf '\nC++ examples, and a project that uses the installed module\n'
"$venv/bin/ctest" --test-dir build --output-on-failure --no-tests=error -j "$(nproc)" -E '^[A-Za-z0-9_/]+[.]' 2>&1 |
  tee "$logs/ctest.log" || failures=1

printf '\nPython tests\n'
"$venv/bin/python" -m pytest test/python 2>&1 | tee "$logs/pytest.log" || failures=1

printf '\nC++:      %s\n' "$(cat "$logs"/gtest-*.log | grep -E '^\[  (PASSED|SKIPPED|FAILED) .* tests?[.,]' | tr '\n' ' ')"
printf 'Examples: %s\n' "$(grep -E 'tests passed|No tests' "$logs/ctest.log" | tail -n 1)"
printf 'Python:   %s\n' "$(tail -n 1 "$logs/pytest.log")"
exit "$failures"
