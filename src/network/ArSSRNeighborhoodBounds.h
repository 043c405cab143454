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
#ifndef ArSSRNeighborhoodBounds_h
#define ArSSRNeighborhoodBounds_h

#include "itkArSSRTileLattice.h"

#include <vector>

namespace itk::arssr
{
/** \brief Bounds of output voxels: the range of the LR voxels around them, a little widened.
 *
 * Each LR voxel has the range of the 3×3×3 LR voxels around it, cropped to the image and widened at both ends by its
 * own width, but at most by a margin. Between LR voxels both ends are interpolated linearly; beyond the centres of the
 * outer voxels they are those of the outer voxels. So the bounds change gradually from voxel to voxel, and lie in the
 * range of the 4×4×4 LR voxels around a sample, widened likewise. They depend on these voxels and on the sample alone:
 * not on tiles, spans or threads.
 */
class NeighborhoodBounds
{
public:
  using RegionType = ArSSRTileLattice::RegionType;
  using IndexType = ArSSRTileLattice::IndexType;
  using SizeType = ArSSRTileLattice::SizeType;

  /** LR voxels on each side of an LR voxel that its range is taken from. */
  static constexpr SizeValueType Radius = 1;

  /** Most voxels that Apply() takes. */
  static constexpr SizeValueType MaximumCount = 512;

  /** \param margin most by which an end of a range is moved.
   * \param region LR voxels whose ranges are needed: those that samples lie between.
   * \param input voxels of `inputRegion`, x fastest, which holds `region` and Radius more on each side, cropped to the
   * image of `imageSize`. All regions count from the image's first voxel. */
  NeighborhoodBounds(float              margin,
                     const RegionType & region,
                     const float *      input,
                     const RegionType & inputRegion,
                     const SizeType &   imageSize);

  /** Copies values of consecutive output voxels along x, from `first` on, clamped to the bounds. A NaN stays.
   * \return how many were changed by more than a thousandth of the network's range. */
  SizeValueType
  Apply(const ArSSRIndexMap & indexMap,
        const IndexType &     first,
        const float *         values,
        SizeValueType         count,
        float *               bounded) const;

private:
  struct Range
  {
    float lower;
    float upper;
  };

  /** Where a coordinate lies between two voxels of the region along an axis. */
  struct Position
  {
    std::size_t voxel; // from the region's first
    std::size_t next;
    float       fraction;
  };

  Position
  Locate(unsigned int axis, double coordinate) const;

  const Range *
  GetLine(std::size_t y, std::size_t z) const
  {
    return m_Ranges.data() + (z * m_Size[1] + y) * m_Size[0];
  }

  /** Ranges interpolated along y and z, for voxels begin … end-1 of a line along x. */
  void
  InterpolateLine(const Position & y, const Position & z, std::size_t begin, std::size_t end, Range * line) const;

  SizeValueType
  ApplyToLine(const ArSSRIndexMap & indexMap,
              const IndexType &     first,
              const float *         values,
              SizeValueType         count,
              float *               bounded) const;

  Range
  Interpolate(const ArSSRIndexMap::ContinuousIndexType & sample) const;

  IndexType          m_First;
  SizeType           m_Size;
  std::vector<Range> m_Ranges; // [z, y, x], of the region
};
} // namespace itk::arssr

#endif
