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
#include "cpu/ArSSRCpuDirectConvolution.h"

#include "platform/ArSSRCpuParallel.h"

#include <ATen/ATen.h>

#include <cstring>
#include <vector>

// A line of voxels at a time, in parts of `rowsInCache`: their neighbourhoods are the rows of one matrix product, which
// also adds bias and residual and applies the ReLU. A 1×1×1 convolution multiplies the activations where they lie.
namespace itk::arssr
{
namespace
{
constexpr std::int64_t Neighbours = 27;

// [out, in, k, k, k] to [out, neighbour × in]: channels fastest, as Gather() copies those of a neighbour in one piece.
at::Tensor
ToMatrix(const at::Tensor & weight)
{
  return weight.permute({ 0, 2, 3, 4, 1 }).reshape({ weight.size(0), -1 });
}

// Whether input and output are channels of one buffer and so may share some: they begin less than a stride apart.
bool
Overlaps(const CpuConvolution::Call & call)
{
  const std::ptrdiff_t distance = call.output - call.input;
  return call.inputStride == call.outputStride && distance > -call.inputStride && distance < call.inputStride;
}
} // namespace

CpuDirectConvolution::CpuDirectConvolution(const CpuKernels & kernels,
                                           const at::Tensor & weight,
                                           const at::Tensor & bias)
  : m_Kernels(kernels)
  , m_Weight(kernels, ToMatrix(weight), weight.numel() / weight.size(0))
  , m_Bias(bias.defined() ? PadVector(bias) : std::vector<float>{})
  , m_Channels(weight.size(1))
  , m_Radius(weight.size(2) / 2)
{}

std::int64_t
CpuDirectConvolution::GetScratchBytes() const
{
  return static_cast<std::int64_t>(sizeof(float)) * m_Kernels.rowsInCache *
         ((m_Radius == 0 ? 0 : Neighbours) * m_Channels + PaddedChannels(m_Weight.GetColumns()));
}

std::int64_t
CpuDirectConvolution::GetWeightBytes() const
{
  return m_Weight.GetBytes();
}

void
CpuDirectConvolution::Gather(const Call &      call,
                             const GridIndex & first,
                             std::int64_t      count,
                             float *           neighbourhoods) const
{
  const auto bytes = static_cast<std::size_t>(m_Channels) * sizeof(float);
  for (std::int64_t n = 0; n < count; ++n)
  {
    for (std::int64_t z = first[0] - 1; z <= first[0] + 1; ++z)
    {
      for (std::int64_t y = first[1] - 1; y <= first[1] + 1; ++y)
      {
        // Outside the buffers are zeros. Where a buffer ends within the image they are wrong, but then no voxel of the
        // box has them for neighbours: the halo is as wide as the layers' radii together.
        const bool lineIsInside = z >= 0 && z < call.size[0] && y >= 0 && y < call.size[1];
        for (std::int64_t x = first[2] + n - 1; x <= first[2] + n + 1; ++x, neighbourhoods += m_Channels)
        {
          if (lineIsInside && x >= 0 && x < call.size[2])
          {
            const std::int64_t voxel = (z * call.size[1] + y) * call.size[2] + x;
            std::memcpy(neighbourhoods, call.input + voxel * call.inputStride, bytes);
          }
          else
          {
            std::memset(neighbourhoods, 0, bytes);
          }
        }
      }
    }
  }
}

void
CpuDirectConvolution::Run(const Call & call) const
{
  // Each line of the output is written by one thread. Where the output is in the input's buffer, it is either beside
  // the channels that are read, or the kernel is 1×1×1 and a voxel is read by no line but its own: threads do not race.
  const std::int64_t ySize = call.box.end[1] - call.box.begin[1];
  const std::int64_t lines = (call.box.end[0] - call.box.begin[0]) * ySize;
  const std::int64_t rows = m_Kernels.rowsInCache;
  const bool         inPlace = Overlaps(call);
  struct Scratch
  {
    std::vector<float> neighbourhoods;
    std::vector<float> result;
  };
  const auto makeScratch = [&] {
    Scratch scratch;
    scratch.neighbourhoods.resize(m_Radius == 0 ? 0 : static_cast<std::size_t>(rows * Neighbours * m_Channels));
    scratch.result.resize(inPlace ? static_cast<std::size_t>(rows * m_Weight.GetColumns()) : 0);
    return scratch;
  };
  ForEachInParallel(call.threads, lines, makeScratch, [&](std::int64_t line, Scratch & scratch) {
    GridIndex first{ call.box.begin[0] + line / ySize, call.box.begin[1] + line % ySize, call.box.begin[2] };
    for (; first[2] < call.box.end[2]; first[2] += rows)
    {
      const std::int64_t count = std::min(rows, call.box.end[2] - first[2]);
      // Input and residual have the buffers' whole size; only the output may be framed.
      const std::int64_t voxel = (first[0] * call.size[1] + first[1]) * call.size[2] + first[2];
      float *            output = call.output + GetNumber(call.frame, first) * call.outputStride;
      MatrixProduct      product = m_Weight.MakeProduct();
      product.rows = count;
      product.a = call.input + voxel * call.inputStride;
      product.aStride = call.inputStride;
      if (m_Radius > 0)
      {
        this->Gather(call, first, count, scratch.neighbourhoods.data());
        product.a = scratch.neighbourhoods.data();
        product.aStride = product.depth;
      }
      if (!m_Bias.empty())
      {
        product.bias = m_Bias.data();
      }
      else
      {
        // A further part of a convolution of concatenated channels: the parts before it are in the output.
        product.initial = output;
        product.initialStride = call.outputStride;
      }
      if (call.added)
      {
        product.added = call.added + voxel * call.addedStride;
        product.addedStride = call.addedStride;
      }
      product.relu = call.relu;
      // In place the result takes a detour: the product reads its input once for each panel of columns, and the first
      // panel's results would already be in the channels that the second one reads.
      product.c = inPlace ? scratch.result.data() : output;
      product.cStride = inPlace ? product.columns : call.outputStride;
      m_Kernels.multiply(product);
      for (std::int64_t n = 0; inPlace && n < count; ++n)
      {
        std::memcpy(output + n * call.outputStride,
                    scratch.result.data() + n * product.columns,
                    static_cast<std::size_t>(product.columns) * sizeof(float));
      }
    }
  });
}
} // namespace itk::arssr
