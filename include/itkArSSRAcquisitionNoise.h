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
#ifndef itkArSSRAcquisitionNoise_h
#define itkArSSRAcquisitionNoise_h

#include "itkArSSRAcquisition.h"
#include "itkArSSRVoxelBlock.h"

#include <array>
#include <cstdint>
#include <vector>

namespace itk
{
/** \class ArSSRAcquisitionNoise
 * \brief Adds the noise of an acquisition to a simulated scan.
 *
 * Noise of a standard deviation \f$ \sigma \f$ is added as \f$ y + \sigma n_1 \f$, or, if it is Rician, as
 * \f$ \sqrt{(y + \sigma n_1)^2 + (\sigma n_2)^2} \f$ with standard normal \f$ n_i \f$; noise of unknown kind is treated
 * as Gaussian, and none is added if the standard deviation is unknown.
 *
 * Along an axis with a `sinc` that is wider than the spacing or has a window, k-space does not reach the Nyquist
 * frequency of the scan's grid evenly, and the noise of neighbouring voxels is correlated: white noise is filtered by
 * that point spread, normalised to keep its standard deviation. Along other axes the noise is white.
 *
 * Each voxel's noise is a function of the seed and its place, so that a scan has the same noise however it is divided.
 *
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSRAcquisitionNoise
{
public:
  using RegionType = ArSSRVoxelBlock::RegionType;

  /** No noise. */
  ArSSRAcquisitionNoise() = default;

  /** \param spacing Of the scan, in mm. */
  ArSSRAcquisitionNoise(const ArSSRAcquisition &              acquisition,
                        const ArSSRAcquisition::SpacingType & spacing,
                        uint64_t                              seed);

  /** Adds the noise of the voxels in the block, counted from the scan's first voxel, in intensities. NaN stays NaN. */
  void
  AddTo(ArSSRVoxelBlock & block) const;

private:
  std::vector<double>
  DrawField(const RegionType & region, unsigned int part) const;

  double                             m_Deviation{ 0.0 };
  bool                               m_IsRician{ false };
  uint64_t                           m_Seed{ 0 };
  std::array<std::vector<double>, 3> m_Kernels; // along x, y and z, an odd number of weights; empty where it is white
};
} // end namespace itk

#endif // itkArSSRAcquisitionNoise_h
