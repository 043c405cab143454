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

#include <array>

namespace itk::arssr
{
namespace
{
std::array<std::uint32_t, 256>
ComputeTable()
{
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i)
  {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit)
    {
      value = (value >> 1) ^ ((value & 1) * 0xEDB88320);
    }
    table[i] = value;
  }
  return table;
}
} // namespace

std::uint32_t
UpdateChecksum(std::uint32_t checksum, const void * data, std::uint64_t count)
{
  static const auto table = ComputeTable();

  const auto * bytes = static_cast<const unsigned char *>(data);
  checksum = ~checksum;
  for (std::uint64_t i = 0; i < count; ++i)
  {
    checksum = (checksum >> 8) ^ table[(checksum ^ bytes[i]) & 0xFF];
  }
  return ~checksum;
}
} // namespace itk::arssr
