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
#ifndef itkArSSRSignalMask_h
#define itkArSSRSignalMask_h

#include "itkArSSRAcquisition.h"
#include "itkArSSRVoxelBlock.h"

#include <vector>

namespace itk
{
/** \class ArSSRSignalMask
 * \brief Finds the voxels of a noisy scan whose difference from the truth is noise with a mean of zero and the noise's
 * standard deviation.
 *
 * In a magnitude image noise is Rician. Where the signal is above about three standard deviations, the noise is nearly
 * normal, with a bias of at most a sixth of the deviation; in the background it has a mean of 1.25 deviations and a
 * variance of 0.43 (Gudbjartsson and Patz 1995): there, the truth's residual is not smaller than the noise, and its
 * average is not zero. Therefore a voxel counts only if the mean of the 3×3×3 voxels around it is above
 * `SmallestSignal` deviations: a mean, because single voxels raised by noise would be chosen for their noise.
 *
 * Where these voxels are all equal, there is no noise: padding, a removed background, intensities at the end of their
 * range. Such voxels do not count either: they would make the scan look less noisy than it is.
 *
 * With a deviation of 0 all voxels count.
 *
 * H. Gudbjartsson, S. Patz, "The Rician distribution of noisy MRI data", Magn. Reson. Med. 34(6), 1995,
 * https://doi.org/10.1002/mrm.1910340618
 *
 * \sa ArSSRSliceProfileConsistency
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSRSignalMask
{
public:
  using RegionType = ArSSRVoxelBlock::RegionType;
  using IndexType = ArSSRVoxelBlock::IndexType;
  using Noise = ArSSRAcquisitionEnums::Noise;

  /** Of Rician noise, in standard deviations. */
  static constexpr double SmallestSignal = 3.0;

  /** Voxels on each side of a voxel, along each axis, that are read. */
  static constexpr IndexValueType Radius = 1;

  /** All voxels. */
  ArSSRSignalMask() = default;

  /** \param noise Standard deviation, in the scan's units. \param kind Any kind other than Gaussian is treated as
   * Rician. */
  ArSSRSignalMask(double noise, Noise kind)
    : m_Noise(noise)
    , m_Kind(kind)
  {}

  /** The region of a scan that Evaluate() reads for a region of it. \param scan The whole region of the scan. */
  RegionType
  GetInput(const RegionType & region, const RegionType & scan) const;

  /** Whether each voxel of a region counts.
   * \param scan Must hold GetInput() of that region, and nothing outside the scan. */
  std::vector<unsigned char>
  Evaluate(const RegionType & region, const ArSSRVoxelBlock & scan) const;

private:
  double m_Noise{ 0.0 };
  Noise  m_Kind{ Noise::Auto };
};
} // end namespace itk

#endif // itkArSSRSignalMask_h
