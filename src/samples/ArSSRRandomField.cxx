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
#include "samples/ArSSRRandomField.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstddef>

namespace itk::arssr
{
namespace
{
/** Enough waves for their sum to look like a Gaussian random field. */
constexpr int NumberOfWaves = 32;

/** Slope per voxel that a field is divided by at least: where it is flat the distance is large, and finite. */
constexpr float SmallestGradient = 1e-4F;

constexpr double Pi = 3.14159265358979323846;

/** A random unit vector. */
std::array<double, 3>
DrawDirection(Random & random)
{
  // The cosine of the polar angle of a uniform direction is uniform (Archimedes); uniform angles would crowd the poles.
  const double cosine = random.Uniform(-1.0, 1.0);
  const double sine = std::sqrt(1.0 - cosine * cosine);
  const double angle = random.Uniform(0.0, 2.0 * Pi);
  return { { cosine, sine * std::cos(angle), sine * std::sin(angle) } };
}

/** One wave along one axis. */
std::vector<std::complex<float>>
MakePhasors(std::int64_t size, double frequency, double phase)
{
  std::vector<std::complex<float>> phasors;
  phasors.reserve(static_cast<std::size_t>(size));
  for (std::int64_t i = 0; i < size; ++i)
  {
    // In double: at the far end the argument is many periods, of which single precision would lose the phase.
    phasors.emplace_back(std::polar(1.0, frequency * static_cast<double>(i) + phase));
  }
  return phasors;
}

void
AddWave(std::vector<float> & field, std::int64_t size, const std::array<double, 3> & frequency, double phase)
{
  const auto         z = MakePhasors(size, frequency[0], phase);
  const auto         y = MakePhasors(size, frequency[1], 0.0);
  const auto         x = MakePhasors(size, frequency[2], 0.0);
  std::vector<float> cosine(x.size());
  std::vector<float> sine(x.size());
  std::transform(x.begin(), x.end(), cosine.begin(), [](const std::complex<float> & phasor) { return phasor.real(); });
  std::transform(x.begin(), x.end(), sine.begin(), [](const std::complex<float> & phasor) { return phasor.imag(); });

  // cos(a + b + c) is the real part of a product of three phasors, so that no trigonometry is left in the loop over
  // voxels: two multiplications and additions per voxel, on rows that stay in the first-level cache. A cosine's mean
  // square is 1/2, so the waves' variances add up to 1.
  const float amplitude = std::sqrt(2.0F / static_cast<float>(NumberOfWaves));
  float *     row = field.data();
  for (const std::complex<float> & slicePhasor : z)
  {
    for (const std::complex<float> & rowPhasor : y)
    {
      const float real = amplitude * (slicePhasor.real() * rowPhasor.real() - slicePhasor.imag() * rowPhasor.imag());
      const float imaginary =
        amplitude * (slicePhasor.real() * rowPhasor.imag() + slicePhasor.imag() * rowPhasor.real());
      for (std::size_t i = 0; i < cosine.size(); ++i)
      {
        row[i] += real * cosine[i] - imaginary * sine[i];
      }
      row += size;
    }
  }
}
} // namespace

std::vector<float>
MakeRandomField(std::int64_t size, double wavelength, double spread, Random & random)
{
  std::vector<float> field(static_cast<std::size_t>(size * size * size), 0.0F);
  for (int wave = 0; wave < NumberOfWaves; ++wave)
  {
    std::array<double, 3> frequency = DrawDirection(random);
    const double          length = 2.0 * Pi / (wavelength * random.Uniform(1.0 - spread, 1.0 + spread));
    for (double & component : frequency)
    {
      component *= length;
    }
    AddWave(field, size, frequency, random.Uniform(0.0, 2.0 * Pi));
  }
  return field;
}

void
ToSignedDistance(std::vector<float> & field, std::int64_t size)
{
  const std::int64_t slice = size * size;
  std::vector<float> previous(field.begin(), field.begin() + slice);
  // Two copied slices take the place of a second field: `previous` and `current` hold slices as they were before they
  // were overwritten; the next one is still intact. Differences span two voxels, and one at the faces.
  std::vector<float> current(static_cast<std::size_t>(slice));
  for (std::int64_t z = 0; z < size; ++z)
  {
    float * out = field.data() + z * slice;
    std::copy_n(out, slice, current.begin());
    const float * next = z + 1 < size ? out + slice : current.data();
    const float   zSpan = z > 0 && z + 1 < size ? 2.0F : 1.0F;
    for (std::int64_t y = 0; y < size; ++y)
    {
      const std::int64_t row = y * size;
      const std::int64_t before = std::max(y - 1, std::int64_t{ 0 }) * size;
      const std::int64_t after = std::min(y + 1, size - 1) * size;
      const float        ySpan = y > 0 && y + 1 < size ? 2.0F : 1.0F;
      for (std::int64_t x = 0; x < size; ++x)
      {
        const std::int64_t left = x > 0 ? x - 1 : 0;
        const std::int64_t right = x + 1 < size ? x + 1 : x;
        const float        dz = (next[row + x] - previous[static_cast<std::size_t>(row + x)]) / zSpan;
        const float        dy =
          (current[static_cast<std::size_t>(after + x)] - current[static_cast<std::size_t>(before + x)]) / ySpan;
        const float dx =
          (current[static_cast<std::size_t>(row + right)] - current[static_cast<std::size_t>(row + left)]) /
          static_cast<float>(right - left);
        out[row + x] = current[static_cast<std::size_t>(row + x)] /
                       std::max(std::sqrt(dz * dz + dy * dy + dx * dx), SmallestGradient);
      }
    }
    previous.swap(current);
  }
}
} // namespace itk::arssr
