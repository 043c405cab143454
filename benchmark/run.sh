#!/usr/bin/env bash
# Times the filter against PyTorch, the published algorithm, ITK's B-splines and the machine's limits.
#   bash benchmark/run.sh --help
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bash "$root/scripts/setup.sh"
"$root/.venv/bin/python" -m pip install --quiet safetensors
exec "$root/.venv/bin/python" "$root/benchmark/run.py" "$@"
