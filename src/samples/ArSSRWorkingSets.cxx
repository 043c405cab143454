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
#include "samples/ArSSRWorkingSets.h"

#include <numeric>
#include <utility>

namespace itk::arssr
{
WorkingSets::WorkingSets(std::vector<std::uint64_t> imageBytes,
                         std::uint64_t              memoryBytes,
                         std::uint64_t              seed,
                         RandomStream               stream)
  : m_ImageBytes(std::move(imageBytes))
  , m_MemoryBytes(memoryBytes)
  , m_Seed(seed)
  , m_Stream(stream)
  , m_AllFit(std::accumulate(m_ImageBytes.begin(), m_ImageBytes.end(), std::uint64_t{ 0 }) <= memoryBytes)
{}

std::vector<std::size_t>
WorkingSets::GetSet(std::uint64_t sampleNumber) const
{
  const std::size_t numberOfImages = m_ImageBytes.size();
  // Nothing would be read twice, so samples are drawn freely.
  if (m_AllFit || numberOfImages == 0)
  {
    std::vector<std::size_t> all(numberOfImages);
    std::iota(all.begin(), all.end(), std::size_t{ 0 });
    return all;
  }
  // All from the sample's number, without state: the round, hence the order of images, and the position in it.
  const std::uint64_t            samplesPerOrder = SamplesPerImage * numberOfImages;
  const std::vector<std::size_t> order =
    Random(m_Seed, m_Stream, sampleNumber / samplesPerOrder).Permutation(numberOfImages);
  const auto position = static_cast<std::size_t>((sampleNumber % samplesPerOrder) / SamplesPerImage);

  // From the first set on, to the one that the position is in.
  std::vector<std::size_t> set;
  std::uint64_t            bytes = 0;
  for (std::size_t i = 0; i < numberOfImages; ++i)
  {
    // The first image of a set is taken whatever its size: one beyond the budget is a set of its own.
    if (!set.empty() && bytes + m_ImageBytes[order[i]] > m_MemoryBytes)
    {
      if (position < i)
      {
        break;
      }
      set.clear();
      bytes = 0;
    }
    set.push_back(order[i]);
    bytes += m_ImageBytes[order[i]];
  }
  return set;
}
} // namespace itk::arssr
