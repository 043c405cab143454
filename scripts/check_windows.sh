#!/usr/bin/env bash
# Compiles for Windows, with MinGW, the code that is written for it and needs neither ITK nor LibTorch: sources that ask for
# _WIN32, the byte readers they use, and the CPU kernels. Nothing is linked or run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib/common.sh

compiler=x86_64-w64-mingw32-g++-posix
have_all "$compiler" || install_packages g++-mingw-w64-x86-64-posix
flags=(-std=c++17 -O1 -Wall -Wextra -Werror -I include -I src)

check() {
  echo "$1"
  "$compiler" "${flags[@]}" "${@:2}" -c "$1" -o /dev/null
}

for source in $(grep -l _WIN32 -r --include='*.cxx' src) src/model/ArSSR{Bytes,FileErrors}.cxx src/cpu/ArSSRCpuKernelsPortable.cxx; do
  check "$source"
done
check src/cpu/ArSSRCpuKernelsAVX2.cxx -mavx2 -mfma
check src/cpu/ArSSRCpuKernelsAVX512.cxx -mavx512f -mavx512vl -mavx512bw -mavx512dq -mfma
echo "MinGW: no findings"
