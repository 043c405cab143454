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
#ifndef ArSSREnumText_h
#define ArSSREnumText_h

#include "itkMacro.h"

#include <sstream>
#include <string>
#include <vector>

namespace itk::arssr
{
/** The name that operator<< prints. */
template <typename TEnum>
std::string
ToText(TEnum value)
{
  std::ostringstream text;
  text << value;
  return text.str();
}

/** The one of `values` that is printed as `name`. \throws ExceptionObject that lists the names when there is none.
 * \param what the name stands for, for the message. */
template <typename TEnum>
TEnum
FromText(const std::string & what, const std::string & name, const std::vector<TEnum> & values)
{
  std::string expected;
  for (const TEnum value : values)
  {
    const std::string candidate = ToText(value);
    if (candidate == name)
    {
      return value;
    }
    expected += (expected.empty() ? "" : ", ") + candidate;
  }
  itkGenericExceptionMacro("The " << what << " is '" << name << "'; expected one of " << expected << '.');
}
} // namespace itk::arssr

#endif
