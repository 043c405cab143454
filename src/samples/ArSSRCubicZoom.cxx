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
#include "samples/ArSSRCubicZoom.h"

#include <array>
#include <cmath>
#include <cstddef>

namespace itk::arssr
{
namespace
{
/** In place: samples to the coefficients of the cubic B-spline through them. */
void
ToCoefficients(std::vector<double> & line)
{
  const std::size_t size = line.size();
  if (size < 2)
  {
    return;
  }
  // The pole of the cubic B-spline's inverse filter, 6 / (z + 4 + 1 / z), and the gain that makes its response to a
  // constant 1. Both recursive filters are stable, as the pole's magnitude is 0.27.
  const double pole = std::sqrt(3.0) - 2.0;
  const double gain = (1.0 - pole) * (1.0 - 1.0 / pole);

  // Causal filter, started with the whole of the mirrored line.
  // A line that is mirrored at its end samples has a period of 2 n - 2; the filter's past is a geometric series over
  // it, summed exactly. Filters that cut it off differ here by their tolerance.
  const std::size_t period = 2 * size - 2;
  double            sum = 0.0;
  double            power = 1.0;
  for (std::size_t i = 0; i < period; ++i)
  {
    sum += power * line[i < size ? i : period - i];
    power *= pole;
  }
  line[0] = gain * sum / (1.0 - power);
  for (std::size_t i = 1; i < size; ++i)
  {
    line[i] = gain * line[i] + pole * line[i - 1];
  }
  // Anticausal filter.
  // Its start follows from the mirror symmetry at the last sample, in closed form.
  line[size - 1] = pole / (pole * pole - 1.0) * (line[size - 1] + pole * line[size - 2]);
  for (std::size_t i = size - 1; i > 0; --i)
  {
    line[i - 1] = pole * (line[i] - line[i - 1]);
  }
}

/** The cubic B-spline at the distances 1 + fraction, fraction, 1 - fraction and 2 - fraction: what the coefficients
 * from one before to two after a position contribute. */
std::array<double, 4>
GetSplineWeights(double fraction)
{
  const double rest = 1.0 - fraction;
  return { { rest * rest * rest / 6.0,
             2.0 / 3.0 - fraction * fraction * (1.0 - fraction / 2.0),
             2.0 / 3.0 - rest * rest * (1.0 - rest / 2.0),
             fraction * fraction * fraction / 6.0 } };
}

/** The sample that an index outside the line stands for; end samples are not repeated. */
std::int64_t
Mirror(std::int64_t index, std::int64_t size)
{
  const std::int64_t last = size - 1;
  if (last == 0)
  {
    return 0;
  }
  const std::int64_t within = ((index % (2 * last)) + 2 * last) % (2 * last);
  return within <= last ? within : 2 * last - within;
}
} // namespace

std::vector<double>
GetCubicZoomWeights(std::int64_t from, std::int64_t to)
{
  std::vector<double> weights(static_cast<std::size_t>(from * to));
  const double        spacing = static_cast<double>(from) / static_cast<double>(to);
  // The zoom is linear: column `sample` of the matrix is what a line gives that is 1 there and 0 elsewhere. The matrix
  // is dense, as the filter has no end.
  for (std::int64_t sample = 0; sample < from; ++sample)
  {
    std::vector<double> line(static_cast<std::size_t>(from), 0.0);
    line[static_cast<std::size_t>(sample)] = 1.0;
    ToCoefficients(line);
    for (std::int64_t i = 0; i < to; ++i)
    {
      // Both grids cover the same field of view from face to face, hence the halves.
      const double       centre = (static_cast<double>(i) + 0.5) * spacing - 0.5;
      const double       below = std::floor(centre);
      const auto         taps = GetSplineWeights(centre - below);
      const std::int64_t first = static_cast<std::int64_t>(below) - 1;
      double             weight = 0.0;
      for (std::int64_t tap = 0; tap < 4; ++tap)
      {
        weight += taps[static_cast<std::size_t>(tap)] * line[static_cast<std::size_t>(Mirror(first + tap, from))];
      }
      weights[static_cast<std::size_t>(i * from + sample)] = weight;
    }
  }
  return weights;
}
} // namespace itk::arssr
