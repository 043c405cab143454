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
#ifndef ArSSRSampleTestHelpers_h
#define ArSSRSampleTestHelpers_h

#include "platform/ArSSRRandom.h"
#include "samples/ArSSRVolume.h"
#include "itkArSSRTrainer.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace itk::arssr::test
{
/** Intensity of a voxel. */
using VoxelFunction = std::function<float(std::int64_t z, std::int64_t y, std::int64_t x)>;

inline Volume
MakeVolume(const GridIndex & size, const VoxelFunction & intensity)
{
  Volume volume;
  volume.size = size;
  for (std::int64_t z = 0; z < size[0]; ++z)
  {
    for (std::int64_t y = 0; y < size[1]; ++y)
    {
      for (std::int64_t x = 0; x < size[2]; ++x)
      {
        volume.voxels.push_back(intensity(z, y, x));
      }
    }
  }
  return volume;
}

/** Squared differences of voxels two apart, over those of neighbours: 2 where edges are steps, 2.5 where a voxel on an
 * edge holds its share of both sides, 4 where all is smooth. */
inline double
GetSmoothness(const std::vector<float> & voxels)
{
  double adjacent = 0.0;
  double apart = 0.0;
  for (std::size_t i = 0; i + 2 < voxels.size(); ++i)
  {
    adjacent += std::pow(voxels[i + 1] - voxels[i], 2.0);
    apart += std::pow(voxels[i + 2] - voxels[i], 2.0);
  }
  return apart / adjacent;
}

/** Intensities in [0, 1) without any order. */
inline VoxelFunction
MakeTexture(std::uint64_t seed)
{
  return [seed](std::int64_t z, std::int64_t y, std::int64_t x) {
    const auto number = static_cast<std::uint64_t>((z * 1000 + y) * 1000 + x);
    return static_cast<float>(Random(seed, RandomStream::ProceduralVolume, number).Uniform());
  };
}

/** An image of these voxels that counts how often it is read. */
inline ArSSRTrainingImage
MakeImage(const std::string &               name,
          const GridIndex &                 size,
          const VoxelFunction &             intensity,
          std::shared_ptr<std::atomic<int>> reads = nullptr)
{
  ArSSRTrainingImage image;
  image.name = name;
  image.size = {
    { static_cast<SizeValueType>(size[2]), static_cast<SizeValueType>(size[1]), static_cast<SizeValueType>(size[0]) }
  };
  image.read = [volume = std::make_shared<Volume>(MakeVolume(size, intensity)), reads](float * buffer) {
    std::copy(volume->voxels.begin(), volume->voxels.end(), buffer);
    if (reads)
    {
      ++*reads;
    }
  };
  return image;
}

/** Intensity that an LR voxel with its centre at an HR continuous index sees: the definition, written out. */
inline double
SimulateVoxel(const Volume & volume, const GridLengths & centre, const GridLengths & fwhm)
{
  std::array<std::vector<double>, 3> weights;
  for (std::size_t axis = 0; axis < 3; ++axis)
  {
    double sum = 0.0;
    for (std::int64_t i = 0; i < volume.size[axis]; ++i)
    {
      const double distance = std::abs(static_cast<double>(i) - centre[axis]);
      const double sigmas = distance / (fwhm[axis] / 2.354820045030949);
      const double profile = fwhm[axis] <= 1.01 ? std::max(1.0 - distance, 0.0)
                             : sigmas <= 4.0    ? std::exp(-0.5 * sigmas * sigmas)
                                                : 0.0;
      weights[axis].push_back(profile);
      sum += profile;
    }
    for (double & weight : weights[axis])
    {
      weight /= sum;
    }
  }
  double      intensity = 0.0;
  std::size_t voxel = 0;
  for (const double z : weights[0])
  {
    for (const double y : weights[1])
    {
      for (const double x : weights[2])
      {
        intensity += z * y * x * volume.voxels[voxel++];
      }
    }
  }
  return intensity;
}
} // namespace itk::arssr::test

#endif
