"""File names of images: their extensions, and the names of outputs."""

from pathlib import Path

from itk_arssr.common.errors import UserError

DICOM = (".dcm", ".dicom")  # which DICOM files have at times; what is DICOM is told by content

# What the image formats of the itk wheels declare, formats that hold volumes or stacks of slices.
READABLE = (
    *(".nii.gz", ".nii", ".nia", ".img.gz", ".img", ".hdr", ".nrrd", ".nhdr", ".mha", ".mhd", ".mnc", ".mnc2"),
    *(".gipl", ".gipl.gz", ".mrc", ".rec", ".h5", ".hdf5", ".hdf", ".vtk", ".lsm", ".tif", ".tiff", ".spr", ".pic"),
    *DICOM,
)

# One file each, so that an output can be put in place by one rename, and direction and pixel type are kept.
NIFTI_WRITABLE = (".nii.gz", ".nii")
WRITABLE = (*NIFTI_WRITABLE, ".nrrd", ".mha")

# Of these ITK also reads files whose extension is in capitals throughout.
_READ_IN_CAPITALS = (".nii.gz", ".nii", ".nrrd")

# Formats of two files, or kin of a writable one, become that one; every other format becomes NIfTI.
_WRITTEN_AS = {".hdr": ".nii", ".img": ".nii", ".nia": ".nii", ".nhdr": ".nrrd", ".mhd": ".mha"}
_DEFAULT_EXTENSION = ".nii.gz"


def extension(path: Path) -> str:
    """Extension of an image file with its second part (``.nii.gz``), in lower case; ``""`` where it is none we know."""
    name = path.name.lower()
    return next((known for known in READABLE if name.endswith(known)), "")


def output_extension(path: Path) -> str:
    """Extension that an output made from this input is written with."""
    known = extension(path)
    return known if known in WRITABLE else _WRITTEN_AS.get(known, _DEFAULT_EXTENSION)


def check_name(path: Path) -> None:
    """Refuse a name under which ITK would not read the image again."""
    known = extension(path)
    if known in DICOM:
        raise UserError(
            f"{path} cannot be written: results are not written as DICOM. Give a name that ends with {WRITABLE[0]}; "
            "3D Slicer, among others, makes a DICOM series of such a file"
        )
    if known not in WRITABLE:
        raise UserError(
            f"{path} cannot be written: its name must end with {', '.join(WRITABLE[:-1])} or {WRITABLE[-1]}"
        )
    spelled = path.name[-len(known) :]
    if spelled != known and (spelled != known.upper() or known not in _READ_IN_CAPITALS):
        raise UserError(
            f"{path} cannot be written: ITK does not read files whose names end with {spelled}; give {known}"
        )


def is_named_like_a_file(path: Path) -> bool:
    """Whether a path that need not be there yet stands for a file rather than a directory."""
    return bool(path.suffix or extension(path) or path.name.endswith("."))


def stem(path: Path) -> str:
    """File name without the image extension."""
    known = extension(path)
    return path.name[: len(path.name) - len(known)] if known else path.name


def output_name(encoder: str, label: str, path: Path, kind: str = "recon") -> str:
    """Name in an output directory, as the published scripts have it: ``ArSSR_RDN_recon_2d5x_scan.nii.gz``."""
    return f"ArSSR_{encoder}_{kind}_{label}_{stem(path)}{output_extension(path)}"
