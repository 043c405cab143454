#!/usr/bin/env bash
# Runs random jobs for an hour (upscaling, streaming, aborting, bad files and images, training) in one process, and checks
# its results and memory. The report, with the command, is written to OUT.
#   bash scripts/soak.sh [SECONDS] [SEED] [OUT]        default: 3600 1 build/soak.md
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/lib/common.sh

seconds=${1:-3600}
seed=${2:-1}
for number in "$seconds" "$seed"; do
  case $number in
    '' | *[!0-9]*) fail "'$number' is not a whole number; usage: bash scripts/soak.sh [SECONDS] [SEED] [OUT]" ;;
  esac
done
[ -x .venv/bin/python ] || bash scripts/setup.sh
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}
exec .venv/bin/python scripts/soak.py --seconds "$seconds" --seed "$seed" --out "${3:-build/soak.md}"
