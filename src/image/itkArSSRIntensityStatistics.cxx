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
#include "itkArSSRIntensityStatistics.h"

#include <algorithm>
#include <cmath>
#include <cstring>

// The percentile is found by radix selection over the bits of floats, mapped to integers of the same order: the first
// pass counts by the upper 16 bits, which gives the bin that holds the rank; the second counts that bin's values by
// their lower 16 bits, which gives the value itself. Two tables of 2^16 counts replace a sort of the whole image.
namespace itk
{
namespace
{
constexpr uint32_t SignBit = 0x80000000U;
constexpr uint32_t LowerHalf = 0xFFFFU;

// Maps floats to unsigned integers of the same order. IEEE 754 numbers of one sign are ordered as their bits are; those
// above 0 get the sign bit to lie above the others, and those below 0 are inverted, as their magnitude counts
// downwards.
uint32_t
ToOrdered(float value)
{
  value += 0.0F; // -0 becomes +0, so that both zeros are one number
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof(bits));
  return (bits & SignBit) != 0 ? ~bits : bits | SignBit;
}

float
FromOrdered(uint32_t ordered)
{
  const uint32_t bits = (ordered & SignBit) != 0 ? ordered & ~SignBit : ~ordered;
  float          value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

// The bin that holds the number of the given rank; the rank becomes that within the bin.
uint32_t
FindBin(const std::vector<SizeValueType> & counts, SizeValueType & rank)
{
  uint32_t bin = 0;
  // Ends within the table, as the rank is below the sum of the counts.
  while (rank >= counts[bin])
  {
    rank -= counts[bin];
    ++bin;
  }
  return bin;
}

// Values this many times as large as their range lose 7 of the 24 bits of single precision to the offset; the 17 bits
// left are finer than any network needs. Beyond that, the minimum is taken away first.
constexpr double LargestBesideRange = 128.0;
} // namespace

ArSSRIntensityStatistics::ArSSRIntensityStatistics()
  : m_Counts(std::size_t{ 1 } << HalfBits)
{}

void
ArSSRIntensityStatistics::Add(const float * values, SizeValueType count)
{
  this->AddValues(values, count);
}

void
ArSSRIntensityStatistics::Add(const double * values, SizeValueType count)
{
  this->AddValues(values, count);
}

template <typename TValue>
void
ArSSRIntensityStatistics::AddValues(const TValue * values, SizeValueType count)
{
  const auto toOrdered = [this](double value) {
    return ToOrdered(static_cast<float>(value - m_Origin));
  };
  if (m_Pass == Pass::UpperHalves)
  {
    for (SizeValueType i = 0; i < count; ++i)
    {
      const auto value = static_cast<double>(values[i]);
      // Minima are counted along, as voxels at the lower end do not enter the percentile: a new minimum starts the
      // count anew.
      if (value < m_Minimum)
      {
        m_Minimum = value;
        m_NumberOfMinima = 0;
      }
      m_NumberOfMinima += value == m_Minimum ? 1 : 0;
      m_Maximum = std::max(m_Maximum, value);
      // Doubles and large integers that a float does not hold.
      m_IsRounded = m_IsRounded || static_cast<double>(static_cast<float>(value)) != value;
      ++m_Counts[toOrdered(value) >> HalfBits];
    }
    m_NumberOfVoxels += count;
    return;
  }
  for (SizeValueType i = 0; i < count; ++i)
  {
    const uint32_t ordered = toOrdered(static_cast<double>(values[i]));
    // Both candidates are located in one pass, as it is known only afterwards which of them the window takes.
    for (Percentile * percentile : { &m_AboveZero, &m_AboveMinimum })
    {
      if (ordered >> HalfBits == percentile->upperHalf)
      {
        ++percentile->counts[ordered & LowerHalf];
      }
    }
  }
}

void
ArSSRIntensityStatistics::EndPass()
{
  // A constant image has no window to look for; neither has one without voxels, whose minimum is above its maximum.
  if (m_Pass == Pass::LowerHalves || this->IsConstant())
  {
    m_Pass = Pass::None;
    return;
  }
  // Floats of an input that single precision holds are exact whatever their offset. Others begin the count again with
  // the minimum as origin; m_Minimum and m_Maximum are exact already and stay. This happens once: the origin is not 0
  // then.
  const double largest = std::max(std::abs(m_Minimum), std::abs(m_Maximum));
  if (m_IsRounded && m_Origin == 0.0 && largest > LargestBesideRange * (m_Maximum - m_Minimum))
  {
    m_Origin = m_Minimum;
    m_NumberOfPasses = 3;
    m_NumberOfMinima = 0;
    m_NumberOfVoxels = 0;
    std::fill(m_Counts.begin(), m_Counts.end(), 0);
    return;
  }
  this->StartLowerHalves();
}

void
ArSSRIntensityStatistics::StartLowerHalves()
{
  m_Pass = Pass::LowerHalves;
  // The lower end is min(0, minimum): voxels at or below it are the minima, or none where all voxels are above 0.
  this->Locate(m_AboveZero, m_Minimum > 0.0 ? 0 : m_NumberOfMinima);
  this->Locate(m_AboveMinimum, m_NumberOfMinima);
}

void
ArSSRIntensityStatistics::Locate(Percentile & percentile, SizeValueType atOrBelowLower) const
{
  // Nothing lies below the lower end, so the voxels above it are the highest in order.
  const SizeValueType above = m_NumberOfVoxels - atOrBelowLower;
  // ⌈0.999 × above⌉ in integers: n - ⌊n / 1000⌋ has no rounding of its own, however many voxels there are.
  const SizeValueType nearestRank = above - above / OneAboveUpperIn;
  percentile.rank = atOrBelowLower + nearestRank - 1;
  percentile.upperHalf = FindBin(m_Counts, percentile.rank);
  percentile.counts.assign(std::size_t{ 1 } << HalfBits, 0);
}

double
ArSSRIntensityStatistics::GetValue(const Percentile & percentile) const
{
  SizeValueType  rank = percentile.rank;
  const uint32_t lowerHalf = FindBin(percentile.counts, rank);
  return m_Origin + static_cast<double>(FromOrdered(percentile.upperHalf << HalfBits | lowerHalf));
}

bool
ArSSRIntensityStatistics::IsFarFromZero() const
{
  // The range here is that up to the percentile, so that a few bright voxels do not decide.
  return !this->IsConstant() && m_Minimum > FarFromZero * (this->GetValue(m_AboveMinimum) - m_Minimum);
}

double
ArSSRIntensityStatistics::GetLower() const
{
  return this->IsConstant() || this->IsFarFromZero() ? m_Minimum : std::min(0.0, m_Minimum);
}

double
ArSSRIntensityStatistics::GetUpper() const
{
  if (this->IsConstant())
  {
    return m_Minimum;
  }
  return this->GetValue(this->IsFarFromZero() ? m_AboveMinimum : m_AboveZero);
}
} // end namespace itk
