/*=========================================================================
 *
 *  Copyright NumFOCUS
 *
 *  Licensed under the Apache License, Version 2.0 (the "License");
 *  you may not use this file except in compliance with the License.
 *  You may obtain a copy of the License at
 *
 *         https://www.apache.org/licenses/LICENSE-2.0.txt
 *
 *  Unless required by applicable law or agreed to in writing, software
 *  distributed under the License is distributed on an "AS IS" BASIS,
 *  WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 *  See the License for the specific language governing permissions and
 *  limitations under the License.
 *
 *=========================================================================*/
#ifndef itkArSSRSliceProfile_h
#define itkArSSRSliceProfile_h

#include "ArbitraryScaleSuperResolutionExport.h"

#include "itkIntTypes.h"

#include <vector>

namespace itk
{
/** \class ArSSRAxisWeights
 * \brief Weights of consecutive high-resolution (HR) voxels along an axis in one low-resolution (LR) voxel.
 *
 * \ingroup ArbitraryScaleSuperResolution
 */
struct ArbitraryScaleSuperResolution_EXPORT ArSSRAxisWeights
{
  IndexValueType      first{ 0 }; /**< HR voxel of the first weight, counted from the image's first voxel */
  std::vector<double> weights;    /**< their sum is 1; empty when no HR voxel is within the profile's support */
};


/** \class ArSSRSliceProfile
 * \brief The slice profile of a simulated scan: what an LR voxel sees of the HR voxels along one axis.
 *
 * A Gaussian around the LR voxel's centre, sampled at the centres of the HR voxels and normalised to a sum of 1:
 * \f$ w_i \propto \exp(-\frac{1}{2} (d_i / \sigma)^2) \f$ with \f$ \sigma = \mathrm{FWHM} / (2 \sqrt{2 \ln 2}) \f$. It
 * is cut off at 4 σ (1.70 FWHM), so that only near HR voxels are read: what is left out is 6.3e-5 of the Gaussian's
 * area, so a simulated intensity differs from that under the infinite Gaussian by at most 6.3e-5 of the image's range.
 *
 * A Gaussian no wider than an HR voxel cannot be represented by samples at the voxels' centres. With a FWHM of up to
 * `PointSampleLimit` HR voxels, zero included, the LR voxel is a point sample instead, by linear interpolation: what is
 * left of an axis that is not made coarser. From 1.5 HR voxels on, the profile's mean lies within 0.002 HR voxels of
 * the LR voxel's centre; below, the sampling shifts it by up to 0.06.
 *
 * All lengths are in HR voxels; the arithmetic depends on nothing else.
 *
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSRSliceProfile
{
public:
  static constexpr double SupportInSigmas = 4.0;

  /** Widest FWHM, in HR voxels, that is treated as a point sample. Slightly above 1 to allow for rounding in sizes and
   * headers. */
  static constexpr double PointSampleLimit = 1.01;

  static bool
  IsPointSample(double fwhm)
  {
    return !(fwhm > PointSampleLimit);
  }

  /** Standard deviation of the Gaussian of a FWHM. */
  static double
  GetSigma(double fwhm);

  /** Distance from the LR voxel's centre at which weights end. */
  static double
  GetSupportRadius(double fwhm);

  /** Weight before normalisation at a distance from the LR voxel's centre: 1 at 0, and 0 beyond the support. */
  static double
  Evaluate(double distance, double fwhm);

  /** Weights of the HR voxels 0 … `size` - 1 in the LR voxel with its centre at the continuous index `centre`. HR
   * voxels outside the image are left out, and the others make up for them. \throws ExceptionObject when the centre is
   * not finite, or the FWHM is negative or not finite. */
  static ArSSRAxisWeights
  GetWeights(double centre, double fwhm, SizeValueType size);
};
} // end namespace itk

#endif // itkArSSRSliceProfile_h
