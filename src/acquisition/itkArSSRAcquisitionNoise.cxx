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
#include "itkArSSRAcquisitionNoise.h"

#include "platform/ArSSRRandom.h"

#include <cmath>

namespace itk
{
namespace
{
/** Bits of a voxel's index along an axis in the number of its noise. */
constexpr unsigned int BitsOfAnAxis = 21;

/** Whether noise is white that a point spread, in spacings of the scan, lets through. */
bool
IsWhite(const ArSSRPointSpread & spread)
{
  return spread.GetKind() != ArSSRPointSpread::Kind::Sinc ||
         (spread.GetWidth() <= ArSSRSliceProfile::PointSampleLimit && spread.GetTaper() == 0.0);
}

/** Weights of white noise at the voxels around one, with a sum of squares of 1. */
std::vector<double>
MakeKernel(const ArSSRPointSpread & spread)
{
  const auto          radius = static_cast<IndexValueType>(std::ceil(spread.GetSupportRadius()));
  std::vector<double> kernel;
  double              sumOfSquares = 0.0;
  for (IndexValueType distance = -radius; distance <= radius; ++distance)
  {
    kernel.push_back(spread.Evaluate(static_cast<double>(distance)));
    sumOfSquares += kernel.back() * kernel.back();
  }
  for (double & weight : kernel)
  {
    weight /= std::sqrt(sumOfSquares);
  }
  return kernel;
}

/** Standard normal numbers, a function of the seed, the part and each voxel's index, which may be below 0. */
std::vector<double>
DrawWhite(const ArSSRVoxelBlock::RegionType & region, uint64_t seed, unsigned int part)
{
  constexpr uint64_t  mask = (uint64_t{ 1 } << BitsOfAnAxis) - 1;
  const auto &        first = region.GetIndex();
  const auto &        size = region.GetSize();
  std::vector<double> field;
  field.reserve(region.GetNumberOfPixels());
  for (SizeValueType z = 0; z < size[2]; ++z)
  {
    for (SizeValueType y = 0; y < size[1]; ++y)
    {
      for (SizeValueType x = 0; x < size[0]; ++x)
      {
        uint64_t number = part;
        number = (number << BitsOfAnAxis) | ((static_cast<uint64_t>(first[2]) + z) & mask);
        number = (number << BitsOfAnAxis) | ((static_cast<uint64_t>(first[1]) + y) & mask);
        number = (number << BitsOfAnAxis) | ((static_cast<uint64_t>(first[0]) + x) & mask);
        field.push_back(arssr::Random(seed, arssr::RandomStream::ScanNoise, number).Normal());
      }
    }
  }
  return field;
}

/** Filters along an axis; what the kernel does not fit around is left out, so that the axis gets shorter. */
std::vector<double>
Filter(const std::vector<double> &    field,
       ArSSRImageGeometry::SizeType & size,
       unsigned int                   axis,
       const std::vector<double> &    kernel)
{
  const SizeValueType stride = axis == 0 ? 1 : axis == 1 ? size[0] : size[0] * size[1];
  const SizeValueType before = size[axis];
  const SizeValueType outer = field.size() / (stride * before);
  size[axis] = before + 1 - kernel.size();
  std::vector<double> filtered(outer * size[axis] * stride, 0.0);
  for (SizeValueType line = 0; line < outer; ++line)
  {
    for (SizeValueType voxel = 0; voxel < size[axis]; ++voxel)
    {
      double * out = filtered.data() + (line * size[axis] + voxel) * stride;
      for (SizeValueType tap = 0; tap < kernel.size(); ++tap)
      {
        const double * in = field.data() + (line * before + voxel + tap) * stride;
        for (SizeValueType i = 0; i < stride; ++i)
        {
          out[i] += kernel[tap] * in[i];
        }
      }
    }
  }
  return filtered;
}
} // namespace

ArSSRAcquisitionNoise::ArSSRAcquisitionNoise(const ArSSRAcquisition &              acquisition,
                                             const ArSSRAcquisition::SpacingType & spacing,
                                             uint64_t                              seed)
  : m_Deviation(acquisition.IsNoiseKnown() ? acquisition.GetNoise() : 0.0)
  , m_IsRician(acquisition.GetNoiseKind() == ArSSRAcquisition::Noise::Rician)
  , m_Seed(seed)
{
  const ArSSRAcquisition resolved = acquisition.Resolved(spacing);
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const ArSSRPointSpread spread = resolved.GetPointSpread(axis).Scaled(1.0 / spacing[axis]);
    if (!IsWhite(spread))
    {
      m_Kernels[axis] = MakeKernel(spread);
    }
  }
}

std::vector<double>
ArSSRAcquisitionNoise::DrawField(const RegionType & region, unsigned int part) const
{
  RegionType padded = region;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    const SizeValueType radius = m_Kernels[axis].size() / 2;
    padded.SetIndex(axis, region.GetIndex(axis) - static_cast<IndexValueType>(radius));
    padded.SetSize(axis, region.GetSize(axis) + 2 * radius);
  }
  std::vector<double> field = DrawWhite(padded, m_Seed, part);
  auto                size = padded.GetSize();
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    if (!m_Kernels[axis].empty())
    {
      field = Filter(field, size, axis, m_Kernels[axis]);
    }
  }
  return field;
}

void
ArSSRAcquisitionNoise::AddTo(ArSSRVoxelBlock & block) const
{
  if (m_Deviation == 0.0 || block.voxels.empty())
  {
    return;
  }
  const std::vector<double> real = this->DrawField(block.region, 0);
  const std::vector<double> imaginary = m_IsRician ? this->DrawField(block.region, 1) : std::vector<double>();
  for (std::size_t i = 0; i < block.voxels.size(); ++i)
  {
    const double signal = static_cast<double>(block.voxels[i]) + m_Deviation * real[i];
    block.voxels[i] = static_cast<float>(m_IsRician ? std::hypot(signal, m_Deviation * imaginary[i]) : signal);
  }
}
} // end namespace itk
