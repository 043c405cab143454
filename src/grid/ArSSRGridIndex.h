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
#ifndef ArSSRGridIndex_h
#define ArSSRGridIndex_h

#include "itkSize.h"

#include <array>
#include <cstdint>

namespace itk::arssr
{
/** Size or position on a grid, in voxels, slowest axis first: (z, y, x). */
using GridIndex = std::array<std::int64_t, 3>;

/** Lengths or positions along the axes of a grid, in its voxels, slowest axis first: (z, y, x). */
using GridLengths = std::array<double, 3>;

/** Voxels from `begin` up to, and without, `end` along each axis. */
struct GridBox
{
  GridIndex begin{};
  GridIndex end{};
};

/** From an index or a size of ITK's, x first. This function and the next two are the only ones that reverse the order
 * of the axes. */
template <typename TIndex>
GridIndex
ToGridIndex(const TIndex & index)
{
  return { static_cast<std::int64_t>(index[2]),
           static_cast<std::int64_t>(index[1]),
           static_cast<std::int64_t>(index[0]) };
}

/** From lengths or a continuous index of ITK's, x first. */
template <typename TLengths>
GridLengths
ToGridLengths(const TLengths & lengths)
{
  return { lengths[2], lengths[1], lengths[0] };
}

/** To a size of ITK's, x first. */
inline Size<3>
ToSize(const GridIndex & size)
{
  return {
    { static_cast<SizeValueType>(size[2]), static_cast<SizeValueType>(size[1]), static_cast<SizeValueType>(size[0]) }
  };
}

inline std::int64_t
GetNumberOfVoxels(const GridIndex & size)
{
  return size[0] * size[1] * size[2];
}

inline GridIndex
GetSize(const GridBox & box)
{
  return { box.end[0] - box.begin[0], box.end[1] - box.begin[1], box.end[2] - box.begin[2] };
}

/** Row-major number of a voxel in a box. */
inline std::int64_t
GetNumber(const GridBox & box, const GridIndex & voxel)
{
  const GridIndex size = GetSize(box);
  return ((voxel[0] - box.begin[0]) * size[1] + voxel[1] - box.begin[1]) * size[2] + voxel[2] - box.begin[2];
}
} // namespace itk::arssr

#endif
