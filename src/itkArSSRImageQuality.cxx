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

#include "itkCompensatedSummation.h"
#include "itkMacro.h"
#include "itkMultiThreaderBase.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace itk
{
namespace
{
constexpr double WindowSigma = 1.5; // voxels
constexpr double K1 = 0.01;
constexpr double K2 = 0.03;

constexpr SizeValueType Radius = ArSSRImageQuality::WindowRadius;
constexpr SizeValueType Width = ArSSRImageQuality::WindowWidth;
constexpr SizeValueType Margin = Width - 1; // voxels along an axis that are the middle of no whole window

// Windows of a block along y and z: few enough rows for a processor's cache, and enough that margins are a small share.
constexpr SizeValueType BlockRows = 32;
constexpr SizeValueType BlockPlanes = 64;

// The local sums that the measure needs: truth, image, sum of both squares, product.
constexpr std::size_t Fields = 4;

using Rows = std::array<const double *, Width>;
using Weights = std::array<double, Width>;

Weights
WindowWeights()
{
  Weights weights;
  double  sum = 0.0;
  for (std::size_t tap = 0; tap < Width; ++tap)
  {
    const double offset = (static_cast<double>(tap) - static_cast<double>(Radius)) / WindowSigma;
    weights[tap] = std::exp(-0.5 * offset * offset);
    sum += weights[tap];
  }
  for (double & weight : weights)
  {
    weight /= sum;
  }
  return weights;
}

// The weighted sum of as many rows as the window is wide.
void
Add(const Weights & weights, const Rows & rows, SizeValueType length, double * result)
{
  for (SizeValueType x = 0; x < length; ++x)
  {
    double sum = weights[Radius] * rows[Radius][x];
    for (std::size_t distance = 1; distance <= Radius; ++distance)
    {
      sum += weights[Radius - distance] * (rows[Radius - distance][x] + rows[Radius + distance][x]);
    }
    result[x] = sum;
  }
}

// Adds up the similarity of a block's windows, plane by plane, with the last planes of local sums in a ring.
class BlockOfWindows
{
public:
  BlockOfWindows(const ArSSRImageQuality::RowReader & truth,
                 const ArSSRImageQuality::RowReader & image,
                 SizeValueType                        rowLength,
                 SizeValueType                        rows,
                 double                               valueRange)
    : m_Truth(truth)
    , m_Image(image)
    , m_RowLength(rowLength)
    , m_Length(rowLength - Margin)
    , m_Rows(rows)
    , m_C1(K1 * valueRange * K1 * valueRange)
    , m_C2(K2 * valueRange * K2 * valueRange)
    , m_RowFields(Fields * rowLength)
    , m_PlaneFields(Fields * (rows + Margin) * m_Length)
    , m_Ring(Width * Fields * rows * m_Length)
    , m_Sums(Fields * m_Length)
  {}

  // The first row and plane are those of the first window's corner.
  double
  Sum(SizeValueType firstRow, SizeValueType firstPlane, SizeValueType planes)
  {
    double sum = 0.0;
    for (SizeValueType plane = 0; plane < planes + Margin; ++plane)
    {
      this->SumAlongRows(firstRow, firstPlane + plane);
      this->SumAcrossRows(plane % Width);
      if (plane >= Margin)
      {
        sum += this->SimilarityOfPlane((plane + 1) % Width);
      }
    }
    return sum;
  }

private:
  double *
  PlaneRow(std::size_t field, SizeValueType row)
  {
    return &m_PlaneFields[(field * (m_Rows + Margin) + row) * m_Length];
  }

  double *
  RingRow(SizeValueType slot, std::size_t field, SizeValueType row)
  {
    return &m_Ring[((slot * Fields + field) * m_Rows + row) * m_Length];
  }

  void
  SumAlongRows(SizeValueType firstRow, SizeValueType plane)
  {
    double * const truth = m_RowFields.data();
    double * const image = truth + m_RowLength;
    double * const squares = image + m_RowLength;
    double * const products = squares + m_RowLength;
    for (SizeValueType row = 0; row < m_Rows + Margin; ++row)
    {
      m_Truth(firstRow + row, plane, truth);
      m_Image(firstRow + row, plane, image);
      for (SizeValueType x = 0; x < m_RowLength; ++x)
      {
        squares[x] = truth[x] * truth[x] + image[x] * image[x];
        products[x] = truth[x] * image[x];
      }
      for (std::size_t field = 0; field < Fields; ++field)
      {
        Rows shifted;
        for (std::size_t tap = 0; tap < Width; ++tap)
        {
          shifted[tap] = truth + field * m_RowLength + tap;
        }
        Add(m_Weights, shifted, m_Length, this->PlaneRow(field, row));
      }
    }
  }

  void
  SumAcrossRows(SizeValueType slot)
  {
    for (std::size_t field = 0; field < Fields; ++field)
    {
      for (SizeValueType row = 0; row < m_Rows; ++row)
      {
        Rows rows;
        for (std::size_t tap = 0; tap < Width; ++tap)
        {
          rows[tap] = this->PlaneRow(field, row + tap);
        }
        Add(m_Weights, rows, m_Length, this->RingRow(slot, field, row));
      }
    }
  }

  // Across the planes in the ring, the oldest of which is in a slot.
  double
  SimilarityOfPlane(SizeValueType oldest)
  {
    double sum = 0.0;
    for (SizeValueType row = 0; row < m_Rows; ++row)
    {
      for (std::size_t field = 0; field < Fields; ++field)
      {
        Rows rows;
        for (std::size_t tap = 0; tap < Width; ++tap)
        {
          rows[tap] = this->RingRow((oldest + tap) % Width, field, row);
        }
        Add(m_Weights, rows, m_Length, &m_Sums[field * m_Length]);
      }
      sum += this->SimilarityOfRow();
    }
    return sum;
  }

  double
  SimilarityOfRow() const
  {
    const double * const truth = m_Sums.data();
    const double * const image = truth + m_Length;
    const double * const squares = image + m_Length;
    const double * const products = squares + m_Length;
    double               sum = 0.0;
    for (SizeValueType x = 0; x < m_Length; ++x)
    {
      const double product = truth[x] * image[x];
      const double power = truth[x] * truth[x] + image[x] * image[x];
      const double covariance = products[x] - product;
      const double variances = squares[x] - power;
      sum += (2.0 * product + m_C1) / (power + m_C1) * ((2.0 * covariance + m_C2) / (variances + m_C2));
    }
    return sum;
  }

  const ArSSRImageQuality::RowReader & m_Truth;
  const ArSSRImageQuality::RowReader & m_Image;
  const SizeValueType                  m_RowLength;
  const SizeValueType                  m_Length; // windows in a row
  const SizeValueType                  m_Rows;   // of windows
  const double                         m_C1;
  const double                         m_C2;
  const Weights                        m_Weights{ WindowWeights() };
  std::vector<double>                  m_RowFields;   // [field, x], before any sum
  std::vector<double>                  m_PlaneFields; // [field, y, x], summed along x
  std::vector<double>                  m_Ring;        // [slot, field, y, x], summed along x and y
  std::vector<double>                  m_Sums;        // [field, x], of a row of windows
};

void
CheckRange(double valueRange)
{
  if (!(valueRange > 0.0) || !std::isfinite(valueRange))
  {
    itkGenericExceptionMacro("The range of values is "
                             << valueRange
                             << "; PSNR and SSIM need one above zero: of a truth that is not constant, or "
                             << "set by hand.");
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
  const auto          addPlane = [&](SizeValueType z) {
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
  MultiThreaderBase::New()->ParallelizeArray(0, m_Size[2], addPlane, nullptr);

  const double mean = SumInOrder(sums) / static_cast<double>(m_Size.CalculateProductOfElements());
  if (!std::isfinite(mean))
  {
    itkGenericExceptionMacro("The truth or the image has NaN or infinite voxels; no PSNR and no SSIM can be given.");
  }
  return { mean, *std::min_element(minima.begin(), minima.end()), *std::max_element(maxima.begin(), maxima.end()) };
}


double
ArSSRImageQuality::ComputeStructuralSimilarity(double valueRange) const
{
  CheckRange(valueRange);
  if (*std::min_element(m_Size.begin(), m_Size.end()) < Width)
  {
    itkGenericExceptionMacro("SSIM needs " << Width << " voxels along each axis, borders left out; there are " << m_Size
                                           << '.');
  }
  const SizeValueType rows = m_Size[1] - Margin;
  const SizeValueType planes = m_Size[2] - Margin;
  const SizeValueType blocksAlongY = DivideUp(rows, BlockRows);
  std::vector<double> sums(blocksAlongY * DivideUp(planes, BlockPlanes));
  const auto          addBlock = [&](SizeValueType number) {
    const SizeValueType firstRow = number % blocksAlongY * BlockRows;
    const SizeValueType firstPlane = number / blocksAlongY * BlockPlanes;
    BlockOfWindows      block(m_Truth, m_Image, m_Size[0], std::min(BlockRows, rows - firstRow), valueRange);
    sums[number] = block.Sum(firstRow, firstPlane, std::min(BlockPlanes, planes - firstPlane));
  };
  MultiThreaderBase::New()->ParallelizeArray(0, sums.size(), addBlock, nullptr);
  return SumInOrder(sums) / (static_cast<double>(m_Size[0] - Margin) * static_cast<double>(rows * planes));
}


double
ArSSRImageQuality::PeakSignalToNoiseRatio(double meanSquaredError, double valueRange)
{
  CheckRange(valueRange);
  return meanSquaredError > 0.0 ? 10.0 * std::log10(valueRange * valueRange / meanSquaredError)
                                : std::numeric_limits<double>::infinity();
}
} // end namespace itk
