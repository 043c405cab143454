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
 * \brief Finds the intensity window that models are trained with, in passes over an image that is given piece by piece.
 *
 * The window's lower end is the smaller of zero and the minimum, and its upper end the 99.9th percentile (nearest rank)
 * of the voxels above the lower end; but where zero is far from the data, that is where the minimum exceeds
 * `FarFromZero` times the range between it and the 99.9th percentile of the voxels above it, the lower end is the
 * minimum. Otherwise an offset that is large compared with the range would squeeze the intensities into a small part of
 * the network's range.
 *
 * The percentile is exact for values that single precision holds: the first pass counts by the upper half of the
 * numbers' bits, the second one by the lower half where the percentile lies. Others are rounded to single precision, if
 * they are far from zero after the minimum is subtracted, which takes a third pass; the lower end is exact. Memory is
 * fixed, whatever the size of the image.
 *
 * \code
 * while (statistics.NeedsPass())
 * {
 *   statistics.Add(values, count); // for each piece, in any order
 *   statistics.EndPass();
 * }
 * \endcode
 *
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSRIntensityStatistics
{
public:
  /** One in this many voxels above the lower end may lie above the upper end: the 99.9th percentile. */
  static constexpr SizeValueType OneAboveUpperIn = 1000;

  /** Zero is far from data whose minimum is more than this many times their range. Up to that ratio it hardly matters
   * where the window begins; beyond it, a lower end of zero costs accuracy (README, Intensities). */
  static constexpr double FarFromZero = 0.25;

  ArSSRIntensityStatistics();

  /** Whether another pass over the voxels is needed. */
  bool
  NeedsPass() const
  {
    return m_Pass != Pass::None;
  }

  /** Each voxel once in a pass. Values must be finite in single precision. */
  void
  Add(const float * values, SizeValueType count);
  void
  Add(const double * values, SizeValueType count);

  void
  EndPass();

  /** Total number of passes needed, as far as is known. */
  unsigned int
  GetNumberOfPasses() const
  {
    return m_NumberOfPasses;
  }

  double
  GetMinimum() const
  {
    return m_Minimum;
  }
  double
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

  /** Whether zero is far below the data, so that the window begins at the minimum; after the last pass. */
  bool
  IsFarFromZero() const;

  /** The ends of the window after the last pass; if all voxels are the same, both are that value. */
  double
  GetLower() const;
  double
  GetUpper() const;

private:
  static constexpr unsigned int HalfBits = 16;

  enum class Pass
  {
    UpperHalves,
    LowerHalves,
    None
  };
  using Counts = std::vector<SizeValueType>; // of numbers, by one half of their bits

  /** The percentile of the voxels above a lower end. */
  struct Percentile
  {
    SizeValueType rank{ 0 };      // from zero, among all voxels, then among those of one upper half
    uint32_t      upperHalf{ 0 }; // of its bits
    Counts        counts;         // by the lower half of the bits, of voxels with that upper half
  };

  template <typename TValue>
  void
  AddValues(const TValue * values, SizeValueType count);

  void
  StartLowerHalves();

  void
  Locate(Percentile & percentile, SizeValueType atOrBelowLower) const;

  double
  GetValue(const Percentile & percentile) const;

  Pass          m_Pass{ Pass::UpperHalves };
  unsigned int  m_NumberOfPasses{ 2 };
  double        m_Minimum{ std::numeric_limits<double>::max() };
  double        m_Maximum{ std::numeric_limits<double>::lowest() };
  double        m_Origin{ 0.0 };      // taken away from values before they are rounded to single precision
  bool          m_IsRounded{ false }; // whether single precision does not hold all values
  SizeValueType m_NumberOfMinima{ 0 };
  SizeValueType m_NumberOfVoxels{ 0 };
  Counts        m_Counts; // by the upper half of the bits
  Percentile    m_AboveZero;
  Percentile    m_AboveMinimum;
};
} // end namespace itk

#endif // itkArSSRIntensityStatistics_h
