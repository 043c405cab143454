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
#include "acquisition/ArSSRRicianMoments.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace itk::arssr
{
namespace
{
constexpr double Pi = 3.14159265358979323846;

/** The table ends at this signal, in deviations of the noise: from there on a magnitude has the deviation of the noise
 * to within 0.2 %. Steps of 0.02 make linear interpolation as good. */
constexpr double LargestSignal = 12.0;
constexpr int    Steps = 600;

/** Modified Bessel function of the first kind of an integer order, times exp(-x) so that it does not overflow: its
 * integral over a period, by the trapezoidal rule, which converges geometrically for a periodic function. (libc++ has
 * no std::cyl_bessel_i.) */
double
GetScaledBessel(int order, double x)
{
  constexpr int points = 400;
  double        sum = 0.0;
  for (int i = 0; i < points; ++i)
  {
    const double angle = 2.0 * Pi * i / points;
    sum += std::exp(x * (std::cos(angle) - 1.0)) * std::cos(order * angle);
  }
  return sum / points;
}

struct Entry
{
  double ratio;
  double factor;
};

/** By increasing ratio. Koay and Basser 2006, equations 3 to 6: mean and variance of a Rician magnitude whose noise has
 * a deviation of 1, from I0 and I1 at signal² / 4. */
std::vector<Entry>
MakeTable()
{
  std::vector<Entry> table;
  for (int i = 0; i <= Steps; ++i)
  {
    const double signal = LargestSignal * i / Steps;
    const double square = signal * signal;
    const double mean = std::sqrt(0.5 * Pi) * ((1.0 + 0.5 * square) * GetScaledBessel(0, 0.25 * square) +
                                               0.5 * square * GetScaledBessel(1, 0.25 * square));
    // The second moment of a Rician magnitude is signal² + 2σ², so that the mean alone is left to compute.
    const double deviation = std::sqrt(2.0 + square - mean * mean);
    table.push_back({ mean / deviation, 1.0 / deviation });
  }
  return table;
}
} // namespace

double
GetRicianFactor(double ratio)
{
  // Made once, at the first call: initialisation of a local static is safe in several threads.
  static const std::vector<Entry> table = MakeTable();
  // No signal gives less than 1.91; a window that shows less does so by chance, and is background.
  if (ratio <= table.front().ratio)
  {
    return table.front().factor;
  }
  const auto above =
    std::find_if(table.begin(), table.end(), [ratio](const Entry & entry) { return entry.ratio > ratio; });
  if (above == table.end())
  {
    return 1.0;
  }
  const Entry & below = *(above - 1);
  return below.factor + (ratio - below.ratio) / (above->ratio - below.ratio) * (above->factor - below.factor);
}
} // namespace itk::arssr
