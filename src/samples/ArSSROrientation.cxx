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
#include "samples/ArSSROrientation.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace itk::arssr
{
namespace
{
std::vector<float>
TurnPatch(const std::vector<float> & patch, std::int64_t size, const Orientation & orientation)
{
  // Steps through the old patch that correspond to steps along the new axes; a flipped axis is walked backwards from
  // its last voxel. The turned patch is written in order of memory, and the old one, 7 KB by default, is in the cache.
  std::int64_t                start = 0;
  std::array<std::int64_t, 3> steps{};
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    const std::size_t  old = orientation.axes[axis];
    const std::int64_t stride = old == 0 ? size * size : old == 1 ? size : 1;
    steps[axis] = orientation.flip[old] ? -stride : stride;
    start += orientation.flip[old] ? stride * (size - 1) : 0;
  }
  std::vector<float> turned(patch.size());
  float *            out = turned.data();
  for (std::int64_t z = 0; z < size; ++z)
  {
    for (std::int64_t y = 0; y < size; ++y)
    {
      const std::int64_t row = start + z * steps[0] + y * steps[1];
      for (std::int64_t x = 0; x < size; ++x)
      {
        *out++ = patch[static_cast<std::size_t>(row + x * steps[2])];
      }
    }
  }
  return turned;
}
} // namespace

Orientation
Orientation::Draw(bool flip, bool permute, Random & random)
{
  // The number of random numbers depends on the recipe alone, not on the sample.
  Orientation orientation;
  for (std::size_t axis = 0; flip && axis < 3; ++axis)
  {
    orientation.flip[axis] = random.Chance(0.5);
  }
  if (permute)
  {
    const std::vector<std::size_t> order = random.Permutation(3);
    std::copy(order.begin(), order.end(), orientation.axes.begin());
  }
  return orientation;
}

void
Orientation::Apply(TrainingSample & sample) const
{
  sample.lowResolution = TurnPatch(sample.lowResolution, sample.patchSize, *this);
  // An axis of n voxels is reversed around (n - 1) / 2, the middle of the field of view: index i becomes n - 1 - i,
  // also between voxels. As in TurnPatch(), flips are those of the old axes and come before the exchange.
  const auto last = static_cast<double>(sample.patchSize - 1);
  for (std::size_t i = 0; i < sample.points.size(); i += 3)
  {
    std::array<double, 3> point{};
    for (std::size_t axis = 0; axis < 3; ++axis)
    {
      const double position = sample.points[i + axis];
      point[axis] = flip[axis] ? last - position : position;
    }
    const std::array<double, 3> turned = this->Turn(point);
    std::copy(turned.begin(), turned.end(), sample.points.begin() + static_cast<std::ptrdiff_t>(i));
  }
  sample.voxelSize = this->Turn(sample.voxelSize);
}
} // namespace itk::arssr
