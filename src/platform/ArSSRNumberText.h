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
#ifndef ArSSRNumberText_h
#define ArSSRNumberText_h

#include <optional>
#include <string>
#include <vector>

namespace itk::arssr
{
/** The shortest text that is read back as the same number, in any locale; whole numbers without an exponent. */
std::string
FormatNumber(double value);

/** The number that a text stands for, in any locale, with or without spaces around it; nothing when it is no number. */
std::optional<double>
ParseNumber(const std::string & text);

/** Parts of a text between separators. An empty text has no parts; a separator at an end gives an empty part. */
std::vector<std::string>
Split(const std::string & text, char separator);
} // namespace itk::arssr

#endif
