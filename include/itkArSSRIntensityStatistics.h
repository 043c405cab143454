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
#ifndef itkArSSRIntensityStatistics_h
#define itkArSSRIntensityStatistics_h

#include "ArbitraryScaleSuperResolutionExport.h"

#include "itkIntTypes.h"

#include <cstdint>
#include <limits>
#include <vector>

namespace itk
{
/** \class ArSSRIntensityStatistics
 * \brief Finds the intensity window that models are trained with, in two passes over an image given piece by piece.
 *
 * The window's lower end is the smaller of zero and the minimum; its upper end is the 99.9th percentile (nearest rank)
 * of the voxels above the lower end. Intensities are taken in single precision, as the network sees them, and the
 * percentile is exact: the first pass counts by the upper half of the numbers' bits, the second one by the lower half
 * where the percentile lies. Memory is fixed, whatever the size of the image.
 *
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSRIntensityStatistics
{
public:
  /** One in so many of the voxels above the lower end may lie above the upper end: the 99.9th percentile. */
  static constexpr SizeValueType OneAboveUpperIn = 1000;

  ArSSRIntensityStatistics();

  /** First pass, each voxel once. Values must be finite. */
  void
  AddToFirstPass(const float * values, SizeValueType count);

  /** Call between the passes. */
  void
  BeginSecondPass();

  /** Second pass, the same voxels in any order. */
  void
  AddToSecondPass(const float * values, SizeValueType count);

  float
  GetMinimum() const
  {
    return m_Minimum;
  }
  float
  GetMaximum() const
  {
    return m_Maximum;
  }

  /** Whether all voxels of the first pass are the same, or there were none. */
  bool
  IsConstant() const
  {
    return !(m_Minimum < m_Maximum);
  }

  /** Both ends of the window after the second pass; both the value of all voxels when that is one. */
  float
  GetLower() const;
  float
  GetUpper() const;

private:
  static constexpr unsigned int HalfBits = 16;

  float                      m_Minimum{ std::numeric_limits<float>::max() };
  float                      m_Maximum{ std::numeric_limits<float>::lowest() };
  SizeValueType              m_NumberOfMinima{ 0 };
  SizeValueType              m_NumberOfVoxels{ 0 };
  std::vector<SizeValueType> m_Counts;         // of the half of the bits that the pass at work looks at
  SizeValueType              m_Rank{ 0 };      // of the percentile, from zero, among the voxels of one upper half
  uint32_t                   m_UpperHalf{ 0 }; // of the percentile's bits
};
} // end namespace itk

#endif // itkArSSRIntensityStatistics_h
