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
// Spans of one plane that a thread takes at once, in voxels: many lines, so that few LR lines are made twice; few
// enough for the threads to end together.
constexpr SizeValueType VoxelsPerUnit = 4096;

using Unit = std::vector<OutputSpan>;

/** Spans cut to MaximumCount along x, and put together where they lie below one another. */
std::vector<Unit>
MakeUnits(const std::vector<OutputSpan> & spans)
{
  std::vector<Unit> units;
  for (std::size_t first = 0; first < spans.size();)
  {
    std::size_t   end = first;
    SizeValueType longest = 0;
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

/** \brief Gathers voxels until there are enough of them for the perceptron, and hands its results out.
 *
 * A span can be a few voxels long; the perceptron reads all of its weights for each call, and needs `rowsInCache` rows
 * to be worth that. One of these works in each thread.
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
      buffer.Flush();
    });
}
} // namespace itk::arssr
