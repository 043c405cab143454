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
#include "cpu/ArSSRCpuDecoder.h"

#include "cpu/ArSSRCpuSpanSampler.h"
#include "platform/ArSSRCpuParallel.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace itk::arssr
{
namespace
{
// Voxels of one output plane in a thread's unit of work, 32 lines of 128. Units are large because the next unit
// computes the LR lines at the edge between them again, and small enough for all threads to finish together.
constexpr SizeValueType VoxelsPerUnit = 4096;

using Unit = std::vector<OutputSpan>;

/** Cuts spans to MaximumCount voxels along x and groups the pieces that lie below one another.
 *
 * Where the grids are parallel, the pieces of a unit have the same place along x, so that CpuLineSampler can keep its
 * LR lines from one piece to the next. */
std::vector<Unit>
MakeUnits(const std::vector<OutputSpan> & spans)
{
  std::vector<Unit> units;
  for (std::size_t first = 0; first < spans.size();)
  {
    std::size_t   end = first;
    SizeValueType longest = 0;
    // Spans of one plane, until they make VoxelsPerUnit voxels for each column of pieces. One span is taken
    // in any case, so the loop advances however long it is.
    for (SizeValueType voxels = 0; end < spans.size() && spans[end].start[2] == spans[first].start[2] &&
                                   (voxels == 0 || voxels < VoxelsPerUnit * longest / CpuSpanSampler::MaximumCount);
         ++end)
    {
      longest = std::max({ longest, spans[end].count, CpuSpanSampler::MaximumCount });
      voxels += spans[end].count;
    }
    for (SizeValueType offset = 0; offset < longest; offset += CpuSpanSampler::MaximumCount)
    {
      Unit unit;
      for (std::size_t number = first; number < end; ++number)
      {
        if (spans[number].count > offset)
        {
          unit.push_back(spans[number].GetPart(offset, CpuSpanSampler::MaximumCount));
        }
      }
      if (!unit.empty())
      {
        units.push_back(std::move(unit));
      }
    }
    first = end;
  }
  return units;
}

/** \brief Collects rows of first values until they suffice for a call of the perceptron, and writes its results.
 *
 * A span can be a few voxels long, but each call of the perceptron reads all of its weights, which pays only for about
 * `rowsInCache` rows. Which voxels share a call does not show in their bits. Each thread has one buffer.
 */
class RowBuffer
{
public:
  RowBuffer(const CpuDecodeContext & context, const DecodeJob & job)
    : m_Perceptron(context.perceptron)
    , m_Sampler(CpuSpanSampler::New(context))
    , m_Write(job.writeOutput)
    , m_Rows(context.kernels.rowsInCache)
    , m_First(at::empty(
        { m_Rows + static_cast<std::int64_t>(CpuSpanSampler::MaximumCount) - 1, context.perceptron.GetFirstColumns() },
        at::kFloat))
    , m_Interpolated(static_cast<std::size_t>(m_First.size(0)))
    , m_Results(m_Interpolated.size())
    , m_Scratch(context.perceptron.MakeScratch())
  {}

  // Fewer than m_Rows rows are in the buffer, and a span adds MaximumCount at most: what m_First has room for.
  void
  Add(const OutputSpan & span)
  {
    m_Sampler->Fill(
      span, m_First.mutable_data_ptr<float>() + m_Count * m_First.size(1), m_Interpolated.data() + m_Count);
    m_Spans.push_back(span);
    m_Count += static_cast<std::int64_t>(span.count);
    if (m_Count >= m_Rows)
    {
      this->Flush();
    }
  }

  void
  Flush()
  {
    // The perceptron's scratch has m_Rows rows, and the last span may have brought more.
    for (std::int64_t row = 0; row < m_Count; row += m_Rows)
    {
      m_Perceptron.Run(m_First.const_data_ptr<float>() + row * m_First.size(1),
                       std::min(m_Rows, m_Count - row),
                       m_Scratch,
                       m_Results.data() + row);
    }
    for (std::int64_t row = 0; row < m_Count; ++row)
    {
      m_Results[row] += m_Interpolated[row];
    }
    // Spans were added in order, so their results lie one after the other.
    const float * values = m_Results.data();
    for (const OutputSpan & span : m_Spans)
    {
      m_Write(span.start, values, span.count);
      values += span.count;
    }
    m_Spans.clear();
    m_Count = 0;
  }

private:
  const CpuPerceptron &           m_Perceptron;
  std::unique_ptr<CpuSpanSampler> m_Sampler;
  const WriteFunction &           m_Write;
  std::int64_t                    m_Rows;
  at::Tensor                      m_First; // [row, first column]
  std::vector<float>              m_Interpolated;
  std::vector<float>              m_Results;
  CpuPerceptron::Scratch          m_Scratch;
  std::vector<OutputSpan>         m_Spans;
  std::int64_t                    m_Count{ 0 };
};
} // namespace

CpuDecoder::CpuDecoder(const CpuKernels & kernels, const Network & network)
  : m_Kernels(kernels)
  , m_Perceptron(kernels, network)
  , m_Sampling{ network.GetArchitecture().padding, network.GetArchitecture().coordinates, {} }
  , m_Skip(network.GetArchitecture().skip)
{}

std::int64_t
CpuDecoder::GetScratchBytes() const
{
  const std::int64_t rows = m_Kernels.rowsInCache + static_cast<std::int64_t>(CpuSpanSampler::MaximumCount);
  // A row of first values, an interpolated intensity and a result for each row of a RowBuffer.
  return CpuSpanSampler::GetScratchBytes(m_Perceptron) + m_Perceptron.GetScratchBytes() +
         static_cast<std::int64_t>(sizeof(float)) * rows * (m_Perceptron.GetFirstColumns() + 2);
}

void
CpuDecoder::Decode(const FeatureTile & tile, const DecodeJob & job) const
{
  SamplingOptions sampling = m_Sampling;
  sampling.voxelSize = ToGridLengths(job.indexMap.GetVoxelSize());
  const CpuDecodeContext  context{ m_Kernels, m_Perceptron, tile, job.indexMap, sampling, m_Skip };
  const std::vector<Unit> units = MakeUnits(job.spans);
  ForEachInParallel(
    job.threads,
    static_cast<std::int64_t>(units.size()),
    [&] { return RowBuffer(context, job); },
    [&](std::int64_t unit, RowBuffer & buffer) {
      for (const OutputSpan & span : units[static_cast<std::size_t>(unit)])
      {
        buffer.Add(span);
      }
      // A thread is not told which unit is its last one, so each unit ends with a flush: rows left in the buffer would
      // be lost.
      buffer.Flush();
    });
}
} // namespace itk::arssr
