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
#include "model/ArSSRFileErrors.h"

namespace itk::arssr
{
std::string
Quoted(std::string_view text)
{
  // The text comes from the file. It must neither send escape sequences to a terminal nor fill a log.
  constexpr std::size_t longest = 120;
  constexpr char        digits[] = "0123456789abcdef";
  std::string           quoted = "'";
  for (const char c : text.substr(0, longest))
  {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F)
    {
      quoted += c;
    }
    else
    {
      quoted += { '\\', 'x', digits[byte >> 4], digits[byte & 15] };
    }
  }
  return quoted + (text.size() > longest ? "...'" : "'");
}
} // namespace itk::arssr
