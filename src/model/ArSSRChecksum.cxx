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
#include "model/ArSSRChecksum.h"

#include "itk_zlib.h"

#include <algorithm>

namespace itk::arssr
{
std::uint32_t
UpdateChecksum(std::uint32_t checksum, const void * data, std::uint64_t count)
{
  constexpr std::uint64_t most = std::uint64_t{ 1 } << 30; // bytes at once; zlib counts in 32 bits
  const auto *            bytes = static_cast<const unsigned char *>(data);
  // No call for no bytes: given a null pointer, crc32() returns its start value and would drop the checksum so far.
  while (count > 0)
  {
    const std::uint64_t some = std::min(count, most);
    checksum = static_cast<std::uint32_t>(crc32(checksum, bytes, static_cast<uInt>(some)));
    bytes += some;
    count -= some;
  }
  return checksum;
}
} // namespace itk::arssr
