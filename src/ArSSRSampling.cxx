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

#include "ArSSRFeatureGradient.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

namespace itk::arssr
{
namespace
{
using Coordinates = ArSSRModelEnums::Coordinates;
using Padding = ArSSRModelEnums::Padding;

std::int64_t
GetNumberOfCoordinates(const SamplingOptions & options)
{
  return options.coordinates == Coordinates::Local ? 6 : 3;
}

void
WriteCoordinates(const double * sample, const GridIndex & imageSize, const SamplingOptions & options, float * row)
{
  for (int axis = 0; axis < 3; ++axis)
  {
    row[axis] = GetAxisCoordinate(sample[axis], options.coordinates, imageSize[axis]);
    if (options.coordinates == Coordinates::Local)
    {
      row[3 + axis] = static_cast<float>(options.voxelSize[axis]);
    }
  }
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
SampleOnCPU(const FeatureTile & tile, const at::Tensor & samples, const SamplingOptions & options, at::Tensor & result)
{
  const std::int64_t channels = tile.features.size(3);
  const std::int64_t stride = tile.features.stride(2); // more than the channels where these are padded
  const std::int64_t columns = result.size(1);
  const float *      features = tile.features.const_data_ptr<float>();
  const double *     firstSample = samples.const_data_ptr<double>();
  float *            firstRow = result.mutable_data_ptr<float>();
  // Enough rows for a thread to be worth its start; inside a parallel region all run on the thread that is there.
  constexpr std::int64_t grain = 1024;
  at::parallel_for(0, samples.size(0), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t k = begin; k < end; ++k)
    {
      const double * sample = firstSample + 3 * k;
      float *        row = firstRow + columns * k;
      std::fill_n(row, channels, 0.0F);
      for (const CornerSample & corner : SampleCorners(tile, sample, options.padding))
      {
        if (corner.weight != 0.0F) // also keeps voxels outside the image, and so outside the tile, from being read
        {
          AddWeighted(row, features + corner.voxel * stride, corner.weight, channels);
        }
      }
      WriteCoordinates(sample, tile.imageSize, options, row + channels);
    }
  });
}
} // namespace


std::array<CornerSample, 8>
SampleCorners(const FeatureTile & tile, const double * sample, Padding padding)
{
  std::array<AxisSample, 3> axes;
  for (int axis = 0; axis < 3; ++axis)
  {
    axes[axis] = GetAxisSample(sample[axis], padding, tile.imageSize[axis], tile.origin[axis]);
  }
  std::array<CornerSample, 8> corners;
  for (int corner = 0; corner < 8; ++corner)
  {
    float        weight = 1.0F;
    std::int64_t voxel = 0;
    for (int axis = 0; axis < 3; ++axis)
    {
      const int high = (corner >> (2 - axis)) & 1;
      weight *= axes[axis].weight[high];
      voxel = voxel * tile.features.size(axis) + axes[axis].voxel[high];
    }
    corners[corner] = { voxel, weight };
  }
  return corners;
}


at::Tensor
SampleFeatures(const FeatureTile & tile, const at::Tensor & samples, const SamplingOptions & options)
{
  if (!tile.features.is_cpu() || tile.features.scalar_type() != at::kFloat)
  {
    return SampleFeaturesReference(tile, samples, options);
  }
  if (tile.features.requires_grad())
  {
    return SampleFeaturesWithGradient(tile, samples, options);
  }
  at::Tensor result =
    at::empty({ samples.size(0), tile.features.size(3) + GetNumberOfCoordinates(options) }, tile.features.options());
  SampleOnCPU(tile, samples, options, result);
  return result;
}


at::Tensor
SampleFeaturesReference(const FeatureTile & tile, const at::Tensor & samples, const SamplingOptions & options)
{
  const auto       device = tile.features.device();
  const at::Tensor points = samples.to(device);
  const auto       vector = [&points](const auto & values, at::ScalarType type) {
    return at::tensor(at::makeArrayRef(values)).to(points.device(), type);
  };
  const at::Tensor size = vector(tile.imageSize, at::kDouble);
  const at::Tensor lastInImage = size.to(at::kLong) - 1;
  const at::Tensor base = points.floor();
  const at::Tensor fraction = (points - base).to(at::kFloat);
  const at::Tensor voxel = base.to(at::kLong);

  const GridIndex  tileExtent{ tile.features.size(0), tile.features.size(1), tile.features.size(2) };
  const at::Tensor lastInTile = vector(tileExtent, at::kLong) - 1;
  const at::Tensor strides = vector(GridIndex{ tileExtent[1] * tileExtent[2], tileExtent[2], 1 }, at::kLong);
  const at::Tensor flat = tile.features.flatten(0, 2); // [voxel, channel]

  at::Tensor sum = at::zeros({ samples.size(0), tile.features.size(3) }, tile.features.options().dtype(at::kFloat));
  for (int corner = 0; corner < 8; ++corner)
  {
    const at::Tensor high = vector(GridIndex{ (corner >> 2) & 1, (corner >> 1) & 1, corner & 1 }, at::kLong);
    const at::Tensor position = voxel + high;
    const at::Tensor inImage = at::minimum(position.clamp_min(0), lastInImage);
    at::Tensor       weight = at::where(high.eq(1), fraction, 1.0F - fraction).prod(1);
    if (options.padding == Padding::Zeros)
    {
      weight = weight * position.eq(inImage).all(1);
    }
    const at::Tensor inTile = at::minimum((inImage - vector(tile.origin, at::kLong)).clamp_min(0), lastInTile);
    sum = sum + flat.index_select(0, (inTile * strides).sum(1)) * weight.unsqueeze(1);
  }
  if (options.coordinates == Coordinates::Image)
  {
    return at::cat({ sum, ((2.0 * points + 1.0) / size - 1.0).to(at::kFloat) }, 1);
  }
  const at::Tensor local = (2.0 * (points - (points + (0.5 + HalfwayTolerance)).floor())).to(at::kFloat);
  const at::Tensor voxelSize = vector(options.voxelSize, at::kFloat).expand_as(local);
  return at::cat({ sum, local, voxelSize }, 1);
}
} // namespace itk::arssr
