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

// Noise of a region is drawn as white noise of the region and the kernels' margins around it, then filtered along the
// axes whose k-space ends early. Each voxel's number is drawn by a generator of its own, keyed by the voxel's index,
// and filtered sums have a fixed order: a region has the bits of the whole scan's noise. Memory is that of two or three
// fields of doubles of the padded region.
namespace itk
{
namespace
{
/** Bits of a voxel's index along an axis in the number of its noise: three times 21, and one for the part, fill 64. */
constexpr unsigned int BitsOfAnAxis = 21;

/** Whether the noise of a scan with a point spread, in spacings of the scan, is white. Slice profiles shape the signal
 * before the receiver adds its noise; k-space sampling shapes both. */
bool
IsWhite(const ArSSRPointSpread & spread)
{
  return spread.GetKind() != ArSSRPointSpread::Kind::Sinc ||
         (spread.GetWidth() <= ArSSRSliceProfile::PointSampleLimit && spread.GetTaper() == 0.0);
}

/** Weights of white noise at the voxels around one. Their squares sum to 1, so that the filtered noise keeps its
 * deviation; an odd number of them, symmetric about the middle. */
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

/** Standard normal numbers [z, y, x], a function of the seed, the part (0 or 1) and each voxel's index. Indices in the
 * margin may be below 0: their lowest 21 bits differ from those of all other voxels as long as an axis has no more than
 * 2^21 voxels, margins included. */
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

/** Filters along an axis and updates the size: voxels around which the kernel does not fit are left out, so that the
 * axis gets shorter by the kernel's length less 1. */
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
      // Along y and z the innermost loop runs over a contiguous stretch of `stride` voxels for each tap, which
      // vectorises. Each voxel adds its taps in the same order wherever the region begins.
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
    // From mm to spacings of the scan: kernels are sampled at whole voxels of its grid.
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
    // An axis with white noise has no kernel, and needs no margin.
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
  // The signal is taken to lie on the real axis: part 0 is the noise of the real part, part 1 that of the imaginary
  // one, and a Rician voxel is the magnitude of both. Voxels that see nothing are NaN, and stay so.
  const std::vector<double> real = this->DrawField(block.region, 0);
  const std::vector<double> imaginary = m_IsRician ? this->DrawField(block.region, 1) : std::vector<double>();
  for (std::size_t i = 0; i < block.voxels.size(); ++i)
  {
    const double signal = static_cast<double>(block.voxels[i]) + m_Deviation * real[i];
    block.voxels[i] = static_cast<float>(m_IsRician ? std::hypot(signal, m_Deviation * imaginary[i]) : signal);
  }
}
} // end namespace itk
