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
#include "samples/ArSSRVoxelChoice.h"

#include <cstddef>

namespace itk::arssr
{
namespace
{
/** Marks `count` of `total` numbers, all sets of that many equally likely (R. Floyd, CACM 1987,
 * https://doi.org/10.1145/30401.315746). */
std::vector<bool>
ChooseNumbers(std::uint64_t total, std::uint64_t count, Random & random)
{
  std::vector<bool> chosen(static_cast<std::size_t>(total), false);
  // Each step extends the range by one number. If the one drawn is chosen already, the new last one is chosen in its
  // stead, which cannot be yet: each step adds exactly one, without rejection.
  for (std::uint64_t last = total - count; last < total; ++last)
  {
    const auto number = static_cast<std::size_t>(random.Below(last + 1));
    chosen[chosen[number] ? static_cast<std::size_t>(last) : number] = true;
  }
  return chosen;
}
} // namespace

std::vector<GridIndex>
ChooseVoxels(const VoxelBox & box, std::uint64_t count, Random & random)
{
  std::vector<GridIndex> voxels;
  const auto             total = static_cast<std::uint64_t>(box.GetNumberOfVoxels());
  if (total == 0)
  {
    return voxels;
  }
  voxels.reserve(static_cast<std::size_t>(count));
  const std::uint64_t     repeats = count / total;
  const std::vector<bool> chosen = ChooseNumbers(total, count % total, random);

  // In order of memory, so that HR values are read forwards; the order of points does not matter to a network.
  std::size_t number = 0;
  for (std::int64_t z = 0; z < box.size[0]; ++z)
  {
    for (std::int64_t y = 0; y < box.size[1]; ++y)
    {
      for (std::int64_t x = 0; x < box.size[2]; ++x)
      {
        const std::uint64_t times = repeats + (chosen[number++] ? 1 : 0);
        voxels.insert(voxels.end(),
                      static_cast<std::size_t>(times),
                      GridIndex{ { box.first[0] + z, box.first[1] + y, box.first[2] + x } });
      }
    }
  }
  return voxels;
}
} // namespace itk::arssr
