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
#ifndef ArSSRPassAverage_h
#define ArSSRPassAverage_h

#include "itkArSSREngine.h"

#include "grid/ArSSROutputSpans.h"

#include <vector>

namespace itk::arssr
{
/** \brief Mean and standard deviation over passes, of the voxels of some spans.
 *
 * Both come from sums in double precision, whose error over eight values is too small to show in single precision: the
 * mean is rounded once, and where all values are equal, it is that value and the deviation is zero. The deviation is
 * \f$ \sqrt{\sum_k (x_k - \bar x)^2 / (N - 1)} \f$, so that 2, 4 and 8 passes estimate the same quantity.
 */
class PassAverage
{
public:
  /** Memory for each voxel. */
  static constexpr SizeValueType BytesPerVoxel = sizeof(float) + 2 * sizeof(double);

  /** \param spans sorted by z, then y, then x; must outlive this. \param threads for its loops; zero: as many as torch
   * has. */
  PassAverage(const std::vector<OutputSpan> & spans, unsigned int threads);

  /** Takes values of the pass under way. Where a voxel is written more than once, the last value counts. Several
   * threads may call it for different voxels. */
  void
  Write(const ArSSREngine::IndexType & first, const float * values, SizeValueType count);

  /** Ends a pass: adds its values to the sums. */
  void
  EndPass();

  /** Hands out the mean of each voxel and, unless the second function is empty, the standard deviation. Calls the
   * functions from several threads. */
  void
  HandOut(const ArSSREngine::WriteFunction & writeMean, const ArSSREngine::WriteFunction & writeDeviation);

private:
  const std::vector<OutputSpan> & m_Spans;
  unsigned int                    m_Threads;
  std::vector<SizeValueType>      m_FirstVoxels; // of the spans
  std::vector<float>              m_Values;      // [voxel], of the pass under way
  std::vector<double>             m_Sums;        // [voxel]
  std::vector<double>             m_Squares;     // [voxel], their sums
  unsigned int                    m_NumberOfPasses{ 0 };
};
} // namespace itk::arssr

#endif
