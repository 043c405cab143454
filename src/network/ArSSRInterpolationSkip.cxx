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
#include "network/ArSSRInterpolationSkip.h"

#include "network/ArSSRSkipTaps.h"
#include "platform/ArSSRCpuParallel.h"

#include <ATen/ATen.h>

#include <array>

namespace itk::arssr
{
namespace
{
using Skip = ArSSRModelEnums::Skip;

// Separable: taps along x give a line's value, lines a plane's, planes the sample's. The cubic takes 64 + 16 + 4
// multiplications this way, rather than three for each of its 64 weights. The order of the sums is fixed, so that a
// tile gives the bits of the whole image.
float
InterpolateAt(const FeatureTile & tile, const float * intensities, const double * sample, Skip skip)
{
  const int               taps = GetNumberOfSkipTaps(skip);
  std::array<SkipTaps, 3> axes;
  for (int axis = 0; axis < 3; ++axis)
  {
    axes[axis] = GetSkipTaps(skip, sample[axis], tile.imageSize[axis], tile.lowResolutionOrigin[axis]);
  }
  // Strides of the tile, whereas GetSkipTaps() clamps to the image: a tap beyond the image reads the border in the
  // tile.
  const std::int64_t lines = tile.lowResolution.size(1);
  const std::int64_t lineSize = tile.lowResolution.size(2);
  float              sum = 0.0F;
  for (int z = 0; z < taps; ++z)
  {
    float plane = 0.0F;
    for (int y = 0; y < taps; ++y)
    {
      const float * values = intensities + (axes[0].voxel[z] * lines + axes[1].voxel[y]) * lineSize;
      float         line = 0.0F;
      for (int x = 0; x < taps; ++x)
      {
        line += axes[2].weight[x] * values[axes[2].voxel[x]];
      }
      plane += axes[1].weight[y] * line;
    }
    sum += axes[0].weight[z] * plane;
  }
  return sum;
}
} // namespace


at::Tensor
InterpolateIntensities(const FeatureTile & tile, const at::Tensor & samples, Skip skip)
{
  if (!tile.lowResolution.is_cpu())
  {
    return InterpolateIntensitiesReference(tile, samples, skip);
  }
  // LR intensities and positions are data and have no gradient, so that plain memory will do.
  at::Tensor             result = at::empty({ samples.size(0) }, tile.lowResolution.options());
  const float *          intensities = tile.lowResolution.const_data_ptr<float>();
  const double *         firstSample = samples.const_data_ptr<double>();
  float *                values = result.mutable_data_ptr<float>();
  constexpr std::int64_t grain = 1024; // enough samples to outweigh the start of a thread
  ForEachRangeInParallel(TorchsThreads, samples.size(0), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t k = begin; k < end; ++k)
    {
      values[k] = InterpolateAt(tile, intensities, firstSample + 3 * k, skip);
    }
  });
  return result;
}


at::Tensor
InterpolateIntensitiesReference(const FeatureTile & tile, const at::Tensor & samples, Skip skip)
{
  // The definition: the sum of all taps³ products, one for all samples at a time, so that a device needs little memory.
  const int                                              taps = GetNumberOfSkipTaps(skip);
  const at::Tensor                                       points = samples.to(tile.lowResolution.device());
  const at::Tensor                                       base = points.floor();
  const at::Tensor                                       fraction = (points - base).to(at::kFloat);
  std::array<at::Tensor, MaximumSkipTaps>                weights; // [K, 3] each
  std::array<std::array<at::Tensor, 3>, MaximumSkipTaps> positions;
  GetSkipWeights(skip, fraction, weights.data());
  for (int tap = 0; tap < taps; ++tap)
  {
    for (int axis = 0; axis < 3; ++axis)
    {
      const at::Tensor voxel = base.select(1, axis).to(at::kLong) + (tap - (taps / 2 - 1));
      positions[tap][axis] = voxel.clamp(0, tile.imageSize[axis] - 1) - tile.lowResolutionOrigin[axis];
    }
  }
  at::Tensor sum = at::zeros({ samples.size(0) }, tile.lowResolution.options());
  for (int z = 0; z < taps; ++z)
  {
    for (int y = 0; y < taps; ++y)
    {
      for (int x = 0; x < taps; ++x)
      {
        const at::Tensor weight = weights[z].select(1, 0) * weights[y].select(1, 1) * weights[x].select(1, 2);
        const at::Tensor plane = positions[z][0] * tile.lowResolution.size(1) + positions[y][1];
        const at::Tensor flat = plane * tile.lowResolution.size(2) + positions[x][2];
        sum = sum + tile.lowResolution.flatten().index_select(0, flat) * weight;
      }
    }
  }
  return sum;
}
} // namespace itk::arssr
