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
#ifndef ArSSRWorkingSets_h
#define ArSSRWorkingSets_h

#include "platform/ArSSRRandom.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace itk::arssr
{
/** \brief Which images a sample may come from, so that those of consecutive samples fit into memory together.
 *
 * When not all images fit, they are put in a random order and cut into sets that do; each set serves
 * `SamplesPerImage` samples for each of its images, then comes the next one, and after the last one a new order. So an
 * image is read once for that many samples, not once for each.
 */
class WorkingSets
{
public:
  static constexpr std::uint64_t SamplesPerImage = 64;

  /** `stream` tells the orders of several collections apart. */
  WorkingSets(std::vector<std::uint64_t> imageBytes,
              std::uint64_t              memoryBytes,
              std::uint64_t              seed,
              RandomStream               stream);

  /** Images that the sample with this number may come from; at least one, if there are any. */
  std::vector<std::size_t>
  GetSet(std::uint64_t sampleNumber) const;

private:
  std::vector<std::uint64_t> m_ImageBytes;
  std::uint64_t              m_MemoryBytes;
  std::uint64_t              m_Seed;
  RandomStream               m_Stream;
  bool                       m_AllFit;
};
} // namespace itk::arssr

#endif
