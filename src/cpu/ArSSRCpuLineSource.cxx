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
#include "ArSSRCpuLineSource.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace itk::arssr
{
namespace
{
using Coordinates = ArSSRModelEnums::Coordinates;

// Largest number of LR voxels, for each voxel of an output plane, for which lines cost no more than single voxels do.
constexpr double MostLinesPerVoxel = 1.05;

// LR voxels of the largest part of a line: an output voxel is not larger than this, in LR voxels.
constexpr double LargestVoxel = 2.0;
constexpr auto   LargestPart = static_cast<std::int64_t>(CpuRowSource::MaximumCount * LargestVoxel) + 2;

// Intensities that its interpolation reads: some on either side.
constexpr std::int64_t LargestSkipLine = LargestPart + std::int64_t{ 2 } * MaximumSkipTaps;
} // namespace

bool
CpuLineSource::IsFaster(const ArSSRIndexMap & indexMap)
{
  const auto size = indexMap.GetVoxelSize();
  return indexMap.IsAxisAligned() && size[0] * size[1] <= MostLinesPerVoxel && size[0] <= LargestVoxel;
}

CpuLineSource::CpuLineSource(const CpuDecodeJob & job)
  : CpuRowSource(job)
  , m_Bias(static_cast<std::size_t>(job.perceptron.GetFirstColumns()))
{}

std::int64_t
CpuLineSource::GetScratchBytes(const Network & network)
{
  const Architecture & architecture = network.GetArchitecture();
  return static_cast<std::int64_t>(sizeof(float)) * LargestPart *
         (3 * CpuPerceptron::GetFirstColumnsBound(architecture) + PaddedChannels(architecture.featureDimension));
}

void
CpuLineSource::Move(double z, const Part & part)
{
  if (z == m_Z && part == m_Part)
  {
    return;
  }
  m_Z = z;
  m_Part = part;
  m_ZSample = GetAxisSample(z, m_Job.sampling.padding, m_Job.tile.imageSize[0], m_Job.tile.origin[0]);
  const auto voxels = static_cast<std::size_t>(part.size);
  for (Line & line : m_Lines)
  {
    line.y = -1;
    line.values.resize(voxels * m_Bias.size());
  }
  m_Features.resize(voxels * static_cast<std::size_t>(m_Job.tile.features.size(3)));
  m_Row.resize(voxels * m_Bias.size());
}

const float *
CpuLineSource::GetLine(std::int64_t y)
{
  // Neighbours along y have different places; a line that is needed no more gives way.
  Line & line = m_Lines[static_cast<std::size_t>(y % 2)];
  if (line.y != y)
  {
    const at::Tensor & features = m_Job.tile.features;
    const std::int64_t channels = features.size(3);
    const auto         at = [&](std::int64_t z) {
      return features.const_data_ptr<float>() +
             ((z * features.size(1) + y) * features.size(2) + m_Part.begin) * channels;
    };
    RowBlend blend;
    blend.count = m_Part.size * channels;
    blend.row0 = at(m_ZSample.voxel[0]);
    blend.row1 = at(m_ZSample.voxel[1]);
    blend.weight0 = m_ZSample.weight[0];
    blend.weight1 = m_ZSample.weight[1];
    blend.result = m_Features.data();
    m_Job.kernels.blend(blend);
    m_Job.perceptron.ApplyFirst(m_Features.data(), channels, m_Part.size, line.values.data());
    line.y = y;
  }
  return line.values.data();
}

void
CpuLineSource::SetLineBias(double z, double y)
{
  const CpuPerceptron & perceptron = m_Job.perceptron;
  std::copy_n(perceptron.GetBias(), m_Bias.size(), m_Bias.data());
  const auto add = [&](std::int64_t coordinate, float value) {
    const float * weights = perceptron.GetCoordinateWeights(coordinate);
    for (std::size_t column = 0; column < m_Bias.size(); ++column)
    {
      m_Bias[column] += value * weights[column];
    }
  };
  const SamplingOptions & sampling = m_Job.sampling;
  add(0, GetAxisCoordinate(z, sampling.coordinates, m_Job.tile.imageSize[0]));
  add(1, GetAxisCoordinate(y, sampling.coordinates, m_Job.tile.imageSize[1]));
  if (sampling.coordinates == Coordinates::Local)
  {
    for (int axis = 0; axis < 3; ++axis)
    {
      add(3 + axis, static_cast<float>(sampling.voxelSize[axis]));
    }
  }
}

void
CpuLineSource::Fill(const OutputSpan & span, float * first, float * interpolated)
{
  const FeatureTile & tile = m_Job.tile;
  const auto          xSample = [&](double x) {
    return GetAxisSample(x, m_Job.sampling.padding, tile.imageSize[2], tile.origin[2]);
  };
  auto last = span.start;
  last[0] += static_cast<OffsetValueType>(span.count) - 1;
  const auto       start = m_Job.indexMap.Evaluate(span.start);
  const AxisSample ends[2] = { xSample(start[0]), xSample(m_Job.indexMap.Evaluate(last)[0]) };
  const auto       begin = std::min(ends[0].voxel[0], ends[1].voxel[0]);
  const auto       end = std::max(ends[0].voxel[1], ends[1].voxel[1]) + 1;
  this->Move(start[2], { begin, end - begin });

  const AxisSample ySample = GetAxisSample(start[1], m_Job.sampling.padding, tile.imageSize[1], tile.origin[1]);
  RowBlend         alongY;
  alongY.row0 = this->GetLine(ySample.voxel[0]);
  alongY.row1 = ySample.voxel[1] == ySample.voxel[0] ? alongY.row0 : this->GetLine(ySample.voxel[1]);
  alongY.weight0 = ySample.weight[0];
  alongY.weight1 = ySample.weight[1];
  alongY.count = static_cast<std::int64_t>(m_Row.size());
  alongY.result = m_Row.data();
  m_Job.kernels.blend(alongY);

  this->SetLineBias(start[2], start[1]);
  constexpr std::int64_t xCoordinate = 2;
  const std::int64_t     columns = m_Job.perceptron.GetFirstColumns();
  const std::int64_t     activated = m_Job.perceptron.GetActivatedColumns();
  const float *          slope = m_Job.perceptron.GetCoordinateWeights(xCoordinate);
  auto                   index = span.start;
  for (SizeValueType n = 0; n < span.count; ++n, ++index[0], first += columns)
  {
    const double     x = m_Job.indexMap.Evaluate(index)[0];
    const AxisSample sample = xSample(x);
    RowBlend         alongX;
    alongX.weight0 = sample.weight[0];
    alongX.weight1 = sample.weight[1];
    alongX.x = GetAxisCoordinate(x, m_Job.sampling.coordinates, tile.imageSize[2]);
    // The columns that a ReLU follows, then the others.
    for (std::int64_t column = 0; column < columns; column += alongX.count)
    {
      alongX.count = column == 0 ? activated : columns - activated;
      alongX.relu = column == 0;
      alongX.row0 = m_Row.data() + (sample.voxel[0] - m_Part.begin) * columns + column;
      alongX.row1 = m_Row.data() + (sample.voxel[1] - m_Part.begin) * columns + column;
      alongX.bias = m_Bias.data() + column;
      alongX.slope = slope + column;
      alongX.result = first + column;
      m_Job.kernels.blend(alongX);
    }
  }
  if (m_Job.skip == ArSSRModelEnums::Skip::None)
  {
    std::fill_n(interpolated, span.count, 0.0F);
    return;
  }
  this->InterpolateSkip({ start[2], start[1], start[0] }, span, interpolated);
}

void
CpuLineSource::InterpolateSkip(const std::array<double, 3> & start, const OutputSpan & span, float * interpolated) const
{
  const FeatureTile & tile = m_Job.tile;
  const int           taps = GetNumberOfSkipTaps(m_Job.skip);
  const auto          tapsAt = [&](int axis, double position) {
    return GetSkipTaps(m_Job.skip, position, tile.imageSize[axis], tile.lowResolutionOrigin[axis]);
  };
  const SkipTaps z = tapsAt(0, start[0]);
  const SkipTaps y = tapsAt(1, start[1]);
  auto           last = span.start;
  last[0] += static_cast<OffsetValueType>(span.count) - 1;
  const SkipTaps ends[2] = { tapsAt(2, start[2]), tapsAt(2, m_Job.indexMap.Evaluate(last)[0]) };
  const auto     begin = std::min(ends[0].voxel[0], ends[1].voxel[0]);
  const auto     end = std::max(ends[0].voxel[taps - 1], ends[1].voxel[taps - 1]) + 1;

  const float *                      intensities = tile.lowResolution.const_data_ptr<float>();
  const std::int64_t                 lines = tile.lowResolution.size(1);
  const std::int64_t                 lineSize = tile.lowResolution.size(2);
  std::array<float, LargestSkipLine> line{}; // interpolated along z and y
  for (int zTap = 0; zTap < taps; ++zTap)
  {
    for (int yTap = 0; yTap < taps; ++yTap)
    {
      const float   weight = z.weight[zTap] * y.weight[yTap];
      const float * values = intensities + (z.voxel[zTap] * lines + y.voxel[yTap]) * lineSize + begin;
      for (std::int64_t x = 0; x < end - begin; ++x)
      {
        line[x] += weight * values[x];
      }
    }
  }
  auto index = span.start;
  for (SizeValueType n = 0; n < span.count; ++n, ++index[0])
  {
    const SkipTaps x = tapsAt(2, m_Job.indexMap.Evaluate(index)[0]);
    float          sum = 0.0F;
    for (int tap = 0; tap < taps; ++tap)
    {
      sum += x.weight[tap] * line[x.voxel[tap] - begin];
    }
    interpolated[n] = sum;
  }
}
} // namespace itk::arssr
