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
#include "itkArSSRImageQuality.h"

#include "image/ArSSRSimilarityBlock.h"
#include "platform/ArSSRThreaderLoop.h"

#include "itkCompensatedSummation.h"
#include "itkMacro.h"
#include "itkMultiThreaderBase.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace itk
{
namespace
{
// Windows of a block along y and z: few enough rows for a processor's cache, which the ring of 11 planes should fit,
// and enough that margins, which neighbouring blocks compute twice, are a small share.
constexpr SizeValueType BlockRows = 32;
constexpr SizeValueType BlockPlanes = 64;

constexpr SizeValueType Width = ArSSRImageQuality::WindowWidth;
constexpr SizeValueType Margin = arssr::SimilarityBlock::Margin;

void
CheckRange(double valueRange)
{
  if (!(valueRange > 0.0) || !std::isfinite(valueRange))
  {
    itkGenericExceptionMacro("The value range is "
                             << valueRange
                             << "; PSNR and SSIM need a finite range above 0. Use a truth that is not constant, or "
                             << "set the range.");
  }
}

SizeValueType
DivideUp(SizeValueType count, SizeValueType divisor)
{
  return (count + divisor - 1) / divisor;
}

double
SumInOrder(const std::vector<double> & values)
{
  // Sums of planes or blocks, in the order of their numbers, whichever thread finished first.
  CompensatedSummation<double> sum;
  for (const double value : values)
  {
    sum += value;
  }
  return sum.GetSum();
}

ArSSRImageQuality::RowReader
RowsOf(const float * volume, const ArSSRImageQuality::SizeType & size)
{
  return [volume, size](SizeValueType y, SizeValueType z, double * row) {
    std::copy_n(volume + (z * size[1] + y) * size[0], size[0], row);
  };
}
} // namespace


ArSSRImageQuality::ArSSRImageQuality(const SizeType & size, RowReader truth, RowReader image)
  : m_Size(size)
  , m_Truth(std::move(truth))
  , m_Image(std::move(image))
{
  if (m_Size.CalculateProductOfElements() == 0)
  {
    itkGenericExceptionMacro("The volumes have " << m_Size << " voxels; at least one along each axis is expected.");
  }
}


ArSSRImageQuality::ArSSRImageQuality(const SizeType & size, const float * truth, const float * image)
  : ArSSRImageQuality(size, RowsOf(truth, size), RowsOf(image, size))
{}


ArSSRImageQuality::Errors
ArSSRImageQuality::ComputeErrors() const
{
  std::vector<double> sums(m_Size[2]);
  std::vector<double> minima(m_Size[2]);
  std::vector<double> maxima(m_Size[2]);
  // One plane is a thread's unit of work, with sums and extremes of its own: no lock, and an order of additions that no
  // number of threads changes.
  const auto addPlane = [&](SizeValueType z) {
    std::vector<double> truth(m_Size[0]);
    std::vector<double> image(m_Size[0]);
    double              sum = 0.0;
    double              minimum = std::numeric_limits<double>::max();
    double              maximum = std::numeric_limits<double>::lowest();
    for (SizeValueType y = 0; y < m_Size[1]; ++y)
    {
      m_Truth(y, z, truth.data());
      m_Image(y, z, image.data());
      for (SizeValueType x = 0; x < m_Size[0]; ++x)
      {
        const double error = truth[x] - image[x];
        sum += error * error;
        minimum = std::min(minimum, truth[x]);
        maximum = std::max(maximum, truth[x]);
      }
    }
    sums[z] = sum;
    minima[z] = minimum;
    maxima[z] = maximum;
  };
  arssr::ForEachInThreader(MultiThreaderBase::New(), 0, m_Size[2], addPlane);

  const double mean = SumInOrder(sums) / static_cast<double>(m_Size.CalculateProductOfElements());
  // NaN and infinite voxels reach the sum, also where truth and image are infinite alike: ∞ - ∞ is NaN.
  if (!std::isfinite(mean))
  {
    itkGenericExceptionMacro("The truth or the image has NaN or infinite voxels, so PSNR and SSIM cannot be computed.");
  }
  return { mean, *std::min_element(minima.begin(), minima.end()), *std::max_element(maxima.begin(), maxima.end()) };
}


double
ArSSRImageQuality::ComputeStructuralSimilarity(double valueRange) const
{
  CheckRange(valueRange);
  if (*std::min_element(m_Size.begin(), m_Size.end()) < Width)
  {
    itkGenericExceptionMacro("SSIM needs " << Width << " voxels along each axis, borders excluded; there are " << m_Size
                                           << '.');
  }
  // Windows, not voxels, are divided into blocks: neighbouring blocks both read the Margin rows and planes between
  // them. Blocks have a fixed size, so that their sums are the same with any number of threads.
  const SizeValueType rows = m_Size[1] - Margin;
  const SizeValueType planes = m_Size[2] - Margin;
  const SizeValueType blocksAlongY = DivideUp(rows, BlockRows);
  // One element per block: threads write to no common variable.
  std::vector<double> sums(blocksAlongY * DivideUp(planes, BlockPlanes));
  const auto          addBlock = [&](SizeValueType number) {
    const SizeValueType    firstRow = number % blocksAlongY * BlockRows;
    const SizeValueType    firstPlane = number / blocksAlongY * BlockPlanes;
    arssr::SimilarityBlock block(m_Truth, m_Image, m_Size[0], std::min(BlockRows, rows - firstRow), valueRange);
    sums[number] = block.Sum(firstRow, firstPlane, std::min(BlockPlanes, planes - firstPlane));
  };
  arssr::ForEachInThreader(MultiThreaderBase::New(), 0, sums.size(), addBlock);
  return SumInOrder(sums) / (static_cast<double>(m_Size[0] - Margin) * static_cast<double>(rows * planes));
}


double
ArSSRImageQuality::PeakSignalToNoiseRatio(double meanSquaredError, double valueRange)
{
  CheckRange(valueRange);
  // Equal volumes have no error, and an infinite ratio.
  return meanSquaredError > 0.0 ? 10.0 * std::log10(valueRange * valueRange / meanSquaredError)
                                : std::numeric_limits<double>::infinity();
}
} // end namespace itk
