"""File names of images: their extensions, and the names of outputs."""

from pathlib import Path

from itk_arssr.common.errors import UserError

DICOM = (".dcm", ".dicom")  # which DICOM files sometimes have; DICOM is recognised by content

# As declared by the image formats of the itk wheels that hold volumes or stacks of slices.
READABLE = (
    *(".nii.gz", ".nii", ".nia", ".img.gz", ".img", ".hdr", ".nrrd", ".nhdr", ".mha", ".mhd", ".mnc", ".mnc2"),
    *(".gipl", ".gipl.gz", ".mrc", ".rec", ".h5", ".hdf5", ".hdf", ".vtk", ".lsm", ".tif", ".tiff", ".spr", ".pic"),
    *DICOM,
)

# Formats of one file, so that one rename puts an output in place, which keep direction and pixel type.
NIFTI_WRITABLE = (".nii.gz", ".nii")
WRITABLE = (*NIFTI_WRITABLE, ".nrrd", ".mha")

# For these, ITK also reads files whose extension is all capitals.
_READ_IN_CAPITALS = (".nii.gz", ".nii", ".nrrd")

# Formats of two files, or kin of a writable one, become that one; every other format becomes NIfTI.
_WRITTEN_AS = {".hdr": ".nii", ".img": ".nii", ".nia": ".nii", ".nhdr": ".nrrd", ".mhd": ".mha"}
_DEFAULT_EXTENSION = ".nii.gz"


def extension(path: Path) -> str:
    """Extension of an image file with its second part (``.nii.gz``), in lower case; ``""`` if it is unknown."""
    name = path.name.lower()
    return next((known for known in READABLE if name.endswith(known)), "")


def output_extension(path: Path) -> str:
    """Extension of an output made from this input."""
    known = extension(path)
    return known if known in WRITABLE else _WRITTEN_AS.get(known, _DEFAULT_EXTENSION)


def check_name(path: Path) -> None:
    """Refuse a name under which ITK would not read the image again."""
    known = extension(path)
    if known in DICOM:
        raise UserError(
            f"{path} cannot be written: results are not written as DICOM. Give a name that ends with {WRITABLE[0]}; "
            "3D Slicer, among others, can make a DICOM series from such a file"
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
    """Whether a path, which need not exist yet, stands for a file rather than a directory."""
    return bool(path.suffix or extension(path) or path.name.endswith("."))


def stem(path: Path) -> str:
    """File name without the image extension."""
    known = extension(path)
    return path.name[: len(path.name) - len(known)] if known else path.name


def output_name(encoder: str, label: str, path: Path, kind: str = "recon") -> str:
    """Name in an output directory, as in the published scripts: ``ArSSR_RDN_recon_2d5x_scan.nii.gz``."""
    return f"ArSSR_{encoder}_{kind}_{label}_{stem(path)}{output_extension(path)}"
