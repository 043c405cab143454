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
#include "network/ArSSRSampling.h"

#include "network/ArSSRFeatureGradient.h"

#include <ATen/ATen.h>

#include <vector>

namespace itk::arssr
{
namespace
{
using Coordinates = ArSSRModelEnums::Coordinates;
using Padding = ArSSRModelEnums::Padding;
} // namespace


at::Tensor
SampleFeatures(const FeatureTile & tile, const at::Tensor & samples, const SamplingOptions & options)
{
  const at::Tensor & features = tile.features;
  if (!features.is_cpu() || features.scalar_type() != at::kFloat)
  {
    return SampleFeaturesReference(tile, samples, options);
  }
  FeatureLayout layout;
  layout.origin = tile.origin;
  layout.imageSize = tile.imageSize;
  // With a gradient the features are made contiguous; without, the voxel stride skips padding channels and nothing is
  // copied.
  if (features.requires_grad())
  {
    return SampleRowsWithGradient(
      features.unsqueeze(0).contiguous(), samples.unsqueeze(0).contiguous(), layout, { options });
  }
  layout.extent = { features.size(0), features.size(1), features.size(2) };
  layout.channels = features.size(3);
  layout.voxelStride = features.stride(2);
  at::Tensor rows = at::empty({ samples.size(0), GetRowSize(layout.channels, options) }, features.options());
  GatherFeatureRows(layout,
                    features.const_data_ptr<float>(),
                    { samples.const_data_ptr<double>(), samples.size(0), { options } },
                    rows.mutable_data_ptr<float>());
  return rows;
}


at::Tensor
SampleFeaturesReference(const FeatureTile & tile, const at::Tensor & samples, const SamplingOptions & options)
{
  const at::Tensor points = samples.to(tile.features.device());
  // Positions stay in double precision until the fraction is taken: float32 has steps of 3e-5 above an index of 256.
  const at::Tensor base = points.floor();
  const at::Tensor fraction = (points - base).to(at::kFloat);
  const at::Tensor flat = tile.features.flatten(0, 2); // [voxel, channel]

  at::Tensor sum = at::zeros({ samples.size(0), tile.features.size(3) }, tile.features.options().dtype(at::kFloat));
  for (int corner = 0; corner < 8; ++corner)
  {
    // All samples at one of the eight corners at a time, z in bit 2 and x in bit 0: the order of GatherFeatureRows().
    at::Tensor weight = at::ones({ samples.size(0) }, fraction.options());
    at::Tensor voxel = at::zeros({ samples.size(0) }, fraction.options().dtype(at::kLong));
    for (int axis = 0; axis < 3; ++axis)
    {
      const int        high = (corner >> (2 - axis)) & 1;
      const at::Tensor position = base.select(1, axis).to(at::kLong) + high;
      const at::Tensor inImage = position.clamp(0, tile.imageSize[axis] - 1);
      const at::Tensor part = fraction.select(1, axis);
      weight = weight * (high == 1 ? part : 1.0F - part);
      if (options.padding == Padding::Zeros)
      {
        weight = weight * position.eq(inImage);
      }
      const std::int64_t extent = tile.features.size(axis);
      // The clamp is for corners without weight, which may lie outside the tile: index_select() refuses such a number.
      voxel = voxel * extent + (inImage - tile.origin[axis]).clamp(0, extent - 1);
    }
    // The float32 weight promotes features of half the width: products and sum are in single precision.
    sum = sum + flat.index_select(0, voxel) * weight.unsqueeze(1);
  }

  std::vector<at::Tensor> columns{ sum };
  for (int axis = 0; axis < 3; ++axis)
  {
    const at::Tensor point = points.select(1, axis);
    const at::Tensor coordinate = options.coordinates == Coordinates::Local
                                    ? 2.0 * (point - (point + (0.5 + HalfwayTolerance)).floor())
                                    : (2.0 * point + 1.0) / static_cast<double>(tile.imageSize[axis]) - 1.0;
    columns.push_back(coordinate.to(at::kFloat).unsqueeze(1));
  }
  for (int axis = 0; options.coordinates == Coordinates::Local && axis < 3; ++axis)
  {
    columns.push_back(at::full({ samples.size(0), 1 }, options.voxelSize[axis], sum.options()));
  }
  return at::cat(columns, 1);
}
} // namespace itk::arssr
