"""Non-local means, the rival of models that remove noise.

Buades, Coll and Morel, "A non-local algorithm for image denoising", CVPR 2005, https://doi.org/10.1109/CVPR.2005.38, in
scikit-image's implementation, which is told the noise's true standard deviation. Rician noise raises intensities; for a
signal s well above the noise the mean of the magnitudes is about √(s² + σ²); this is corrected
(Gudbjartsson and Patz, Magnetic Resonance in Medicine 34(6), 1995, https://doi.org/10.1002/mrm.1910340618).
"""

from __future__ import annotations

from importlib.util import find_spec

import itk
import numpy as np

from itk_arssr.images.resample import grid_of, image_on

_PATCH, _DISTANCE = 3, 5  # voxels: width of the patches that are compared, and how far apart they may be
_STRENGTH = 0.6  # of the noise: how much averaged patches may differ, as in scikit-image's example


def is_available() -> bool:
    """Whether scikit-image is installed."""
    return find_spec("skimage") is not None


def without_noise(image: itk.Image, deviation: float) -> itk.Image:
    """The image denoised, for Rician noise of this standard deviation in the image's intensities."""
    from skimage.restoration import denoise_nl_means

    denoised = denoise_nl_means(
        itk.array_view_from_image(image),
        patch_size=_PATCH,
        patch_distance=_DISTANCE,
        h=_STRENGTH * deviation,
        sigma=deviation,
        fast_mode=True,
    )
    signal = np.sqrt(np.maximum(np.square(denoised) - deviation**2, 0))
    return image_on(grid_of(image), signal.astype(np.float32))
