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
#ifndef ArSSRVoxelInterval_h
#define ArSSRVoxelInterval_h

#include "itkIntTypes.h"

#include <algorithm>
#include <cmath>

namespace itk::arssr
{
/** Consecutive voxels of a line, [begin, end). */
struct VoxelInterval
{
  IndexValueType begin;
  IndexValueType end;

  bool
  IsEmpty() const
  {
    return begin >= end;
  }
  VoxelInterval
  CutBy(const VoxelInterval & other) const
  {
    return { std::max(begin, other.begin), std::min(end, other.end) };
  }
};

/** Those of the voxels h = 0 … `size` - 1 for which |start + h × step| ≤ radius. */
inline VoxelInterval
VoxelsWithin(double start, double step, double radius, SizeValueType size)
{
  if (step == 0.0)
  {
    return { 0, std::abs(start) <= radius ? static_cast<IndexValueType>(size) : 0 };
  }
  const double middle = -start / step;
  const double reach = radius / std::abs(step);
  // Clamped as double: a small step makes numbers that no integer holds.
  const double begin = std::max(std::ceil(middle - reach), 0.0);
  const double last = std::min(std::floor(middle + reach), static_cast<double>(size) - 1.0);
  return begin <= last ? VoxelInterval{ static_cast<IndexValueType>(begin), static_cast<IndexValueType>(last) + 1 }
                       : VoxelInterval{ 0, 0 };
}
} // namespace itk::arssr

#endif
