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
#include "cpu/ArSSRCpuLineSampler.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace itk::arssr
{
namespace
{
using Coordinates = ArSSRModelEnums::Coordinates;

// LR voxels for each voxel of an output plane up to which lines cost no more than single voxels do. By lines, each LR
// voxel of a plane passes the first layer once; voxel by voxel, each output voxel does.
constexpr double MostLinesPerVoxel = 1.05;

// Largest output voxel along x, in LR voxels. IsFaster() leaves grids with larger ones to the other sampler, which
// bounds the part of a line and so the scratch.
constexpr double LargestVoxel = 2.0;

// An upper bound: MaximumCount steps of the largest voxel, and one more LR voxel at either end.
constexpr auto LargestPart = static_cast<std::int64_t>(CpuSpanSampler::MaximumCount * LargestVoxel) + 2;

// Intensities that the interpolation along x reads: the taps reach beyond the part on either side. InterpolateSkip()
// has an array of this size on its stack, which a longer line would overrun.
constexpr std::int64_t LargestSkipLine = LargestPart + std::int64_t{ 2 } * MaximumSkipTaps;
static_assert(MaximumSkipTaps == LineInterpolation::MaximumTaps);
} // namespace

bool
CpuLineSampler::IsFaster(const ArSSRIndexMap & indexMap)
{
  const auto size = indexMap.GetVoxelSize();
  return indexMap.IsAxisAligned() && size[0] * size[1] <= MostLinesPerVoxel && size[0] <= LargestVoxel;
}

CpuLineSampler::CpuLineSampler(const CpuDecodeContext & context)
  : CpuSpanSampler(context)
  , m_Bias(context.perceptron.GetBias(), context.perceptron.GetBias() + context.perceptron.GetFirstColumns())
  , m_LineBias(m_Bias.size())
{
  // Local coordinates are three offsets and then the voxel's size, which no line changes: it goes into the bias once.
  if (context.sampling.coordinates == Coordinates::Local)
  {
    constexpr std::int64_t firstVoxelSize = 3;
    for (int axis = 0; axis < 3; ++axis)
    {
      this->AddCoordinate(m_Bias, firstVoxelSize + axis, static_cast<float>(context.sampling.voxelSize[axis]));
    }
  }
}

std::int64_t
CpuLineSampler::GetScratchBytes(const CpuPerceptron & perceptron)
{
  // First values of two LR lines and of the row between them, and the features of one line.
  return static_cast<std::int64_t>(sizeof(float)) * LargestPart *
           (3 * perceptron.GetFirstColumns() + PaddedChannels(perceptron.GetFeatureDimension())) +
         static_cast<std::int64_t>(MaximumCount * (sizeof(LineBlend::Voxel) + sizeof(LineInterpolation::Voxel)));
}

void
CpuLineSampler::SetPart(const OutputSpan & span)
{
  const FeatureTile & tile = m_Context.tile;
  m_Part.start = span.start[0];
  m_Part.count = span.count;
  m_Part.voxels.clear();
  auto index = span.start;
  for (SizeValueType n = 0; n < span.count; ++n, ++index[0])
  {
    const double     x = m_Context.indexMap.Evaluate(index)[0];
    const AxisSample sample = GetAxisSample(x, m_Context.sampling.padding, tile.imageSize[2], tile.origin[2]);
    // Each voxel's position comes from its own index, never from a running sum: its bits must not depend on the span's
    // start.
    m_Part.voxels.push_back({ sample.voxel[0],
                              sample.voxel[1],
                              sample.weight[0],
                              sample.weight[1],
                              GetAxisCoordinate(x, m_Context.sampling.coordinates, tile.imageSize[2]) });
  }

  // Samples along x only grow or only fall (the output may run against the LR axis), so those at the ends reach
  // furthest.
  const LineBlend::Voxel ends[2] = { m_Part.voxels.front(), m_Part.voxels.back() };
  m_Part.begin = std::min(ends[0].row0, ends[1].row0);
  m_Part.size = std::max(ends[0].row1, ends[1].row1) + 1 - m_Part.begin;
  for (LineBlend::Voxel & voxel : m_Part.voxels)
  {
    voxel.row0 -= m_Part.begin;
    voxel.row1 -= m_Part.begin;
  }
  if (m_Context.skip != ArSSRModelEnums::Skip::None)
  {
    this->SetSkipPart(span);
  }
}

void
CpuLineSampler::SetSkipPart(const OutputSpan & span)
{
  const FeatureTile & tile = m_Context.tile;
  const int           taps = GetNumberOfSkipTaps(m_Context.skip);
  SkipPart &          part = m_SkipPart;
  part.voxels.clear();
  auto index = span.start;
  for (SizeValueType n = 0; n < span.count; ++n, ++index[0])
  {
    // The first tap is the voxel at or below x for two taps, and one voxel lower for four.
    const double             x = m_Context.indexMap.Evaluate(index)[0];
    const double             base = std::floor(x);
    LineInterpolation::Voxel voxel{ static_cast<std::int64_t>(base) - (taps / 2 - 1), {} };
    GetSkipWeights(m_Context.skip, static_cast<float>(x - base), voxel.weights);
    part.voxels.push_back(voxel);
  }

  // Counted from the image's first voxel. Clamped to the image, not to the tile, whose intensities reach as far as the
  // taps do: the border is continued only where the image ends.
  const std::int64_t ends[2] = { part.voxels.front().first, part.voxels.back().first };
  const std::int64_t first = std::min(ends[0], ends[1]);
  const std::int64_t last = std::max(ends[0], ends[1]) + taps - 1;
  const std::int64_t border = tile.imageSize[2] - 1;
  const std::int64_t firstInside = std::clamp<std::int64_t>(first, 0, border);
  const std::int64_t lastInside = std::clamp<std::int64_t>(last, 0, border);
  part.begin = firstInside - tile.lowResolutionOrigin[2];
  part.size = lastInside + 1 - firstInside;
  part.before = firstInside - first;
  part.after = last - lastInside;
  for (LineInterpolation::Voxel & voxel : part.voxels)
  {
    voxel.first -= first;
  }
}

void
CpuLineSampler::Move(const OutputSpan & span, double z)
{
  // The spans of a decoder's unit have the same part along x and the same z: all but the first leave here. m_Z starts
  // as a NaN, which equals no position.
  const bool samePart = span.start[0] == m_Part.start && span.count == m_Part.count;
  if (samePart && z == m_Z)
  {
    return;
  }
  if (!samePart)
  {
    this->SetPart(span);
  }
  m_Z = z;
  m_ZSample = GetAxisSample(z, m_Context.sampling.padding, m_Context.tile.imageSize[0], m_Context.tile.origin[0]);
  const auto voxels = static_cast<std::size_t>(m_Part.size);
  // Lines of another z or part are stale. Vectors keep their capacity, so only the first spans allocate.
  for (Line & line : m_Lines)
  {
    line.y = -1;
    line.values.resize(voxels * m_Bias.size());
  }
  m_Features.resize(voxels * static_cast<std::size_t>(m_Context.tile.features.size(3)));
  m_Row.resize(voxels * m_Bias.size());
}

const float *
CpuLineSampler::GetLine(std::int64_t y)
{
  // Two neighbours along y, of which one is even, never compete for a place, and a line that is not needed any more
  // gives way. So each LR line of a unit is interpolated along z and multiplied by the first layer once, and then
  // serves all output lines between it and its neighbours. Without the two places, each output line would pay for both.
  Line & line = m_Lines[static_cast<std::size_t>(y % 2)];
  if (line.y != y)
  {
    const at::Tensor & features = m_Context.tile.features;
    const std::int64_t channels = features.size(3);
    const auto         at = [&](std::int64_t z) {
      return features.const_data_ptr<float>() +
             ((z * features.size(1) + y) * features.size(2) + m_Part.begin) * channels;
    };
    // A line's voxels and their channels are contiguous, so one blend takes them all.
    RowBlend blend;
    blend.count = m_Part.size * channels;
    blend.row0 = at(m_ZSample.voxel[0]);
    blend.row1 = at(m_ZSample.voxel[1]);
    blend.weight0 = m_ZSample.weight[0];
    blend.weight1 = m_ZSample.weight[1];
    blend.result = m_Features.data();
    m_Context.kernels.blend(blend);
    m_Context.perceptron.ApplyFirst(m_Features.data(), channels, m_Part.size, line.values.data());
    line.y = y;
  }
  return line.values.data();
}

void
CpuLineSampler::AddCoordinate(std::vector<float> & bias, std::int64_t coordinate, float value) const
{
  // A coordinate's part of the first layer: a multiple of its row of weights, as the layer is linear.
  const float * weights = m_Context.perceptron.GetCoordinateWeights(coordinate);
  for (std::size_t column = 0; column < bias.size(); ++column)
  {
    bias[column] += value * weights[column];
  }
}

void
CpuLineSampler::SetLineBias(double z, double y)
{
  const Coordinates coordinates = m_Context.sampling.coordinates;
  // From m_Bias afresh, not from the last line's by a difference: that would round according to the lines before it.
  std::copy(m_Bias.begin(), m_Bias.end(), m_LineBias.begin());
  this->AddCoordinate(m_LineBias, 0, GetAxisCoordinate(z, coordinates, m_Context.tile.imageSize[0]));
  this->AddCoordinate(m_LineBias, 1, GetAxisCoordinate(y, coordinates, m_Context.tile.imageSize[1]));
}

void
CpuLineSampler::Fill(const OutputSpan & span, float * first, float * interpolated)
{
  // Along a line of a parallel grid only x changes, so the first voxel has the y and z of all of them.
  const FeatureTile & tile = m_Context.tile;
  const auto          start = m_Context.indexMap.Evaluate(span.start);
  const double        y = start[1];
  const double        z = start[2];
  this->Move(span, z);

  // A tile's features reach one voxel beyond what it owns, so both neighbours are in it, even one of weight zero. At
  // the image's border both are the same line.
  const AxisSample sample = GetAxisSample(y, m_Context.sampling.padding, tile.imageSize[1], tile.origin[1]);
  RowBlend         alongY;
  alongY.row0 = this->GetLine(sample.voxel[0]);
  alongY.row1 = sample.voxel[1] == sample.voxel[0] ? alongY.row0 : this->GetLine(sample.voxel[1]);
  alongY.weight0 = sample.weight[0];
  alongY.weight1 = sample.weight[1];
  alongY.count = static_cast<std::int64_t>(m_Row.size());
  alongY.result = m_Row.data();
  m_Context.kernels.blend(alongY);

  // Within the line only the coordinate x changes: z, y and the voxel's size are in the bias, and x has a slope. Bias
  // and slope are added after the interpolation, which must not scale them where weights fade towards the border.
  constexpr std::int64_t xCoordinate = 2;
  this->SetLineBias(z, y);
  LineBlend alongX;
  alongX.count = static_cast<std::int64_t>(span.count);
  alongX.voxels = m_Part.voxels.data();
  alongX.columns = m_Context.perceptron.GetFirstColumns();
  alongX.activated = m_Context.perceptron.GetActivatedColumns();
  alongX.rows = m_Row.data();
  alongX.bias = m_LineBias.data();
  alongX.slope = m_Context.perceptron.GetCoordinateWeights(xCoordinate);
  alongX.result = first;
  m_Context.kernels.blendLine(alongX);

  if (m_Context.skip == ArSSRModelEnums::Skip::None)
  {
    std::fill_n(interpolated, span.count, 0.0F);
    return;
  }
  this->InterpolateSkip(z, y, interpolated);
}

void
CpuLineSampler::InterpolateSkip(double z, double y, float * interpolated) const
{
  const FeatureTile & tile = m_Context.tile;
  const int           taps = GetNumberOfSkipTaps(m_Context.skip);
  const auto          tapsAt = [&](int axis, double position) {
    return GetSkipTaps(m_Context.skip, position, tile.imageSize[axis], tile.lowResolutionOrigin[axis]);
  };
  const SkipTaps zTaps = tapsAt(0, z);
  const SkipTaps yTaps = tapsAt(1, y);

  constexpr std::size_t                   MaximumLines = std::size_t{ MaximumSkipTaps } * MaximumSkipTaps;
  std::array<const float *, MaximumLines> values{};
  std::array<float, MaximumLines>         weights{};
  std::array<float, LargestSkipLine>      sums; // NOLINT: the kernel sets what it reads
  LineInterpolation                       interpolation;
  const float * const                     intensities = tile.lowResolution.const_data_ptr<float>() + m_SkipPart.begin;
  // The taps along z and y are one weighted sum of 4 (linear) or 16 (cubic) lines, taken once for the whole line; each
  // voxel then needs only its 2 or 4 taps along x.
  for (int zTap = 0; zTap < taps; ++zTap)
  {
    for (int yTap = 0; yTap < taps; ++yTap, ++interpolation.lines)
    {
      const std::int64_t line = zTaps.voxel[zTap] * tile.lowResolution.size(1) + yTaps.voxel[yTap];
      values[interpolation.lines] = intensities + line * tile.lowResolution.size(2);
      weights[interpolation.lines] = zTaps.weight[zTap] * yTaps.weight[yTap];
    }
  }
  interpolation.values = values.data();
  interpolation.lineWeights = weights.data();
  interpolation.size = m_SkipPart.size;
  interpolation.before = m_SkipPart.before;
  interpolation.after = m_SkipPart.after;
  interpolation.sums = sums.data();
  interpolation.taps = taps;
  interpolation.count = static_cast<std::int64_t>(m_SkipPart.voxels.size());
  interpolation.voxels = m_SkipPart.voxels.data();
  interpolation.result = interpolated;
  m_Context.kernels.interpolateLine(interpolation);
}
} // namespace itk::arssr
