#!/usr/bin/env bash
# Times the CPU kernels beside torch's at the same shapes with Google Benchmark; FLOP: floating-point operations a second.
#   bash benchmark/kernels.sh [OPTIONS]    e.g. --benchmark_filter=multiply --benchmark_repetitions=5
# Builds ITK and the module first where they are missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib/common.sh

folder=$PWD/build/kernels
mkdir -p build/logs
[ -e /usr/include/benchmark/benchmark.h ] || install_packages libbenchmark-dev
[ -e build/build.ninja ] || bash scripts/setup.sh
ITK_DIR=${ITK_DIR:-$(sed -n 's/^ITK_DIR:[A-Z]*=//p' build/CMakeCache.txt)}

step_count=3
step "Compiling what changed in the module"
with_progress build/logs/module.log .venv/bin/cmake --build build --target ArbitraryScaleSuperResolution
library=$(find build/ITK build/lib -name 'libitkArbitraryScaleSuperResolution-*' -print -quit 2>/dev/null || true)
[ -n "$library" ] || fail "the module's library is not under build/; run scripts/setup.sh"

step "Building the benchmark"
with_progress build/logs/kernels.log bash -c "
  .venv/bin/cmake -S benchmark/kernels -B '$folder' -G Ninja -DCMAKE_MAKE_PROGRAM='$PWD/.venv/bin/ninja' \
    -DITK_DIR='$ITK_DIR' -DPython3_EXECUTABLE='$PWD/.venv/bin/python' -DArSSR_LIBRARY='$PWD/$library' &&
  .venv/bin/cmake --build '$folder'"

step "Running it"
exec "$folder/ArSSRKernelBenchmark" "$@"
