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
#ifndef ArSSRScannedVolume_h
#define ArSSRScannedVolume_h

#include "itkSize.h"

#include "platform/ArSSRRandom.h"

#include <array>
#include <cmath>
#include <vector>

namespace itk::arssr::test
{
/** \brief A magnitude image of an object of random texture, in air, whose k-space was filled with zeros. */
struct ScannedVolume
{
  Size<3>               size{ { 80, 72, 68 } };
  std::array<double, 3> factors{ { 1.0, 1.0, 1.0 } }; // of the grid's Nyquist frequency over the largest acquired one
  double                noise{ 0.0 };                 // standard deviation before k-space is cut, in each part
  bool                  isMasked{ false };            // exact zeros outside the object
  bool                  isRounded{ true };

  /** [z, y, x]; intensities of the object are about 700. */
  std::vector<float>
  Make() const
  {
    std::vector<float> real;
    std::vector<float> imaginary;
    Random             random(7, RandomStream::Sample, 1);
    for (std::size_t voxel = 0; voxel < size[0] * size[1] * size[2]; ++voxel)
    {
      const double texture = 700.0 + 40.0 * random.Normal();
      real.push_back(static_cast<float>((IsObject(voxel) ? texture : 0.0) + noise * random.Normal()));
      imaginary.push_back(static_cast<float>(noise * random.Normal()));
    }
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      LimitBand(real, axis);
      LimitBand(imaginary, axis);
    }
    for (std::size_t voxel = 0; voxel < real.size(); ++voxel)
    {
      const float magnitude = isMasked && !IsObject(voxel) ? 0.0F : std::hypot(real[voxel], imaginary[voxel]);
      real[voxel] = isRounded ? std::round(magnitude) : magnitude;
    }
    return real;
  }

private:
  /** A cylinder along x that does not touch the faces of the volume. */
  bool
  IsObject(std::size_t voxel) const
  {
    const std::size_t x = voxel % size[0];
    const double      y = static_cast<double>(voxel / size[0] % size[1]) / static_cast<double>(size[1]) - 0.5;
    const double      z = static_cast<double>(voxel / size[0] / size[1]) / static_cast<double>(size[2]) - 0.5;
    return x > 3 && x + 4 < size[0] && y * y + z * z < 0.47 * 0.47;
  }

  void
  LimitBand(std::vector<float> & voxels, unsigned int axis) const
  {
    const std::size_t length = size[axis];
    const auto        largest = static_cast<std::size_t>(0.5 * static_cast<double>(length) / factors[axis]);
    if (factors[axis] <= 1.0)
    {
      return;
    }
    std::vector<float> kernel; // by the distance of voxels, around the ends of a line
    for (std::size_t distance = 0; distance < length; ++distance)
    {
      double sum = 1.0;
      for (std::size_t frequency = 1; frequency <= largest; ++frequency)
      {
        sum += 2.0 * std::cos(2.0 * std::acos(-1.0) * static_cast<double>(frequency * distance % length) /
                              static_cast<double>(length));
      }
      kernel.push_back(static_cast<float>(sum / static_cast<double>(length)));
    }
    const std::size_t  step = axis == 0 ? 1 : axis == 1 ? size[0] : size[0] * size[1];
    std::vector<float> line(length);
    for (std::size_t first = 0; first < voxels.size(); ++first)
    {
      if (first / step % length != 0)
      {
        continue;
      }
      for (std::size_t voxel = 0; voxel < length; ++voxel)
      {
        line[voxel] = voxels[first + voxel * step];
      }
      for (std::size_t voxel = 0; voxel < length; ++voxel)
      {
        float sum = 0.0F;
        for (std::size_t other = 0; other < length; ++other)
        {
          sum += line[other] * kernel[voxel < other ? other - voxel : voxel - other];
        }
        voxels[first + voxel * step] = sum;
      }
    }
  }
};
} // namespace itk::arssr::test

#endif
