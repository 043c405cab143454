#!/usr/bin/env bash
# Compiles the CUDA kernels for each architecture and shows their registers and spilled bytes. Needs no GPU.
#   bash scripts/check_cuda.sh [ARCHITECTURE...]     default: 80 90 100
# Fails if a kernel does not compile or spills registers; without nvcc, says that it skips.
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

use_compiler_cache

# compile ARCHITECTURE: leaves what the compiler says in $work/ARCHITECTURE.log.
compile() {
  ${CMAKE_CUDA_COMPILER_LAUNCHER:-} "$nvcc" -std=c++17 -O3 -arch="sm_$1" -Xptxas -v -Xcompiler -Wall,-Wextra -I src \
    -c src/cuda/ArSSRCudaDecoder.cu -o "$work/$1.o" >"$work/$1.log" 2>&1 || {
    cat "$work/$1.log"
    return 255 # ends xargs
  }
}
export -f compile
export nvcc work

step_count=1
step "Compiling for $(printf 'sm_%s ' "${architectures[@]}")"
printf '%s\n' "${architectures[@]}" >"$work/architectures"
with_progress "$work/log" xargs -a "$work/architectures" -P "$(nproc)" -I {} bash -c 'compile {}'
spilled=0
for architecture in "${architectures[@]}"; do
  log=$work/$architecture.log
  ! grep -i 'warning' "$log" || fail "the compiler warns"
  note "sm_$architecture"
  # A line a kernel: format, width, registers, bytes spilled.
  awk '
    /Compiling entry function/ {
      match($0, /[A-Za-z]+[0-9]+FormatELi[0-9]+E/)
      name = substr($0, RSTART, RLENGTH - 1)
      sub(/FormatELi/, " width ", name)
    }
    /bytes spill stores/ { spill = $5 + $9 }
    /Used [0-9]+ registers/ { printf "      %-26s %3d registers, %d bytes spilled\n", name, $5, spill }
  ' "$log"
  spilled=$((spilled + $(awk '/bytes spill stores/ { sum += $5 + $9 } END { print sum + 0 }' "$log")))
done
[ "$spilled" -eq 0 ] || fail "kernels spill $spilled bytes of registers"
names=$(printf ', sm_%s' "${architectures[@]}")
echo "check_cuda: the CUDA kernels compile for ${names#, }; they were not run"
