#!/usr/bin/env bash
# Tests and measures the CUDA decoder on this machine's GPU: the tests that its CPU twin passes, the same tests under each
# tool of compute-sanitizer, and the decoder's rates without copies or an encoder. Needs neither ITK nor torch.
#   bash scripts/gpu.sh [OPTIONS OF GOOGLE BENCHMARK]     e.g. --benchmark_repetitions=5 --benchmark_out=rates.json
# If there is nvcc, build/gpu is built first; a build/gpu copied to a machine without nvcc is run as it is. Without a GPU,
# the programs are built but not run, and the script says so. Fails if a test or a tool finds something.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib/common.sh

folder=build/gpu
nvcc=${CUDACXX:-nvcc}
if command -v "$nvcc" >/dev/null; then
  step_count=1
  cmake=$PWD/.venv/bin/cmake
  [ -x "$cmake" ] || cmake=cmake
  have_all "$cmake" || install_packages cmake
  [ -e /usr/include/gtest/gtest.h ] || install_packages libgtest-dev
  [ -e /usr/include/benchmark/benchmark.h ] || install_packages libbenchmark-dev
  use_compiler_cache
  step "Building $folder (about 2 min the first time)"
  with_progress build/logs/gpu.log bash -c "'$cmake' -S test/cuda/device -B $folder && '$cmake' --build $folder --parallel $(nproc)"
elif [ ! -x $folder/ArSSRCudaDecoderTest ]; then
  echo "gpu: SKIPPED, there is no $nvcc on this machine and nothing in $folder"
  exit 0
fi

if ! problem=$($folder/ArSSRCudaDecoderBenchmark --benchmark_list_tests 2>&1 >/dev/null); then
  echo "gpu: the programs are in $folder and were NOT RUN: $problem"
  exit 0
fi
$folder/ArSSRCudaDecoderTest
if have_all compute-sanitizer; then
  for tool in memcheck racecheck initcheck synccheck; do
    echo "gpu: compute-sanitizer --tool $tool"
    compute-sanitizer --tool "$tool" --error-exitcode 1 $folder/ArSSRCudaDecoderTest --gtest_brief=1
  done
else
  echo "gpu: compute-sanitizer is not on this machine and was not run"
fi
$folder/ArSSRCudaDecoderBenchmark "$@"
