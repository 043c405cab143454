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
#include "image/ArSSRSimilarityBlock.h"

#include <cmath>

// Per voxel, the four local sums cost 3 × 11 taps instead of 11³: rows are summed along x into m_PlaneFields, these
// along y into a slot of the ring, and the ring's 11 planes along z into one row at a time, of which the measure is
// taken at once. All passes run Add() over contiguous rows.
namespace itk::arssr
{
namespace
{
constexpr double WindowSigma = 1.5; // voxels
// Wang et al. 2004, section III: C1 = (K1 L)² and C2 = (K2 L)² for the range of values L.
constexpr double K1 = 0.01;
constexpr double K2 = 0.03;

constexpr SizeValueType Radius = ArSSRImageQuality::WindowRadius;
} // namespace

SimilarityBlock::SimilarityBlock(const ArSSRImageQuality::RowReader & truth,
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
  , m_Weights(MakeWeights())
  , m_RowFields(Fields * rowLength)
  , m_PlaneFields(Fields * (rows + Margin) * m_Length)
  , m_Ring(Width * Fields * rows * m_Length)
  , m_Sums(Fields * m_Length)
{}

double
SimilarityBlock::Sum(SizeValueType firstRow, SizeValueType firstPlane, SizeValueType planes)
{
  double sum = 0.0;
  for (SizeValueType plane = 0; plane < planes + Margin; ++plane)
  {
    // The first Margin planes only fill the ring. From then on each plane completes a window: the slot after the one
    // just written holds the oldest of its 11 planes.
    this->SumAlongRows(firstRow, firstPlane + plane);
    this->SumAcrossRows(plane % Width);
    if (plane >= Margin)
    {
      sum += this->SimilarityOfPlane((plane + 1) % Width);
    }
  }
  return sum;
}

double *
SimilarityBlock::PlaneRow(std::size_t field, SizeValueType row)
{
  return &m_PlaneFields[(field * (m_Rows + Margin) + row) * m_Length];
}

double *
SimilarityBlock::RingRow(SizeValueType slot, std::size_t field, SizeValueType row)
{
  return &m_Ring[((slot * Fields + field) * m_Rows + row) * m_Length];
}

void
SimilarityBlock::SumAlongRows(SizeValueType firstRow, SizeValueType plane)
{
  double * const truth = m_RowFields.data();
  double * const image = truth + m_RowLength;
  double * const squares = image + m_RowLength;
  double * const products = squares + m_RowLength;
  for (SizeValueType row = 0; row < m_Rows + Margin; ++row)
  {
    // Sums of squares of truth and image are needed only added up, so that four fields do instead of five.
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
        // The 11 taps along x are the same row, shifted: all three passes are then one function of 11 rows.
        shifted[tap] = truth + field * m_RowLength + tap;
      }
      this->Add(shifted, this->PlaneRow(field, row));
    }
  }
}

void
SimilarityBlock::SumAcrossRows(SizeValueType slot)
{
  for (std::size_t field = 0; field < Fields; ++field)
  {
    for (SizeValueType row = 0; row < m_Rows; ++row)
    {
      Rows rows;
      for (std::size_t tap = 0; tap < Width; ++tap)
      {
        // Row `row` of the ring is the window that begins at that row of the plane, as along x.
        rows[tap] = this->PlaneRow(field, row + tap);
      }
      this->Add(rows, this->RingRow(slot, field, row));
    }
  }
}

double
SimilarityBlock::SimilarityOfPlane(SizeValueType oldest)
{
  double sum = 0.0;
  for (SizeValueType row = 0; row < m_Rows; ++row)
  {
    for (std::size_t field = 0; field < Fields; ++field)
    {
      Rows rows;
      for (std::size_t tap = 0; tap < Width; ++tap)
      {
        // From the oldest plane to the latest: weights belong to places in the window, not to slots of the ring.
        rows[tap] = this->RingRow((oldest + tap) % Width, field, row);
      }
      this->Add(rows, &m_Sums[field * m_Length]);
    }
    sum += this->SimilarityOfRow();
  }
  return sum;
}

double
SimilarityBlock::SimilarityOfRow() const
{
  const double * const truth = m_Sums.data();
  const double * const image = truth + m_Length;
  const double * const squares = image + m_Length;
  const double * const products = squares + m_Length;
  double               sum = 0.0;
  for (SizeValueType x = 0; x < m_Length; ++x)
  {
    // SSIM = (2 μx μy + C1) (2 σxy + C2) / ((μx² + μy² + C1) (σx² + σy² + C2)), Wang et al., equation 13; (co)variances
    // are local means of products less products of local means, and both pairs appear as sums only.
    const double product = truth[x] * image[x];
    const double power = truth[x] * truth[x] + image[x] * image[x];
    const double covariance = products[x] - product;
    const double variances = squares[x] - power;
    sum += (2.0 * product + m_C1) / (power + m_C1) * ((2.0 * covariance + m_C2) / (variances + m_C2));
  }
  return sum;
}

SimilarityBlock::Weights
SimilarityBlock::MakeWeights()
{
  Weights weights;
  double  sum = 0.0;
  for (std::size_t tap = 0; tap < Width; ++tap)
  {
    // Samples of the continuous Gaussian at whole voxels, normalised to a sum of 1.
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

void
SimilarityBlock::Add(const Rows & rows, double * result) const
{
  for (SizeValueType x = 0; x < m_Length; ++x)
  {
    // The window is symmetric: taps at the same distance share a weight, which halves the products.
    double sum = m_Weights[Radius] * rows[Radius][x];
    for (std::size_t distance = 1; distance <= Radius; ++distance)
    {
      sum += m_Weights[Radius - distance] * (rows[Radius - distance][x] + rows[Radius + distance][x]);
    }
    result[x] = sum;
  }
}
} // namespace itk::arssr
