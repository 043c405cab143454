#!/usr/bin/env bash
# Trains a bundled model in the background, on one core and at low priority, or continues where it was stopped:
#   bash scripts/train_model.sh fast          with models/arssr-fast.yaml
#   bash scripts/train_model.sh accurate      with models/arssr-accurate.yaml; any models/arssr-NAME.yaml
#   bash scripts/train_model.sh --stop fast   stops it at its next step, with a checkpoint
#   bash scripts/train_model.sh --save fast   copies what is needed to continue to training/fast, for you to commit
# If there is no run yet but training/NAME is in the checkout, that run continues.
# The images are those that scripts/gather_training_data.py put into ~/.cache/arssr/training/data; the run folder is
# ~/.cache/arssr/training/NAME, and NAME.log beside it holds what is printed. See models/TRAINING.md.
#
# Environment:
#   ARSSR           the command line to use (default: that in .venv); set one that no later setup replaces during the run
#   ARSSR_CACHE     replaces ~/.cache/arssr above
#   ARSSR_THREADS   threads of torch (default: 1); the result is the same only if a run continues with the same number
#   ARSSR_PROCESSES processes that share each step's samples (default: 1); likewise
#   ARSSR_INIT      model file with the weights that a new training run starts from
set -euo pipefail
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$checkout/scripts/lib/common.sh"

usage() {
  sed -n '2,10s/^# \{0,1\}//p' "$0"
  exit 2
}
action=start
case ${1:-} in
  --stop | --save) action=${1#--} && shift ;;
esac
[ $# -eq 1 ] || usage
name=$1
recipe=$checkout/models/arssr-$name.yaml
[ -e "$recipe" ] || { echo "There is no $recipe." >&2 && usage; }

folder=$arssr_cache/training
run=$folder/$name
pid_file=$folder/$name.pid
arssr=${ARSSR:-$checkout/.venv/bin/arssr}
threads=${ARSSR_THREADS:-1}
processes=${ARSSR_PROCESSES:-1}

# The process of a training that runs; fails when there is none.
running() {
  [ -e "$pid_file" ] && ps -o args= -p "$(cat "$pid_file")" 2>/dev/null | grep -q 'arssr train'
}

if [ "$action" = stop ]; then
  running || { echo "No training of $name runs." >&2 && exit 1; }
  kill -TERM "$(cat "$pid_file")"
  echo "Told process $(cat "$pid_file") to stop at its next step."
  exit
fi

saved=$checkout/training/$name
if [ "$action" = save ]; then
  checkpoint=$(printf '%s\n' "$run"/checkpoints/*.safetensors | sort -V | tail -n 1)
  [ -e "$checkpoint" ] || { echo "There is no checkpoint in $run yet." >&2 && exit 1; }
  rm -rf "$saved"
  mkdir -p "$saved/checkpoints"
  cp "$checkpoint" "$saved/checkpoints/"
  cp "$run/log.csv" "$saved/"
  # Paths relative to the run folder, and no record of the machine.
  sed -e '/^record:/,$d' -e "s#$folder/#../#g" "$run/recipe.yaml" >"$saved/recipe.yaml"
  echo "$saved has $(basename "$checkpoint"), recipe.yaml and log.csv."
  exit
fi

if running; then
  echo "The training of $name runs already, as process $(cat "$pid_file"); $folder/$name.log shows how far it is." >&2
  exit 1
fi
[ -x "$arssr" ] || { echo "There is no $arssr; run scripts/setup.sh, or set ARSSR." >&2 && exit 1; }
[ -d "$folder/data/training" ] || {
  echo "There is no $folder/data/training; run scripts/gather_training_data.py VOLUMES $folder/data first." >&2
  exit 1
}
if [ ! -e "$run" ] && [ -d "$saved" ]; then
  mkdir -p "$folder"
  cp -r "$saved" "$run"
fi
if [ -n "$(ls -A "$run/checkpoints" 2>/dev/null)" ]; then
  arguments=(--resume "$run")
else
  # A run that ended before its first checkpoint begins anew.
  [ ! -e "$run/recipe.yaml" ] || mv "$run" "$run-$(date +%Y%m%d-%H%M%S)"
  arguments=("$folder/data/training" --val "$folder/data/validation" --labels "$folder/data/labels"
    --config "$recipe" --run-dir "$run" --out "$folder/$name.safetensors" ${ARSSR_INIT:+--init "$(realpath "$ARSSR_INIT")"})
fi
# The training runs in another folder.
arssr=$(cd "$(dirname "$arssr")" && pwd)/$(basename "$arssr")
program=("$arssr")
if [ "$processes" -gt 1 ]; then
  program=("$(dirname "$arssr")/python" -m torch.distributed.run --standalone --nproc-per-node "$processes" -m itk_arssr)
fi
mkdir -p "$folder"
cd "$folder"
OMP_NUM_THREADS=$threads setsid nohup nice -n 19 "${program[@]}" train "${arguments[@]}" --threads "$threads" \
  >>"$folder/$name.log" 2>&1 </dev/null &
echo $! >"$pid_file"
echo "Process $! trains $name; $folder/$name.log shows how far it is."
