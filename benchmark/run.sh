#!/usr/bin/env bash
# Times the filter against PyTorch, the published algorithm, ITK's B-splines and the machine's limits.
#   bash benchmark/run.sh --help
#   bash benchmark/run.sh --kernels [OPTIONS OF GOOGLE BENCHMARK]     the CPU kernels alone
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [ "${1:-}" = --kernels ]; then
  shift
  exec bash "$root/benchmark/kernels.sh" "$@"
fi
bash "$root/scripts/setup.sh"
exec "$root/.venv/bin/python" "$root/benchmark/run.py" "$@"
