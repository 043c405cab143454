"""Arbitrary-scale super-resolution of 3-D medical images.

The filter itself is ``itk.ArbitraryScaleSuperResolutionImageFilter``; this package holds what surrounds it: the
command line ``arssr``, reading and writing of scans, quality measures, a low-resolution scan simulator, and the
SimpleITK helper.
"""

from importlib.metadata import PackageNotFoundError, version

from itk_arssr.upscaling.simpleitk import upscale_simpleitk

try:
    __version__ = version("itk-arssr")
except PackageNotFoundError:  # run from a source tree
    __version__ = "0+unknown"

__all__ = ["__version__", "upscale_simpleitk"]
