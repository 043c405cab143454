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
#include "cpu/ArSSRCpuPointSampler.h"

#include "network/ArSSRInterpolationSkip.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace itk::arssr
{
CpuPointSampler::CpuPointSampler(const CpuDecodeContext & context)
  : CpuSpanSampler(context)
  , m_Samples(at::empty({ static_cast<std::int64_t>(MaximumCount), 3 }, at::kDouble))
{}

std::int64_t
CpuPointSampler::GetScratchBytes(const CpuPerceptron & perceptron)
{
  // For each voxel a row of the MLP's input, an intensity and a position.
  const std::int64_t floats =
    PaddedChannels(perceptron.GetFeatureDimension()) + perceptron.GetNumberOfCoordinates() + 1;
  return static_cast<std::int64_t>(MaximumCount) *
         (static_cast<std::int64_t>(sizeof(float)) * floats + 3 * static_cast<std::int64_t>(sizeof(double)));
}

void
CpuPointSampler::Fill(const OutputSpan & span, float * first, float * interpolated)
{
  const auto       count = static_cast<std::int64_t>(span.count);
  const at::Tensor samples = m_Samples.narrow(0, 0, count);
  auto             values = samples.accessor<double, 2>();
  auto             index = span.start;
  // Positions stay in double precision until their fraction is taken: in single precision a wide image leaves few bits
  // for it, and both sides of a tile's border must agree on the voxel.
  for (std::int64_t n = 0; n < count; ++n, ++index[0])
  {
    const GridLengths sample = ToGridLengths(m_Context.indexMap.Evaluate(index));
    for (int axis = 0; axis < 3; ++axis)
    {
      values[n][axis] = sample[axis];
    }
  }
  // Without the padding of the channels: the coordinates follow the features directly, as in the first layer's weights.
  // The copy of the tile shares the memory of its tensors.
  FeatureTile tile = m_Context.tile;
  tile.features = tile.features.narrow(3, 0, m_Context.perceptron.GetFeatureDimension());
  const at::Tensor rows = SampleFeatures(tile, samples, m_Context.sampling);
  m_Context.perceptron.ApplyFirstWithCoordinates(rows.const_data_ptr<float>(), rows.size(1), count, first);
  if (m_Context.skip == ArSSRModelEnums::Skip::None)
  {
    std::fill_n(interpolated, count, 0.0F);
    return;
  }
  const at::Tensor intensities = InterpolateIntensities(m_Context.tile, samples, m_Context.skip);
  std::copy_n(intensities.const_data_ptr<float>(), count, interpolated);
}
} // namespace itk::arssr
