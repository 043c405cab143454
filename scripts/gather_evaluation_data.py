"""Cuts the images that the bundled models are evaluated on out of whole scans: a part of each of four people's heads.

    python scripts/gather_evaluation_data.py VOLUMES BRAINWEB FOLDER

leaves five parts of 72×72×72 voxels in FOLDER. VOLUMES holds MR_Gd and the two people that the models were validated on
(models/TRAINING.md); BRAINWEB holds brainweb_t1.mha and brainweb_t2.mha, one phantom, as scripts/fetch_training_data.sh
leaves them in hr/. No model was trained on any of these people. Then
scripts/evaluate_models.sh FOLDER OUT measures all conditions of the README's table.
"""

import argparse
from pathlib import Path

import itk
from itk_arssr.formats import stem

SIDE = 72  # divisible by all scales of the table
# Where each part begins (x, y, z): within the brain, with ventricles, cortex and, where there is one, skull.
VOLUMES = {
    "MR_Gd.nii.gz": (50, 50, 30),
    "head_t1_0.75x0.75x1mm_uih2.nii.gz": (110, 80, 50),
    "head_t1_0.9mm_lesion.nii.gz": (30, 120, 60),
}
BRAINWEB = {"brainweb_t1.mha": (45, 100, 60), "brainweb_t2.mha": (45, 100, 60)}


def cut(source: Path, first: tuple[int, int, int], target: Path) -> None:
    """Write the part of an image that begins at a voxel."""
    image = itk.imread(str(source))
    region = itk.ImageRegion[3](list(first), [SIDE] * 3)
    if not image.GetLargestPossibleRegion().IsInside(region):
        raise SystemExit(
            f"{source} has {list(itk.size(image))} voxels: no {SIDE}×{SIDE}×{SIDE} of them begin at {first}"
        )
    part = itk.region_of_interest_image_filter(image, region_of_interest=region)
    itk.imwrite(part, str(target), compression=True)


def main() -> None:
    """Cut the parts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("volumes", type=Path)
    parser.add_argument("brainweb", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    parts = {arguments.volumes / name: first for name, first in VOLUMES.items()}
    parts |= {arguments.brainweb / name: first for name, first in BRAINWEB.items()}
    missing = [str(path) for path in parts if not path.is_file()]
    if missing:
        parser.error(f"there is no {', '.join(missing)}")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for path, first in parts.items():
        cut(path, first, arguments.folder / f"{stem(path)}.nii.gz")
    print(f"{arguments.folder}: {len(parts)} images")


if __name__ == "__main__":
    main()
