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
#ifndef ArSSRSimilarityBlock_h
#define ArSSRSimilarityBlock_h

#include "itkArSSRImageQuality.h"

#include <array>
#include <cstddef>
#include <vector>

namespace itk::arssr
{
/** \class SimilarityBlock
 * \brief Adds up the structural similarity of a block of windows, plane by plane.
 *
 * Local sums are taken along x, then y, then z; those along x and y of the last planes are kept in a ring. Memory is
 * that of one plane of the block and the ring, whatever the number of planes.
 *
 * \ingroup ArbitraryScaleSuperResolution
 */
class SimilarityBlock
{
public:
  /** Voxels along an axis that are the middle of no whole window. */
  static constexpr SizeValueType Margin = ArSSRImageQuality::WindowWidth - 1;

  /** A block as wide as the volume, and of so many rows of windows. The readers must outlive it. */
  SimilarityBlock(const ArSSRImageQuality::RowReader & truth,
                  const ArSSRImageQuality::RowReader & image,
                  SizeValueType                        rowLength,
                  SizeValueType                        rows,
                  double                               valueRange);

  /** Sum over the windows of so many planes; the first row and plane are those of the first window's corner. */
  double
  Sum(SizeValueType firstRow, SizeValueType firstPlane, SizeValueType planes);

private:
  static constexpr SizeValueType Width = ArSSRImageQuality::WindowWidth;

  /** The local sums that the measure needs: truth, image, sum of both squares, product. */
  static constexpr std::size_t Fields = 4;

  using Rows = std::array<const double *, Width>;
  using Weights = std::array<double, Width>;

  static Weights
  MakeWeights();

  /** The weighted sum of as many rows as the window is wide. */
  void
  Add(const Rows & rows, double * result) const;

  double *
  PlaneRow(std::size_t field, SizeValueType row);
  double *
  RingRow(SizeValueType slot, std::size_t field, SizeValueType row);

  void
  SumAlongRows(SizeValueType firstRow, SizeValueType plane);
  void
  SumAcrossRows(SizeValueType slot);

  /** Across the planes in the ring, the oldest of which is in a slot. */
  double
  SimilarityOfPlane(SizeValueType oldest);
  double
  SimilarityOfRow() const;

  const ArSSRImageQuality::RowReader & m_Truth;
  const ArSSRImageQuality::RowReader & m_Image;
  const SizeValueType                  m_RowLength;
  const SizeValueType                  m_Length; // windows in a row
  const SizeValueType                  m_Rows;   // of windows
  const double                         m_C1;
  const double                         m_C2;
  const Weights                        m_Weights;
  std::vector<double>                  m_RowFields;   // [field, x], before any sum
  std::vector<double>                  m_PlaneFields; // [field, y, x], summed along x
  std::vector<double>                  m_Ring;        // [slot, field, y, x], summed along x and y
  std::vector<double>                  m_Sums;        // [field, x], of a row of windows
};
} // namespace itk::arssr

#endif
