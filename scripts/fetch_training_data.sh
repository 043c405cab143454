#!/usr/bin/env bash
# Gathers the bundled model's training and validation data, as far as Debian's archive has them:
#   bash scripts/fetch_training_data.sh FOLDER
# makes FOLDER/hr (training) and FOLDER/val (validation). From the source package of ITK: the BrainWeb volumes T1, T2 and PD
# (simulated, 1 mm) and a scan of a mouse (Bruker FSE, 0.1 mm). From mricron-data: Colin27 resampled to 0.5 mm and the
# INIA19 macaque. Not in the archive, to be added by hand: MNI152_T1_0.8mm_brain and MNI152_T2_1mm_brain (HCP pipelines'
# templates) to hr, spm152 (ICBM 152 nonlinear 2009) to val. The terms of each are in models/README.md.
set -euo pipefail
[ $# -eq 1 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 2; }
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/lib/common.sh
source "$scripts/lib/common.sh"
# shellcheck source=scripts/lib/debian_source.sh
source "$scripts/lib/debian_source.sh"

mkdir -p "$1/hr" "$1/val"
folder=$(cd "$1" && pwd)
work=$folder/download
mkdir -p "$work/itk" "$work/mricron"

echo "[1/2] Images in ITK's source package (400 MB)"
debian_source insighttoolkit5 "$work/itk"
tar -xf "$work"/itk/*.orig.tar.* -C "$work/itk" --strip-components=1 --wildcards '*/.ExternalData/CID/*' \
  '*/Examples/Data/BrainWeb/*.cid' '*/IO/Bruker/test/Baseline/*.cid'
# image CID-FILE TARGET: the file that a content link of ITK's stands for.
image() {
  cp "$work/itk/.ExternalData/CID/$(cat "$work/itk/$1.cid")" "$2"
}
image Examples/Data/BrainWeb/brainweb165a10f17.mha "$folder/hr/brainweb_t1.mha"
image Examples/Data/BrainWeb/brainweb1e5a10f17.mha "$folder/hr/brainweb_t2.mha"
image Examples/Data/BrainWeb/brainweb1e1a10f20.mha "$folder/hr/brainweb_pd.mha"
image Modules/IO/Bruker/test/Baseline/PV5.1_FSE_INT16.mha "$folder/val/mouse_fse.mha"

echo "[2/2] Images in mricron-data (16 MB)"
(cd "$work/mricron" && apt-get -qq download mricron-data && dpkg-deb -x mricron-data_*.deb .)
cp "$work/mricron/usr/share/mricron/templates/ch2better.nii.gz" "$folder/hr/colin27_0.5mm.nii.gz"
cp "$work/mricron/usr/share/mricron/templates/inia19-t1-brain.nii.gz" "$folder/hr/inia19_t1_brain.nii.gz"
rm -rf "$work"
echo "Done: $folder/hr and $folder/val. The bundled model's training (about two hours on two cores):"
echo "  arssr train $folder/hr --val $folder/val --config models/arssr-default.yaml --out first.safetensors"
echo "  arssr train $folder/hr --val $folder/val --config models/arssr-default-tune.yaml --init first.safetensors --out second.safetensors"
echo "  arssr train $folder/hr --val $folder/val --config models/arssr-default-finish.yaml --init second.safetensors --out third.safetensors"
