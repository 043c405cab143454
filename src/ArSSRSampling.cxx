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
#include "ArSSRSampling.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace itk::arssr
{
namespace
{
// One axis of a sample: the voxel below it and the weights of that voxel and the next one, zero outside the image.
struct AxisSample
{
  std::int64_t voxel;
  float        lowWeight;
  float        highWeight;
};

AxisSample
SampleAxis(double continuousIndex, std::int64_t imageSize)
{
  const double base = std::floor(continuousIndex);
  const auto   voxel = static_cast<std::int64_t>(base);
  const auto   fraction = static_cast<float>(continuousIndex - base);
  const bool   lowInside = voxel >= 0 && voxel < imageSize;
  const bool   highInside = voxel + 1 >= 0 && voxel + 1 < imageSize;
  return { voxel, lowInside ? 1.0F - fraction : 0.0F, highInside ? fraction : 0.0F };
}

void
AddWeighted(float * __restrict sum, const float * __restrict feature, float weight, std::int64_t channels)
{
  for (std::int64_t channel = 0; channel < channels; ++channel)
  {
    sum[channel] += weight * feature[channel];
  }
}

void
SampleOnCPU(const FeatureTile & tile, const at::Tensor & samples, at::Tensor & result)
{
  const std::int64_t channels = tile.features.size(3);
  const auto         strides = tile.features.strides();
  const float *      features = tile.features.const_data_ptr<float>();
  const double *     sample = samples.const_data_ptr<double>();
  float *            row = result.mutable_data_ptr<float>();

  for (std::int64_t k = 0; k < samples.size(0); ++k, sample += 3, row += channels + 3)
  {
    std::fill_n(row, channels, 0.0F);
    std::array<AxisSample, 3> axes;
    for (int axis = 0; axis < 3; ++axis)
    {
      axes[axis] = SampleAxis(sample[axis], tile.imageSize[axis]);
      const auto size = static_cast<double>(tile.imageSize[axis]);
      row[channels + axis] = static_cast<float>((2.0 * sample[axis] + 1.0) / size - 1.0);
    }
    for (int corner = 0; corner < 8; ++corner)
    {
      float        weight = 1.0F;
      std::int64_t offset = 0;
      for (int axis = 0; axis < 3; ++axis)
      {
        const int high = (corner >> (2 - axis)) & 1;
        weight *= high == 1 ? axes[axis].highWeight : axes[axis].lowWeight;
        offset += (axes[axis].voxel + high - tile.origin[axis]) * strides[axis];
      }
      if (weight != 0.0F) // also keeps voxels outside the image, and so outside the tile, from being read
      {
        AddWeighted(row, features + offset, weight, channels);
      }
    }
  }
}
} // namespace


at::Tensor
SampleFeatures(const FeatureTile & tile, const at::Tensor & samples)
{
  if (!tile.features.is_cpu())
  {
    return SampleFeaturesReference(tile, samples);
  }
  at::Tensor result = at::empty({ samples.size(0), tile.features.size(3) + 3 }, tile.features.options());
  SampleOnCPU(tile, samples, result);
  return result;
}


at::Tensor
SampleFeaturesReference(const FeatureTile & tile, const at::Tensor & samples)
{
  const auto       device = tile.features.device();
  const at::Tensor points = samples.to(device);
  const auto       vector = [&points](const GridIndex & index, at::ScalarType type) {
    return at::tensor(at::ArrayRef<std::int64_t>(index.data(), index.size())).to(points.device(), type);
  };
  const at::Tensor size = vector(tile.imageSize, at::kDouble);
  const at::Tensor base = points.floor();
  const at::Tensor fraction = (points - base).to(at::kFloat);
  const at::Tensor voxel = base.to(at::kLong);

  const GridIndex  tileExtent{ tile.features.size(0), tile.features.size(1), tile.features.size(2) };
  const at::Tensor lastInTile = vector(tileExtent, at::kLong) - 1;
  const at::Tensor strides = vector({ tileExtent[1] * tileExtent[2], tileExtent[2], 1 }, at::kLong);
  const at::Tensor flat = tile.features.flatten(0, 2); // [voxel, channel]

  at::Tensor sum = at::zeros({ samples.size(0), tile.features.size(3) }, tile.features.options());
  for (int corner = 0; corner < 8; ++corner)
  {
    const at::Tensor high = vector({ (corner >> 2) & 1, (corner >> 1) & 1, corner & 1 }, at::kLong);
    const at::Tensor position = voxel + high;
    const at::Tensor inside = position.ge(0).logical_and(position.lt(size.to(at::kLong))).all(1);
    const at::Tensor weight = at::where(high.eq(1), fraction, 1.0F - fraction).prod(1) * inside;
    const at::Tensor inTile = at::minimum((position - vector(tile.origin, at::kLong)).clamp_min(0), lastInTile);
    sum += flat.index_select(0, (inTile * strides).sum(1)) * weight.unsqueeze(1);
  }
  const at::Tensor coordinates = ((2.0 * points + 1.0) / size - 1.0).to(at::kFloat);
  return at::cat({ sum, coordinates }, 1);
}
} // namespace itk::arssr
