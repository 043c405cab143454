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
#include "acquisition/ArSSRLanczos.h"

#include "itkMath.h"

#include <algorithm>
#include <cmath>

namespace itk::arssr
{
namespace
{
/** The kernel before it is stretched: sinc(d) under the window sinc(d/3), 0 from the third zero on. */
double
Lanczos(double distance)
{
  if (std::abs(distance) >= LanczosLobes)
  {
    return 0.0;
  }
  const double angle = Math::pi * distance;
  // The limit at 0, where the quotient is 0/0; up to here the kernel differs from 1 by less than double precision
  // shows.
  if (std::abs(angle) < 1e-8)
  {
    return 1.0;
  }
  // sinc(d) sinc(d/3) = 3 sin(3t) sin(t) / angle² for t = angle / 3, and sin(3t) = 3 sin t - 4 sin³ t: one sine
  // instead of two.
  const double sine = std::sin(angle / 3.0);
  return 3.0 * (3.0 - 4.0 * sine * sine) * sine * sine / (angle * angle);
}
} // namespace


void
LanczosWeights(double position, double width, SizeValueType size, ArSSRAxisWeights & result)
{
  const double reach = LanczosLobes * width;
  const auto   begin = static_cast<IndexValueType>(std::ceil(position - reach));
  const auto   last = static_cast<IndexValueType>(std::floor(position + reach));
  const auto   end = static_cast<IndexValueType>(size) - 1;
  result.first = std::clamp<IndexValueType>(begin, 0, end);
  result.weights.assign(static_cast<std::size_t>(std::clamp<IndexValueType>(last, 0, end) - result.first + 1), 0.0);

  double sum = 0.0;
  // Taps beyond an end are folded onto the end sample: the sum is that over an image whose end samples go on for ever,
  // so that a tap is never lost and the interpolation is continuous across the ends.
  for (IndexValueType sample = begin; sample <= last; ++sample)
  {
    const double weight = Lanczos((position - static_cast<double>(sample)) / width);
    result.weights[static_cast<std::size_t>(std::clamp<IndexValueType>(sample, 0, end) - result.first)] += weight;
    sum += weight;
  }
  // The windowed kernel alone sums to 1 only approximately, depending on the phase: a constant would come back with a
  // ripple.
  for (double & weight : result.weights)
  {
    weight /= sum;
  }
}
} // namespace itk::arssr
