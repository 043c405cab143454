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
#ifndef ArSSRFileLimits_h
#define ArSSRFileLimits_h

#include "model/ArSSRFileErrors.h"

#include <cstddef>
#include <cstdint>

namespace itk::arssr
{
/** Most tensors, metadata entries or archive entries in one file; the published models have at most 162 tensors. */
constexpr std::size_t MaximumEntries = 4096;

/** Most dimensions of one tensor, torch's own limit. */
constexpr std::size_t MaximumDimensions = 64;

/** Most bytes of a name or metadata key as it is written in JSON: the budget is charged only once a key has been read.
 */
constexpr std::uint64_t MaximumKeyBytes = 1 << 16;

/** \brief Bytes that parsing may still allocate, so that a small file cannot demand much memory. */
class ParsingBudget
{
public:
  /** Beyond the size of the file, parsing may take this many bytes. */
  static constexpr std::uint64_t Excess = 1 << 20;

  explicit ParsingBudget(std::uint64_t fileSize)
    : m_Available(fileSize + Excess)
  {}

  /** Counts bytes as allocated; freeing them gives nothing back. */
  void
  Charge(std::uint64_t bytes)
  {
    if (bytes > m_Available)
    {
      ThrowRefused("the file's structure needs more memory than the whole file and ", Excess, " bytes");
    }
    m_Available -= bytes;
  }

private:
  std::uint64_t m_Available;
};
} // namespace itk::arssr

#endif
