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
#ifndef ArSSRBytes_h
#define ArSSRBytes_h

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace itk::arssr
{
/** Whether the bytes are well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF). */
bool
IsUtf8(std::string_view text);

/** Product of two unsigned numbers; false if it does not fit. */
inline bool
Multiply(std::uint64_t a, std::uint64_t b, std::uint64_t & product)
{
  product = a * b;
  return a == 0 || product / a == b;
}

/** Unsigned number of up to eight bytes, least significant byte first. */
inline std::uint64_t
DecodeLittleEndian(const unsigned char * bytes, unsigned int count)
{
  std::uint64_t value = 0;
  for (unsigned int i = count; i-- > 0;)
  {
    value = (value << 8) | bytes[i];
  }
  return value;
}

bool
HostIsLittleEndian();

/** Turns each of `count` elements of `elementSize` bytes from one byte order into the other. */
void
ReverseBytes(void * elements, std::uint64_t count, std::size_t elementSize);
} // namespace itk::arssr

#endif
