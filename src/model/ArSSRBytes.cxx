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
#include "model/ArSSRBytes.h"

#include <algorithm>

namespace itk::arssr
{
namespace
{
/** Length of the UTF-8 sequence at the start of the text, zero if it is malformed. */
std::size_t
Utf8SequenceLength(std::string_view text)
{
  const auto byte = [text](std::size_t i) {
    return static_cast<unsigned char>(text[i]);
  };
  const auto lead = byte(0);
  if (lead < 0x80)
  {
    return 1;
  }
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  // Below 0xC2 are continuation bytes and the leads of overlong pairs; leads above 0xF4 would exceed U+10FFFF.
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length)
  {
    return 0;
  }
  for (std::size_t i = 1; i < length; ++i)
  {
    if ((byte(i) & 0xC0) != 0x80)
    {
      return 0;
    }
  }
  // RFC 3629, section 4: after these four leads the second byte has a narrower range than 0x80 to 0xBF.
  const auto second = byte(1);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool surrogate = lead == 0xED && second > 0x9F;
  const bool tooHigh = lead == 0xF4 && second > 0x8F;
  return overlong || surrogate || tooHigh ? 0 : length;
}
} // namespace

bool
IsUtf8(std::string_view text)
{
  while (!text.empty())
  {
    const std::size_t length = Utf8SequenceLength(text);
    if (length == 0)
    {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

bool
HostIsLittleEndian()
{
  // std::endian needs C++20.
  const std::uint16_t one = 1;
  return *reinterpret_cast<const unsigned char *>(&one) == 1;
}

void
ReverseBytes(void * elements, std::uint64_t count, std::size_t elementSize)
{
  auto * element = static_cast<unsigned char *>(elements);
  for (std::uint64_t i = 0; i < count; ++i, element += elementSize)
  {
    std::reverse(element, element + elementSize);
  }
}
} // namespace itk::arssr
