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
#include "itkArSSRPointSpread.h"

#include "platform/ArSSREnumText.h"
#include "platform/ArSSRNumberText.h"
#include "itkMacro.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <ostream>

// A text is read from the left, part by part between colons: the kind, then what that kind takes. Optional numbers are
// told from words by whether they parse, and what is left over at the end is an error.
namespace itk
{
namespace
{
using Kind = ArSSRPointSpreadEnums::Kind;

constexpr const char * Hann = "hann";
constexpr const char * Tukey = "tukey";

/** \brief The parts of a text between colons, taken one after another. */
class Parts
{
public:
  explicit Parts(const std::string & text)
    : m_Text(text)
    , m_Parts(arssr::Split(text, ':'))
  {}

  bool
  IsAtEnd() const
  {
    return m_Next == m_Parts.size();
  }

  std::string
  Take()
  {
    return this->IsAtEnd() ? std::string() : m_Parts[m_Next++];
  }

  /** The number that comes next; another part, or none, stays where it is. */
  std::optional<double>
  TakeNumber()
  {
    const auto number = this->IsAtEnd() ? std::nullopt : arssr::ParseNumber(m_Parts[m_Next]);
    m_Next += number ? 1 : 0;
    return number;
  }

  [[noreturn]] void
  Refuse(const std::string & problem) const
  {
    itkGenericExceptionMacro(
      "The point spread '" << m_Text << "' " << problem
                           << ". Expected: auto, gaussian[:FWHM], box[:WIDTH], sinc[:WIDTH][:hann or :tukey:TAPER] or "
                              "measured:STEP:SAMPLE/SAMPLE/…, widths and steps in mm, such as box:4.");
  }

private:
  std::string              m_Text;
  std::vector<std::string> m_Parts;
  std::size_t              m_Next{ 0 };
};

/** The width that comes next, or AutomaticWidth where another part or nothing does: "sinc:hann" has no width. */
double
TakeWidth(Parts & parts)
{
  const auto width = parts.TakeNumber();
  if (width && !(*width > 0.0 && std::isfinite(*width)))
  {
    parts.Refuse("has a width of " + arssr::FormatNumber(*width) + ", which is not above 0");
  }
  return width.value_or(ArSSRPointSpread::AutomaticWidth);
}

double
TakeTaper(Parts & parts)
{
  // No window: k-space is cut off.
  if (parts.IsAtEnd())
  {
    return 0.0;
  }
  const std::string window = parts.Take();
  if (window == Hann)
  {
    return 1.0;
  }
  if (window != Tukey)
  {
    parts.Refuse("has '" + window + "' in place of a width or a window (hann or tukey)");
  }
  const auto taper = parts.TakeNumber();
  if (!taper || !(*taper >= 0.0 && *taper <= 1.0))
  {
    parts.Refuse("has a Tukey window without a taper from 0 to 1");
  }
  return *taper;
}

ArSSRPointSpread
TakeMeasured(Parts & parts)
{
  const auto step = parts.TakeNumber();
  if (!step || !(*step > 0.0 && std::isfinite(*step)))
  {
    parts.Refuse("has no step above 0");
  }
  std::vector<double> samples;
  for (const std::string & text : arssr::Split(parts.Take(), '/'))
  {
    const auto sample = arssr::ParseNumber(text);
    if (!sample)
    {
      parts.Refuse("has the sample '" + text + "', which is not a number");
    }
    samples.push_back(*sample);
  }
  if (samples.empty())
  {
    parts.Refuse("has no samples");
  }
  return ArSSRPointSpread::Measured(samples, *step);
}

ArSSRPointSpread
TakePointSpread(Parts & parts)
{
  const std::string kind = parts.Take();
  if (kind == arssr::ToText(Kind::Auto))
  {
    return {};
  }
  if (kind == arssr::ToText(Kind::Gaussian))
  {
    return ArSSRPointSpread::Gaussian(TakeWidth(parts));
  }
  if (kind == arssr::ToText(Kind::Box))
  {
    return ArSSRPointSpread::Box(TakeWidth(parts));
  }
  if (kind == arssr::ToText(Kind::Sinc))
  {
    const double width = TakeWidth(parts);
    return ArSSRPointSpread::Sinc(width, TakeTaper(parts));
  }
  if (kind == arssr::ToText(Kind::Measured))
  {
    return TakeMeasured(parts);
  }
  parts.Refuse("has the unknown kind '" + kind + "'");
}
} // namespace

ArSSRPointSpread
ArSSRPointSpread::FromText(const std::string & text)
{
  Parts                  parts(text);
  const ArSSRPointSpread spread = TakePointSpread(parts);
  // Every part must be read: "box:4:5" is a mistake, not a box with something to ignore.
  if (!parts.IsAtEnd())
  {
    parts.Refuse("has the unexpected part '" + parts.Take() + "'");
  }
  return spread;
}

std::string
ArSSRPointSpread::ToText() const
{
  std::string text = arssr::ToText(m_Kind);
  if (m_Kind == Kind::Measured)
  {
    text += ':' + arssr::FormatNumber(m_Step);
    // FormatNumber() writes the shortest text that is read back as the same double, so that FromText(ToText()) is
    // equal.
    char separator = ':';
    for (const double sample : m_Samples)
    {
      text += separator + arssr::FormatNumber(sample);
      separator = '/';
    }
  }
  // A measured profile never has a width of its own.
  if (m_Width != AutomaticWidth)
  {
    text += ':' + arssr::FormatNumber(m_Width);
  }
  if (m_Taper == 1.0)
  {
    text += std::string(":") + Hann;
  }
  else if (m_Taper > 0.0)
  {
    text += std::string(":") + Tukey + ':' + arssr::FormatNumber(m_Taper);
  }
  return text;
}

std::ostream &
operator<<(std::ostream & out, const ArSSRPointSpread & spread)
{
  return out << spread.ToText();
}
} // end namespace itk
