#!/usr/bin/env bash
# Measures models in all conditions of the README's table, given no information about the scans:
#   bash scripts/evaluate_models.sh FOLDER OUT [MODEL...]
# FOLDER comes from scripts/gather_evaluation_data.py; without MODEL, the bundled model is measured. OUT then holds the
# tables of `arssr evaluate`: the mean over the images and the worst of them, against the best rival of each condition.
set -euo pipefail
[ $# -ge 2 ] || { sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 2; }
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
images=$1 out=$2
shift 2
exec "${ARSSR:-$checkout/.venv/bin/arssr}" evaluate "$@" "$images" --out "$out" --overwrite --iterations 0 \
  --profiles gaussian,box,sinc --noise 0,2,5 --scales 2,3,4,1x1x4 --gaps 0,25
