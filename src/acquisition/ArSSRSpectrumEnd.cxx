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
#include "acquisition/ArSSRSpectrumEnd.h"

#include <algorithm>
#include <cmath>

// Every bin is tried as an end: the level four bins apart, the width of the main lobe of Hann's window, is compared
// with what straight lines fitted on both sides explain. The largest excess wins. Its place is then refined to a share
// of a bin, as the -3 dB point below the line in front of it.
namespace itk::arssr
{
namespace
{
/** Powers below this share of the largest, -90 dB, are raised to it: they may be rounding alone, whose slopes mean
 * nothing. */
constexpr double LeastPower = 1e-9;

/** A straight line through some of the levels. */
struct Line
{
  double slope; // dB a bin
  double level; // dB at bin 0

  double
  operator()(double bin) const
  {
    return level + slope * bin;
  }
};

/** \param first and last bin, of which there must be two or more. */
Line
FitLine(const std::vector<double> & levels, int first, int last)
{
  const double count = last - first + 1;
  const double middle = 0.5 * (first + last);
  double       mean = 0.0;
  double       products = 0.0;
  double       squares = 0.0;
  for (int bin = first; bin <= last; ++bin)
  {
    const double level = levels[static_cast<std::size_t>(bin)];
    mean += level / count;
    products += (bin - middle) * level;
    squares += (bin - middle) * (bin - middle);
  }
  // Least squares. Bins are centred, so that slope and mean do not depend on each other.
  const double slope = products / squares;
  return { slope, mean - slope * middle };
}
} // namespace

SpectrumEnd
FindSpectrumEnd(const std::vector<double> & power)
{
  constexpr double halfPower = 3.0103; // dB

  // Of a spectrum of zeros all levels are -inf and all drops NaN, which are above no other drop: it has no end.
  const double        least = LeastPower * *std::max_element(power.begin(), power.end());
  std::vector<double> levels;
  levels.reserve(power.size());
  for (const double value : power)
  {
    levels.push_back(10.0 * std::log10(std::max(value, least)));
  }
  const auto at = [&levels](int bin) {
    return levels[static_cast<std::size_t>(bin)];
  };
  const int   nyquist = static_cast<int>(power.size()) - 1;
  const int   reach = nyquist < 32 ? 4 : 6; // bins on each side that tell the slope
  const int   lowest = nyquist / 4;
  SpectrumEnd found{ 0.0, 1.0 };
  int         end = 0;
  for (int bin = lowest + 2 + HannSmear; bin <= nyquist - HannSmear; ++bin)
  {
    // Bins 0 and 1 are left out of the fit: the parts' means were taken away, and Hann's window spreads what that does
    // to bin 0 over bin 1.
    const int    before = bin - HannSmear;
    const int    after = bin + HannSmear;
    const double slopeBefore = -FitLine(levels, std::max(before - reach, 2), before).slope;
    const int    last = std::min(after + reach, nyquist);
    // Beside the Nyquist frequency there may be too few bins for a line: then the part behind the end is taken to be
    // flat.
    const double slopeAfter = last - after >= 2 ? -FitLine(levels, after, last).slope : 0.0;
    // The steeper of both slopes is granted to the four bins: a spectrum that bends downwards under a blur is not an
    // end. A rise is not granted.
    const double drop = at(before) - at(after) - 2.0 * HannSmear * std::max({ slopeBefore, slopeAfter, 0.0 });
    if (drop > found.drop)
    {
      found.drop = drop;
      end = bin;
    }
  }
  if (end == 0)
  {
    return found;
  }
  // The end is where power is half of what the line before it predicts. That line stops two smears before the end, as
  // the window makes an edge begin earlier. A rising one is replaced by its value there, or it would run away upwards.
  const int before = end - 2 * HannSmear;
  Line      expected = FitLine(levels, std::max(before - reach + HannSmear, 1), before);
  if (expected.slope > 0.0)
  {
    expected = { 0.0, expected(before) };
  }
  found.position = static_cast<double>(end) / nyquist;
  for (int bin = before; bin < nyquist; ++bin)
  {
    const double above = at(bin) - expected(bin) + halfPower;
    const double below = at(bin + 1) - expected(bin + 1) + halfPower;
    if (above >= 0.0 && below < 0.0)
    {
      found.position = (bin + above / (above - below)) / nyquist;
      break;
    }
  }
  return found;
}
} // namespace itk::arssr
