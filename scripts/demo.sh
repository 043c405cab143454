#!/usr/bin/env bash
# Super-resolve a head MRI and compare with interpolation.
#   bash scripts/demo.sh                              the image in demo/: simulated low resolution, table, picture
#   bash scripts/demo.sh SCAN.nii.gz [SCALE]          your scan as it is, without a truth
#   bash scripts/demo.sh --truth SCAN.nii.gz [SCALE]  your scan as the truth: low resolution is simulated from it
# SCALE is one number (default 2.5) or one for each axis, such as 1,1,4 or 1x1x4.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
ARSSR_TESTS=OFF bash "$root/scripts/setup.sh"
echo "Loading ITK and LibTorch"
exec "$root/.venv/bin/python" "$root/scripts/demo.py" "$@"
