#!/usr/bin/env bash
# Runs the C++ tests under clang's sanitizers, in a build of its own (build/sanitize-KIND).
#   bash scripts/sanitize.sh            AddressSanitizer and UndefinedBehaviorSanitizer, and which lines the tests reach
#   bash scripts/sanitize.sh thread     ThreadSanitizer, for the tests that use several threads
#   bash scripts/sanitize.sh KIND -- OPTIONS OF GOOGLETEST, such as --gtest_filter=ArSSREngine*
# ITK and LibTorch are used as they are, without sanitizers. Fails on a finding, or if all tests together reach less than
# 90 % of the lines of include/ and src/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib/common.sh

least_coverage=90

kind=address
case ${1:-} in
  address | thread) kind=$1 && shift ;;
  '' | --*) ;;
  *) fail "'$1' is not a kind of sanitizer; expected 'address' or 'thread'" ;;
esac
[ "${1:-}" != -- ] || shift

# Tests that start threads of ITK or of their own. LibTorch's OpenMP is not built for ThreadSanitizer: what it runs in
# its own threads would be reported, so torch gets one.
thread_tests='FilterReuse.TwoFilters*:FilterReuse.AnAbort*:*CpuParallel*:*CpuExecutor*:*Prefetcher*:ArSSREngine.*'
thread_tests+=':*RetryingExecutor*:*WithAnyNumberOfWorkUnits*:*EveryDivision*:*VolumeStore*:*ArSSRCudaDecoder.*'
thread_tests+=':ArSSRPrecision.*:*BatchSampling*NumberOfThreads:*CudaTwinOrder*'
folder=$PWD/build/sanitize-$kind
log=$PWD/build/logs/sanitize-$kind.log
mkdir -p "$folder" build/logs
step_count=3

case $kind in
  address)
    flags='-fsanitize=address,undefined -fno-sanitize-recover=undefined -fprofile-instr-generate -fcoverage-mapping'
    test_options=()
    ;;
  thread)
    flags='-fsanitize=thread'
    test_options=("--gtest_filter=$thread_tests")
    ;;
esac

install_clang
have_all llvm-cov llvm-profdata || install_packages llvm
[ -e build/CMakeCache.txt ] || bash scripts/setup.sh
ITK_DIR=${ITK_DIR:-$(sed -n 's/^ITK_DIR:[A-Z]*=//p' build/CMakeCache.txt)}

use_compiler_cache

step "Configuring"
with_progress "$log" .venv/bin/cmake -S . -B "$folder" -G Ninja -DCMAKE_MAKE_PROGRAM="$PWD/.venv/bin/ninja" \
  -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=None \
  -DCMAKE_CXX_FLAGS="-O1 -gline-tables-only -fno-omit-frame-pointer $flags" -DITK_DIR="$ITK_DIR" \
  -DPython3_EXECUTABLE="$PWD/.venv/bin/python" -DITK_WRAP_PYTHON=OFF -DBUILD_TESTING=ON -DARSSR_USE_CUDA=OFF \
  -DARSSR_PRECOMPILE_HEADERS=ON

step "Compiling the module and its tests (about 10 min on two cores the first time)"
with_progress "$log" .venv/bin/cmake --build "$folder" --target ArbitraryScaleSuperResolutionGTestDriver

step "Running the tests"
export LLVM_PROFILE_FILE=$folder/coverage-%p.profraw
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:${ASAN_OPTIONS:-} # LibTorch keeps what it allocates at its start
export UBSAN_OPTIONS=print_stacktrace=1:${UBSAN_OPTIONS:-}
export TSAN_OPTIONS=ignore_noninstrumented_modules=1:${TSAN_OPTIONS:-}
if [ "$kind" = thread ]; then
  # Of ITK's threads, those that are started and joined for each loop: it cannot see how TBB's and a pool's wait.
  export OMP_NUM_THREADS=1 ITK_GLOBAL_DEFAULT_THREADER=Platform
fi
driver=$folder/bin/ArbitraryScaleSuperResolutionGTestDriver
rm -f "$folder"/coverage-*.profraw
with_progress "$log" run_gtests "$driver" "${log%.log}" ${test_options[@]+"${test_options[@]}"} "$@"
note "$(gtest_summary "${log%.log}")"
note "$(gtest_slowest "${log%.log}")"

if [ "$kind" = address ] && [ $# -eq 0 ]; then
  llvm-profdata merge -sparse "$folder"/coverage-*.profraw -o "$folder/coverage.profdata"
  llvm-cov export -summary-only "$driver" \
    -instr-profile="$folder/coverage.profdata" >"$folder/coverage.json"
  .venv/bin/python scripts/coverage.py "$folder/coverage.json" --least "$least_coverage"
fi
