"""Super-resolve an image file with SimpleITK: python upscale_simpleitk.py IN OUT SCALE."""

import sys

import SimpleITK
from itk_arssr import upscale_simpleitk

source, target, scale = sys.argv[1:]
image = SimpleITK.ReadImage(source)
upscaled = upscale_simpleitk(image, scale_factors=float(scale))
SimpleITK.WriteImage(upscaled, target)
