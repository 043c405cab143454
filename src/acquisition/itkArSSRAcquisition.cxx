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
#include "itkArSSRAcquisition.h"

#include "platform/ArSSREnumText.h"
#include "platform/ArSSRNumberText.h"
#include "itkMacro.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <ostream>

// A text is a list of parts "names = value" between commas: axes with the point spread they share, and the noise. The
// reader collects them and refuses what is given twice; ToText() writes the same grammar, so that FromText(ToText()) is
// equal.
namespace itk
{
namespace
{
using Noise = ArSSRAcquisitionEnums::Noise;

constexpr const char * AxisNames = "xyz";
constexpr const char * NoiseName = "noise";
constexpr const char * Unknown = "auto";

std::string
Trimmed(const std::string & text)
{
  const auto begin = text.find_first_not_of(" \t");
  return begin == std::string::npos ? std::string() : text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

/** \brief Reads the parts of a text, each of which may be there once. */
class Reader
{
public:
  explicit Reader(const std::string & text)
    : m_Text(text)
  {}

  ArSSRAcquisition
  Read()
  {
    const std::vector<std::string> parts = arssr::Split(m_Text, ',');
    for (const std::string & part : parts)
    {
      const auto equals = part.find('=');
      // A text without any name is one point spread for all axes, noise left open: "gaussian:2.5".
      if (equals == std::string::npos && parts.size() == 1)
      {
        m_Acquisition.SetPointSpread(ArSSRPointSpread::FromText(Trimmed(part)));
        continue;
      }
      const std::string name = Trimmed(part.substr(0, equals));
      if (equals == std::string::npos || name.empty())
      {
        this->Refuse("has the part '" + part + "', which is not of the form NAME=VALUE");
      }
      const std::string value = Trimmed(part.substr(equals + 1));
      if (name == NoiseName)
      {
        this->ReadNoise(value);
      }
      else
      {
        this->ReadPointSpread(name, value);
      }
    }
    // Split() gives no part at all for an empty text.
    if (parts.empty())
    {
      this->Refuse("is empty");
    }
    return m_Acquisition;
  }

private:
  [[noreturn]] void
  Refuse(const std::string & problem) const
  {
    itkGenericExceptionMacro("The acquisition '"
                             << m_Text << "' " << problem
                             << ". Expected: axes = point spread, and noise = standard deviation, with commas between "
                                "them, such as z=box:4,xy=sinc,noise=12:rician; or one point spread for all axes.");
  }

  void
  ReadPointSpread(const std::string & axes, const std::string & value)
  {
    const std::string      names = AxisNames;
    const ArSSRPointSpread spread = ArSSRPointSpread::FromText(value);
    for (const char name : axes)
    {
      // An axis that is named twice, in one part or in two, is taken for a mistake: the later value must not win
      // silently.
      const auto axis = names.find(name);
      if (axis == std::string::npos)
      {
        this->Refuse("names '" + axes + "', which are not axes x, y and z");
      }
      if (m_IsAxisSet[axis])
      {
        this->Refuse(std::string("gives the axis ") + name + " twice");
      }
      m_IsAxisSet[axis] = true;
      m_Acquisition.SetPointSpread(static_cast<unsigned int>(axis), spread);
    }
  }

  void
  ReadNoise(const std::string & value)
  {
    const auto        colon = value.find(':');
    const std::string number = value.substr(0, colon);
    const auto        deviation =
      number == Unknown ? std::optional<double>(ArSSRAcquisition::AutomaticNoise) : arssr::ParseNumber(number);
    if (m_IsNoiseSet)
    {
      this->Refuse("gives the noise twice");
    }
    // The sentinel for unknown noise is a number, -1, which must come only from the word `auto`: a text of "-1" is
    // refused. The condition is written so that it fails for NaN.
    if (!deviation || (number != Unknown && !(*deviation >= 0.0 && std::isfinite(*deviation))))
    {
      this->Refuse("has a noise of '" + number + "', which is not a standard deviation of at least 0");
    }
    m_IsNoiseSet = true;
    const std::string kind = colon == std::string::npos ? Unknown : value.substr(colon + 1);
    m_Acquisition.SetNoise(
      *deviation, arssr::FromText<Noise>("kind of noise", kind, { Noise::Auto, Noise::Gaussian, Noise::Rician }));
  }

  std::string         m_Text;
  ArSSRAcquisition    m_Acquisition;
  std::array<bool, 3> m_IsAxisSet{};
  bool                m_IsNoiseSet{ false };
};
} // namespace

std::ostream &
operator<<(std::ostream & out, ArSSRAcquisitionEnums::Noise value)
{
  switch (value)
  {
    case Noise::Auto:
      return out << Unknown;
    case Noise::Gaussian:
      return out << "gaussian";
    case Noise::Rician:
      return out << "rician";
  }
  return out << "invalid noise " << static_cast<int>(value);
}

ArSSRAcquisition
ArSSRAcquisition::FromText(const std::string & text)
{
  return Reader(text).Read();
}

std::string
ArSSRAcquisition::ToText() const
{
  std::string text;
  const bool alike = std::all_of(m_PointSpreads.begin(), m_PointSpreads.end(), [this](const ArSSRPointSpread & spread) {
    return spread == m_PointSpreads[0];
  });
  // A kind is written even without a deviation: "noise=auto:rician".
  const bool hasNoise = this->IsNoiseKnown() || m_NoiseKind != Noise::Auto;
  if (alike && !hasNoise)
  {
    return m_PointSpreads[0].ToText();
  }
  // One part for each distinct point spread, at its first axis, with all the axes that share it.
  for (std::size_t axis = 0; axis < m_PointSpreads.size(); ++axis)
  {
    const ArSSRPointSpread & spread = m_PointSpreads[axis];
    const auto               isSame = [&spread](const ArSSRPointSpread & other) {
      return other == spread;
    };
    const auto own = m_PointSpreads.begin() + static_cast<std::ptrdiff_t>(axis);
    if (spread == ArSSRPointSpread() || std::any_of(m_PointSpreads.begin(), own, isSame))
    {
      continue; // unknown, or among the axes of an earlier part
    }
    text += text.empty() ? "" : ",";
    for (std::size_t other = axis; other < m_PointSpreads.size(); ++other)
    {
      text += isSame(m_PointSpreads[other]) ? std::string(1, AxisNames[other]) : "";
    }
    text += '=' + spread.ToText();
  }
  if (hasNoise)
  {
    text += text.empty() ? "" : ",";
    text += std::string(NoiseName) + '=' + (this->IsNoiseKnown() ? arssr::FormatNumber(m_Noise) : Unknown);
    text += m_NoiseKind == Noise::Auto ? "" : ':' + arssr::ToText(m_NoiseKind);
  }
  return text;
}

const ArSSRPointSpread &
ArSSRAcquisition::GetPointSpread(unsigned int axis) const
{
  if (axis >= m_PointSpreads.size())
  {
    itkGenericExceptionMacro("The point spread of axis " << axis << " was requested; axis 0, 1 or 2 is expected.");
  }
  return m_PointSpreads[axis];
}

void
ArSSRAcquisition::SetPointSpread(unsigned int axis, const ArSSRPointSpread & spread)
{
  if (axis >= m_PointSpreads.size())
  {
    itkGenericExceptionMacro("The point spread of axis " << axis << " was set; axis 0, 1 or 2 is expected.");
  }
  m_PointSpreads[axis] = spread;
}

void
ArSSRAcquisition::SetPointSpread(const ArSSRPointSpread & spread)
{
  m_PointSpreads.fill(spread);
}

void
ArSSRAcquisition::SetNoise(double deviation, Noise kind)
{
  if (deviation != AutomaticNoise && !(deviation >= 0.0 && std::isfinite(deviation)))
  {
    itkGenericExceptionMacro("The standard deviation of the noise is "
                             << deviation << "; a finite number of at least 0 is expected, or " << AutomaticNoise
                             << " if it is unknown.");
  }
  m_Noise = deviation;
  m_NoiseKind = kind;
}

ArSSRAcquisition
ArSSRAcquisition::WithGaussianWidths(const SpacingType & fwhm) const
{
  ArSSRAcquisition result = *this;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    // Negated, so that NaN is refused.
    if (!(fwhm[axis] >= 0.0) || !std::isfinite(fwhm[axis]))
    {
      itkGenericExceptionMacro("The full widths at half maximum are "
                               << fwhm << " mm; finite numbers are expected: positive, or 0 to use the spacing.");
    }
    if (fwhm[axis] == 0.0)
    {
      continue;
    }
    // Neither setting takes precedence: a scan simulated with the wrong one looks plausible.
    if (m_PointSpreads[axis] != ArSSRPointSpread())
    {
      itkGenericExceptionMacro("The full width at half maximum along axis "
                               << AxisNames[axis] << " is " << fwhm[axis] << " mm, but the acquisition '"
                               << this->ToText() << "' also has a point spread along it. Set only one of them.");
    }
    result.m_PointSpreads[axis] = ArSSRPointSpread::Gaussian(fwhm[axis]);
  }
  return result;
}

ArSSRAcquisition
ArSSRAcquisition::Resolved(const SpacingType & spacing) const
{
  ArSSRAcquisition resolved = *this;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    resolved.m_PointSpreads[axis] = m_PointSpreads[axis].Resolved(spacing[axis]);
  }
  return resolved;
}

std::ostream &
operator<<(std::ostream & out, const ArSSRAcquisition & acquisition)
{
  return out << acquisition.ToText();
}
} // end namespace itk
