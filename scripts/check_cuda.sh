#!/usr/bin/env bash
# Compiles the CUDA kernels for each architecture and shows what they need: registers, spilled bytes. Needs no GPU.
#   bash scripts/check_cuda.sh [ARCHITECTURE...]     80 90 100 where none are given
# Fails when a kernel does not compile or spills registers; says that it skips where nvcc is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib/common.sh

nvcc=${CUDACXX:-nvcc}
if ! command -v "$nvcc" >/dev/null; then
  echo "check_cuda: SKIPPED, there is no $nvcc on this machine: the CUDA kernels were not compiled"
  exit 0
fi
architectures=("$@")
[ ${#architectures[@]} -gt 0 ] || architectures=(80 90 100)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

step_count=${#architectures[@]}
spilled=0
for architecture in "${architectures[@]}"; do
  step "sm_$architecture"
  with_progress "$work/log" "$nvcc" -std=c++17 -O3 -arch="sm_$architecture" -Xptxas -v -Xcompiler -Wall,-Wextra \
    -c src/cuda/ArSSRCudaDecoder.cu -o "$work/decoder.o"
  ! grep -i 'warning' "$work/log" || fail "the compiler warns"
  # A line a kernel: format, width, registers, bytes spilled.
  awk '
    /Compiling entry function/ {
      match($0, /[A-Za-z]+[0-9]+FormatELi[0-9]+E/)
      name = substr($0, RSTART, RLENGTH - 1)
      sub(/FormatELi/, " width ", name)
    }
    /bytes spill stores/ { spill = $5 + $9 }
    /Used [0-9]+ registers/ { printf "      %-26s %3d registers, %d bytes spilled\n", name, $5, spill }
  ' "$work/log"
  spilled=$((spilled + $(awk '/bytes spill stores/ { sum += $5 + $9 } END { print sum + 0 }' "$work/log")))
done
[ "$spilled" -eq 0 ] || fail "kernels spill $spilled bytes of registers"
names=$(printf ', sm_%s' "${architectures[@]}")
echo "check_cuda: the CUDA kernels compile for ${names#, }; they were not run"
