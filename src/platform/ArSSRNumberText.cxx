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
#include "platform/ArSSRNumberText.h"

#include "itkNumberToString.h"

#include <cstddef>
#include <locale>
#include <sstream>

namespace itk::arssr
{
std::string
FormatNumber(double value)
{
  return ConvertNumberToString(value);
}

std::optional<double>
ParseNumber(const std::string & text)
{
  std::istringstream stream(text);
  // Not the global locale, which an application may set: some have a comma before the decimals.
  stream.imbue(std::locale::classic());
  double value = 0.0;
  // All of the text must be read. At the end std::ws may fail as well, so that eof() is what counts.
  if (!(stream >> value) || !(stream >> std::ws).eof())
  {
    return std::nullopt;
  }
  return value;
}

std::vector<std::string>
Split(const std::string & text, char separator)
{
  std::vector<std::string> parts;
  if (text.empty())
  {
    return parts;
  }
  std::size_t begin = 0;
  for (std::size_t end = text.find(separator); end != std::string::npos; end = text.find(separator, begin))
  {
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  parts.push_back(text.substr(begin));
  return parts;
}
} // namespace itk::arssr
