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
#include "samples/ArSSRScanNoise.h"

#include <array>
#include <cmath>
#include <cstddef>

namespace itk::arssr
{
namespace
{
using Field = std::vector<float>;

constexpr double Pi = 3.14159265358979323846;

/** Whether noise is correlated between neighbours: the acquired k-space ends below Nyquist's frequency or is windowed.
 */
bool
IsCorrelated(const ArSSRPointSpread & spread)
{
  return spread.GetKind() == ArSSRPointSpread::Kind::Sinc && (spread.GetWidth() > 1.0 || spread.GetTaper() > 0.0);
}

/** Weights at the distances 0 … size - 1 around a circle of `size` voxels that give white noise the spectrum of a
 * window and keep its standard deviation. */
std::vector<double>
GetCircularWeights(const ArSSRPointSpread & spread, std::int64_t size)
{
  std::vector<double> weights;
  double              sumOfSquares = 0.0;
  // The inverse discrete Fourier transform of the window's samples; only cosines, as the window is symmetric.
  for (std::int64_t distance = 0; distance < size; ++distance)
  {
    double weight = 0.0;
    for (std::int64_t k = 0; k < size; ++k)
    {
      // Bins above half are negative frequencies. In cycles per LR voxel, the unit of the spread's width.
      const auto frequency = static_cast<double>(2 * k > size ? k - size : k) / static_cast<double>(size);
      weight += spread.GetModulation(frequency) * std::cos(2.0 * Pi * frequency * static_cast<double>(distance));
    }
    weights.push_back(weight);
    sumOfSquares += weight * weight;
  }
  // White noise of variance 1 gets the sum of squares as its variance: divided by its root, the deviation stays.
  for (double & weight : weights)
  {
    weight /= std::sqrt(sumOfSquares);
  }
  return weights;
}

/** Filters each line along an axis, of which neighbours are `stride` apart. */
void
FilterLines(Field & field, std::int64_t size, std::int64_t stride, const std::vector<double> & weights)
{
  std::vector<double> line(static_cast<std::size_t>(size));
  // A circular convolution: noise is as strong at the faces as inside, at the price of a correlation between opposite
  // faces. Patches are short, 12 to 18 voxels by the recipes, so that a direct sum is cheap.
  const std::int64_t count = static_cast<std::int64_t>(field.size()) / size;
  for (std::int64_t number = 0; number < count; ++number)
  {
    // `stride` lines start next to each other, then a block of stride * size follows.
    float * first = field.data() + number / stride * stride * size + number % stride;
    for (std::int64_t i = 0; i < size; ++i)
    {
      double sum = 0.0;
      for (std::int64_t j = 0; j < size; ++j)
      {
        sum += weights[static_cast<std::size_t>(i >= j ? i - j : i - j + size)] * first[j * stride];
      }
      line[static_cast<std::size_t>(i)] = sum;
    }
    for (std::int64_t i = 0; i < size; ++i)
    {
      first[i * stride] = static_cast<float>(line[static_cast<std::size_t>(i)]);
    }
  }
}

Field
DrawField(std::int64_t size, double deviation, const PatchSpreads & spreads, Random & random)
{
  Field field(static_cast<std::size_t>(size * size * size));
  // White noise first, in order of memory; then each axis is filtered, as a separable k-space window acts.
  for (float & value : field)
  {
    value = static_cast<float>(deviation * random.Normal());
  }
  const std::array<std::int64_t, 3> strides{ { size * size, size, 1 } };
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    if (IsCorrelated(spreads[axis]))
    {
      FilterLines(field, size, strides[axis], GetCircularWeights(spreads[axis], size));
    }
  }
  return field;
}
} // namespace

void
AddScanNoise(std::vector<float> &      patch,
             std::int64_t              size,
             double                    deviation,
             const SampleAcquisition & acquisition,
             Random &                  random)
{
  const Field real = DrawField(size, deviation, acquisition.spreads, random);
  if (!acquisition.rician)
  {
    for (std::size_t i = 0; i < patch.size(); ++i)
    {
      patch[i] += real[i];
    }
    return;
  }
  // The signal is real and the noise of both channels independent: the magnitude of the sum is Rician (Gudbjartsson and
  // Patz, MRM 34, 1995). Overshoots below 0 become positive, as in a magnitude image.
  const Field imaginary = DrawField(size, deviation, acquisition.spreads, random);
  for (std::size_t i = 0; i < patch.size(); ++i)
  {
    const float signal = patch[i] + real[i];
    patch[i] = std::sqrt(signal * signal + imaginary[i] * imaginary[i]);
  }
}
} // namespace itk::arssr
