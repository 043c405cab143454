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

#include <cmath>
#include <cstddef>
#include <locale>
#include <sstream>

namespace itk::arssr
{
std::string
FormatNumber(double value)
{
  std::ostringstream text;
  text.imbue(std::locale::classic());
  if (value == std::floor(value) && std::abs(value) < 1e15)
  {
    text << static_cast<long long>(value); // 8000, where the shortest text would be 8e+03
    return text.str();
  }
  for (int precision = 1; precision < 17; ++precision)
  {
    std::ostringstream shorter;
    shorter.imbue(std::locale::classic());
    shorter.precision(precision);
    shorter << value;
    if (ParseNumber(shorter.str()) == value)
    {
      return shorter.str();
    }
  }
  text.precision(17);
  text << value;
  return text.str();
}

std::optional<double>
ParseNumber(const std::string & text)
{
  std::istringstream stream(text);
  stream.imbue(std::locale::classic());
  double value = 0.0;
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
