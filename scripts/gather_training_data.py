"""Gathers what the models `fast` and `accurate` are trained and validated on into one folder, split by person.

    python scripts/gather_training_data.py VOLUMES FOLDER

leaves FOLDER/training, FOLDER/validation and FOLDER/labels, with the files that models/TRAINING.md lists. VOLUMES is a
folder of these files; nothing else in it is taken, MR_Gd and BrainWeb least of all: these are evaluated on. Of each
label map there is a copy in which all that is outside of the brain is background, as in scans without a skull.
"""

import argparse
import shutil
from pathlib import Path

import itk
import numpy as np

SUFFIX = ".nii.gz"

# One person each, but for the two of one person that stand together. A person is in one list only.
TRAINING = (
    "head_t1_0.67mm_studyforrest",
    "head_t1_0.75mm_itk",
    "head_t1_1x1x1.33mm_itk",
    "head_t1_0.86mm_child",
    "head_t1_0.75x0.75x1mm_uih1",
    "head_t1_1.15x1.15x1mm_fnndsc",
    "head_t2_0.75x0.75x2.5mm_fnndsc",  # the same person
    "head_t1_1mm_mne",
    "head_t1_1mm_visualqc",
    "brain_t1_1mm_fnndsc",
    "chest_ct_0.78x0.78x1mm",
)
VALIDATION = ("head_t1_0.75x0.75x1mm_uih2", "head_t1_0.9mm_lesion")
LABELS = tuple(f"labels_head_1mm_synthseg_{number}" for number in ("01", "05", "09", "13"))

# In the label maps of SynthSeg (FreeSurfer's numbers and its own), what is outside of the brain.
FIRST_LABEL_OUTSIDE = 500


def copy(names: tuple[str, ...], source: Path, target: Path) -> None:
    """Copy files that are not there yet."""
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        file = target / f"{name}{SUFFIX}"
        if not file.exists():
            shutil.copyfile(source / file.name, file)


def write_brain(file: Path) -> None:
    """Write the label map without what is outside of the brain."""
    target = file.with_name(file.name.replace("_head_", "_brain_"))
    if target == file or target.exists():
        return
    labels = itk.imread(str(file))
    voxels = np.asarray(labels).copy()
    voxels[voxels >= FIRST_LABEL_OUTSIDE] = 0
    brain = itk.image_view_from_array(voxels)
    brain.CopyInformation(labels)
    itk.imwrite(brain, str(target), compression=True)


def main() -> None:
    """Gather the files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("volumes", type=Path)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    missing = [
        name for name in (*TRAINING, *VALIDATION, *LABELS) if not (arguments.volumes / f"{name}{SUFFIX}").is_file()
    ]
    if missing:
        parser.error(f"{arguments.volumes} lacks {', '.join(missing)}: models/TRAINING.md tells where they are from")
    copy(TRAINING, arguments.volumes, arguments.folder / "training")
    copy(VALIDATION, arguments.volumes, arguments.folder / "validation")
    copy(LABELS, arguments.volumes, arguments.folder / "labels")
    for name in LABELS:
        write_brain(arguments.folder / "labels" / f"{name}{SUFFIX}")
    counts = f"{len(TRAINING)} training and {len(VALIDATION)} validation images, {2 * len(LABELS)} label maps"
    print(f"{arguments.folder}: {counts}")


if __name__ == "__main__":
    main()
