#!/usr/bin/env bash
# Fuzzes the readers of model files (torch's zip and legacy formats, pickle, safetensors) with libFuzzer, ASan and UBSan.
#   bash scripts/fuzz.sh [SECONDS]     default: 60; builds ITK and the module first if they are missing
# Findings are kept in build/fuzz/findings, inputs that reach new code in build/fuzz/corpus.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib/common.sh

seconds=${1:-60}
case $seconds in
  '' | *[!0-9]*) fail "'$seconds' is not a number of seconds; give one such as 60" ;;
esac
folder=$PWD/build/fuzz
mkdir -p "$folder/corpus" "$folder/findings" build/logs
install_clang
[ -e build/include/ArbitraryScaleSuperResolutionExport.h ] || bash scripts/setup.sh
ITK_DIR=${ITK_DIR:-$(sed -n 's/^ITK_DIR:[A-Z]*=//p' build/CMakeCache.txt)}

use_compiler_cache

step_count=2
step "Building the fuzzer"
with_progress build/logs/fuzz.log bash -c "
  .venv/bin/cmake -S test/fuzz -B '$folder' -G Ninja -DCMAKE_MAKE_PROGRAM='$PWD/.venv/bin/ninja' \
    -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++ -DITK_DIR='$ITK_DIR' \
    -DPython3_EXECUTABLE='$PWD/.venv/bin/python' -DArSSR_EXPORT_DIR='$PWD/build/include' &&
  .venv/bin/cmake --build '$folder'"

step "Fuzzing for $seconds s"
memory=$folder
[ -d /dev/shm ] && [ -w /dev/shm ] && memory=$(mktemp -d /dev/shm/arssr-fuzz.XXXXXX) && trap 'rm -rf "$memory"' EXIT
# Files are of 8 KiB at most, and nothing may be allocated on their word: 2 MiB at once is a finding.
status=0
ARSSR_FUZZ_DIRECTORY=$memory OMP_NUM_THREADS=1 ASAN_OPTIONS=detect_leaks=0 "$folder/ArSSRTensorFileFuzzer" \
  "$folder/corpus" test/fuzz/seeds -dict=test/fuzz/tensor_file.dict -artifact_prefix="$folder/findings/" \
  -max_total_time="$seconds" -max_len=8192 -timeout=10 -malloc_limit_mb=2 -rss_limit_mb=4096 -print_final_stats=1 \
  >"$folder/fuzz.log" 2>&1 || status=$?
grep -E 'stat::|DONE|ERROR|SUMMARY' "$folder/fuzz.log" || tail -n 20 "$folder/fuzz.log"
[ "$status" -eq 0 ] || fail "the fuzzer found something: $folder/findings, $folder/fuzz.log"
