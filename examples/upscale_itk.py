"""Super-resolve an image file with ITK: python upscale_itk.py IN OUT SCALE."""

import sys

import itk

source, target, scale = sys.argv[1:]
image = itk.imread(source)
upscaled = itk.arbitrary_scale_super_resolution_image_filter(image, scale_factors=float(scale))
itk.imwrite(upscaled, target)
