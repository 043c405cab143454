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
#include <cstring>

namespace itk
{
namespace
{
constexpr uint32_t SignBit = 0x80000000U;
constexpr uint32_t LowerHalf = 0xFFFFU;

// Maps floats to integers of the same order.
uint32_t
ToOrdered(float value)
{
  value += 0.0F; // one zero
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
  while (rank >= counts[bin])
  {
    rank -= counts[bin];
    ++bin;
  }
  return bin;
}
} // namespace

ArSSRIntensityStatistics::ArSSRIntensityStatistics()
  : m_Counts(std::size_t{ 1 } << HalfBits)
{}

void
ArSSRIntensityStatistics::AddToFirstPass(const float * values, SizeValueType count)
{
  for (SizeValueType i = 0; i < count; ++i)
  {
    if (values[i] < m_Minimum)
    {
      m_Minimum = values[i];
      m_NumberOfMinima = 0;
    }
    m_NumberOfMinima += values[i] == m_Minimum ? 1 : 0;
    m_Maximum = std::max(m_Maximum, values[i]);
    ++m_Counts[ToOrdered(values[i]) >> HalfBits];
  }
  m_NumberOfVoxels += count;
}

void
ArSSRIntensityStatistics::BeginSecondPass()
{
  // Nothing lies below the lower end, so the voxels above it are the highest in order.
  const SizeValueType atLower = m_Minimum > 0.0F ? 0 : m_NumberOfMinima;
  const SizeValueType above = m_NumberOfVoxels - atLower;
  const SizeValueType nearestRank = above - above / OneAboveUpperIn; // rounded up
  m_Rank = atLower + (nearestRank > 0 ? nearestRank - 1 : 0);
  m_UpperHalf = above > 0 ? FindBin(m_Counts, m_Rank) : 0;
  std::fill(m_Counts.begin(), m_Counts.end(), 0);
}

void
ArSSRIntensityStatistics::AddToSecondPass(const float * values, SizeValueType count)
{
  for (SizeValueType i = 0; i < count; ++i)
  {
    const uint32_t ordered = ToOrdered(values[i]);
    if (ordered >> HalfBits == m_UpperHalf)
    {
      ++m_Counts[ordered & LowerHalf];
    }
  }
}

float
ArSSRIntensityStatistics::GetLower() const
{
  return this->IsConstant() ? m_Minimum : std::min(0.0F, m_Minimum);
}

float
ArSSRIntensityStatistics::GetUpper() const
{
  if (this->IsConstant())
  {
    return m_Minimum;
  }
  SizeValueType rank = m_Rank;
  return FromOrdered(m_UpperHalf << HalfBits | FindBin(m_Counts, rank));
}
} // end namespace itk
