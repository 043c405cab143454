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
#include "engine/ArSSRPassAverage.h"

#include "platform/ArSSRCpuParallel.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace itk::arssr
{
namespace
{
// Parts of the loops below: large enough that taking the next one costs little beside it, small enough for the threads
// to finish together.
constexpr std::int64_t VoxelsAtOnce = 1 << 14;
constexpr std::int64_t SpansAtOnce = 64;

/** The order of spans: by z, then y, then x, that is, by the index read backwards. */
bool
IsBefore(const ArSSREngine::IndexType & index, const OutputSpan & span)
{
  return std::lexicographical_compare(index.rbegin(), index.rend(), span.start.rbegin(), span.start.rend());
}
} // namespace

PassAverage::PassAverage(const std::vector<OutputSpan> & spans, unsigned int threads)
  : m_Spans(spans)
  , m_Threads(threads)
{
  SizeValueType voxels = 0;
  for (const OutputSpan & span : spans)
  {
    m_FirstVoxels.push_back(voxels);
    voxels += span.count;
  }
  m_Values.resize(voxels);
  m_Sums.resize(voxels);
  m_Squares.resize(voxels);
}

void
PassAverage::Write(const ArSSREngine::IndexType & first, const float * values, SizeValueType count)
{
  // The last span that starts at or before the voxel holds it, and all of the values: executors write parts of the
  // spans that they are given. A voxel whose decoding is tried again replaces its value here, before EndPass() adds it;
  // sums that were added to at once would count it twice.
  const auto span = std::prev(std::upper_bound(m_Spans.begin(), m_Spans.end(), first, IsBefore));
  const auto voxel = m_FirstVoxels[static_cast<std::size_t>(span - m_Spans.begin())] +
                     static_cast<SizeValueType>(first[0] - span->start[0]);
  std::copy_n(values, count, m_Values.begin() + static_cast<std::ptrdiff_t>(voxel));
}

void
PassAverage::EndPass()
{
  ++m_NumberOfPasses;
  ForEachRangeInParallel(
    m_Threads, static_cast<std::int64_t>(m_Values.size()), VoxelsAtOnce, [this](std::int64_t begin, std::int64_t end) {
      for (auto voxel = static_cast<std::size_t>(begin); voxel < static_cast<std::size_t>(end); ++voxel)
      {
        // A float has 24 bits of mantissa and its square 48, so eight equal values are summed without rounding.
        const double value = m_Values[voxel];
        m_Sums[voxel] += value;
        m_Squares[voxel] += value * value;
      }
    });
}

void
PassAverage::HandOut(const ArSSREngine::WriteFunction & writeMean, const ArSSREngine::WriteFunction & writeDeviation)
{
  const double count = m_NumberOfPasses;
  const auto   handOutSpan = [&](std::size_t number) {
    const OutputSpan &  span = m_Spans[number];
    const SizeValueType first = m_FirstVoxels[number];
    float * const       values = m_Values.data() + first; // the last pass has been added, so its memory is free
    for (SizeValueType n = 0; n < span.count; ++n)
    {
      values[n] = static_cast<float>(m_Sums[first + n] / count);
    }
    writeMean(span.start, values, span.count);
    if (!writeDeviation)
    {
      return;
    }
    for (SizeValueType n = 0; n < span.count; ++n)
    {
      const double sum = m_Sums[first + n];
      // The sum of squared differences from the mean, as Σx² - (Σx)²/N. Σx² and Σx of float values lose little in
      // double; for equal values and an N that is a power of two both terms are exact, and their difference is zero.
      // Rounding may leave a small negative number: std::max() with the number as its first argument makes it zero and
      // passes a NaN on.
      const double squares = m_Squares[first + n] - sum * sum / count;
      values[n] = static_cast<float>(std::sqrt(std::max(squares, 0.0) / (count - 1.0))); // a NaN stays
    }
    writeDeviation(span.start, values, span.count);
  };
  ForEachRangeInParallel(
    m_Threads, static_cast<std::int64_t>(m_Spans.size()), SpansAtOnce, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t number = begin; number < end; ++number)
      {
        handOutSpan(static_cast<std::size_t>(number));
      }
    });
}
} // namespace itk::arssr
