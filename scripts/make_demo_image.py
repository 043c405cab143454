"""Make demo/brainweb_t1_crop.nii.gz from an ITK source tree that carries ITK's test data.

    python scripts/make_demo_image.py ITK-SOURCE-FOLDER

The Debian source package of ITK has the data below .ExternalData/CID, named by content; the .cid file names it.
"""

import sys
from pathlib import Path

import itk
import numpy as np

VOLUME = Path("Examples/Data/BrainWeb/brainweb165a10f17.mha.cid")
STORE = Path(".ExternalData/CID")
INDEX, SIZE = (45, 100, 60), (90, 90, 80)  # voxels, x y z: frontal cortex of both sides and the ventricles' front horns
RIGHT_ANTERIOR_SUPERIOR = np.diag([-1.0, -1.0, 1.0])  # BrainWeb's index axes, in ITK's left-posterior-superior frame
OUTPUT = Path(__file__).resolve().parent.parent / "demo" / "brainweb_t1_crop.nii.gz"


def main() -> None:
    """Crop, and give the direction that the file in ITK's test data lacks."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    source = Path(sys.argv[1])
    content = (source / VOLUME).read_text().strip()
    reader = itk.ImageFileReader[itk.Image[itk.UC, 3]].New(FileName=str(source / STORE / content))
    reader.SetImageIO(itk.MetaImageIO.New())  # the file has no extension
    reader.Update()
    volume = reader.GetOutput()
    volume.SetDirection(itk.matrix_from_array(RIGHT_ANTERIOR_SUPERIOR))
    crop = itk.region_of_interest_image_filter(volume, region_of_interest=itk.ImageRegion[3](INDEX, SIZE))
    itk.imwrite(crop, str(OUTPUT), compression=True)
    print(f"{OUTPUT.name}: {'×'.join(map(str, SIZE))} voxels, {OUTPUT.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
