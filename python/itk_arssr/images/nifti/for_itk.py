"""A NIfTI file as ITK should see it.

ITK would choose between sform and qform itself, take voxel sizes and directions from different fields, apply an
intercept without a slope, and read neither NIfTI-2 nor a compressed file that is named .nii. So it is given a header
with the values as interpreted here, and beside it a link to the voxels.
"""

from __future__ import annotations

from pathlib import Path

from itk_arssr.images.nifti.header import PAIR_MAGIC, Header, pack
from itk_arssr.images.nifti.layout import dimension_fields, space_fields
from itk_arssr.images.nifti.space import SCANNER, Form, Space
from itk_arssr.images.nifti.stream import is_compressed


def make_readable(header: Header, space: Space, folder: Path) -> Path:
    """Write the header and the link into an empty folder; returns the header file."""
    seen = Space(space.grid, space.used and "sform", Form(space.grid, SCANNER) if space.used else None)
    slope, intercept = header.scaling or (1.0, 0.0)
    fields = {
        **dimension_fields(header.dimensions, header.datatype, header.voxel_type.itemsize),
        **space_fields(seen),
        "intent_code": header.intent,
        "vox_offset": header.offset,
        "scl_slope": slope,
        "scl_inter": intercept,
    }
    path = folder / "image.hdr"
    path.write_bytes(pack(fields, PAIR_MAGIC, header.byte_order))
    (folder / f"image.img{'.gz' if is_compressed(header.data) else ''}").symlink_to(header.data.resolve())
    return path
