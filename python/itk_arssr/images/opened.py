"""Image files opened for reading: what ITK reads them from, and what their headers tell."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import itk

from itk_arssr.common.errors import UserError, description
from itk_arssr.common.wording import times
from itk_arssr.images.nifti import recognised
from itk_arssr.images.sources import Source

_LONGEST_AXIS = 2**31 - 1  # voxels; negative lengths are read as longer ones


class OpenedFile:
    """What ITK reads a source from: its own files, or a temporary one that is removed when it is closed."""

    _open: ClassVar[weakref.WeakSet[OpenedFile]] = weakref.WeakSet()

    def __init__(self, source: Source) -> None:
        self.source = source
        file = source.file
        try:
            str(file).encode()
        except UnicodeEncodeError:
            raise UserError(f"{str(file)!r} cannot be read: its name is not valid UTF-8; rename it") from None
        if not os.access(file, os.R_OK):
            raise UserError(f"{file} cannot be read: {'no permission' if file.exists() else 'it does not exist'}")
        self._remove: weakref.finalize | None = None
        self.nifti = recognised(file)
        self._path = str(file if self.nifti is None else self.nifti.readable(self._folder()))
        self.header = self._read_header()

    def __enter__(self) -> OpenedFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove temporary files; nothing can be read any more."""
        if self._remove is not None:
            self._remove()

    @classmethod
    def close_all(cls) -> None:
        """Close all files, for a program that does not end by itself."""
        for file in list(cls._open):
            file.close()

    def _folder(self) -> Path:
        """An empty folder that is removed with this object, at the latest when the program ends."""
        folder = tempfile.mkdtemp(prefix="arssr-")
        self._remove = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._open.add(self)
        return Path(folder)

    def reader(self, image_type: type) -> itk.ProcessObject:
        """A reader that has read nothing yet."""
        if self.nifti is not None:
            return itk.ImageFileReader[image_type].New(FileName=self._path, ImageIO=itk.NiftiImageIO.New())
        return itk.ImageFileReader[image_type].New(FileName=self._path)

    def check_is_scalar_volume(self, any_pixel: bool = False) -> None:
        """Refuse single slices, time series and, unless any will do, voxels of several values."""
        path, header = self.source.path, self.header
        size = [header.GetDimensions(axis) for axis in range(header.GetNumberOfDimensions())]
        if max(size, default=0) > _LONGEST_AXIS:
            raise UserError(f"{path} is damaged: its header gives {times(size)} voxels")
        if len(size) < 3 or size[2] == 1:
            raise UserError(f"{path} is a single slice ({times(size)}); the network needs a volume")
        if math.prod(size[3:]) > 1:
            raise UserError(
                f"{path} has {len(size)} dimensions ({times(size)}); extract one three-dimensional volume first"
            )
        components = header.GetNumberOfComponents()
        if not any_pixel and components > 1:
            kind = itk.ImageIOBase.GetPixelTypeAsString(header.GetPixelType()).replace("_", " ")
            raise UserError(f"{path} has {components} values per voxel ({kind}); extract one channel first")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Name the image that an error of ITK is about."""
        try:
            yield
        except RuntimeError as error:
            raise UserError(f"{self.source.path} cannot be read: {description(error)}") from error

    def _read_header(self) -> itk.ImageIOBase:
        """What is known of the file before its pixels are read."""
        with self.reading():
            header = (
                itk.ImageIOFactory.CreateImageIO(self._path, itk.CommonEnums.IOFileMode_ReadMode)
                if self.nifti is None
                else itk.NiftiImageIO.New()
            )
            if header is None:
                raise UserError(f"{self.source.path} is not an image that ITK can read, or is damaged")
            header.SetFileName(self._path)
            header.ReadImageInformation()
        return header
