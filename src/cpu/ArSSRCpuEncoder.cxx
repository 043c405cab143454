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
#include "cpu/ArSSRCpuEncoder.h"

#include "platform/ArSSRCpuParallel.h"
#include "platform/ArSSRLargeBuffer.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace itk::arssr
{
namespace
{
using Step = EncoderPlan::Step;

std::unique_ptr<CpuConvolution>
MakeConvolution(const CpuKernels &     kernels,
                const Parameters &     parameters,
                const Step &           step,
                CpuConvolution::Method method)
{
  at::Tensor weight = parameters[step.convolution.GetWeight()];
  at::Tensor bias = parameters[step.convolution.GetBias()];
  // One part of a 1×1×1 convolution of concatenated channels: its columns of the weight. The bias comes with the first
  // part only, which overwrites the output; the others, without a bias, add to it.
  if (step.partChannels > 0)
  {
    weight = weight.narrow(1, step.part * step.partChannels, step.partChannels);
    bias = step.part == 0 ? bias : at::Tensor();
  }
  return CpuConvolution::New(kernels, weight, bias, method);
}

GridBox
Dilate(const GridBox & box, std::int64_t radius, const GridIndex & size)
{
  GridBox result;
  for (int axis = 0; axis < 3; ++axis)
  {
    // Clamped at the image's border only: elsewhere the input reaches as far as the encoder's radius, which no later
    // step exceeds.
    result.begin[axis] = std::max<std::int64_t>(box.begin[axis] - radius, 0);
    result.end[axis] = std::min(box.end[axis] + radius, size[axis]);
  }
  return result;
}

/** Multiply-accumulates for each voxel of a step, which may see a part of its convolution's input channels. */
double
GetWork(const Step & step)
{
  const auto   cost = static_cast<double>(step.convolution.GetCost());
  const double share =
    static_cast<double>(step.partChannels) / static_cast<double>(step.convolution.GetInputChannels());
  return step.partChannels > 0 ? cost * share : cost;
}

/** Adds the LR intensity to all channels of the features, [voxel of the box, channel], but not to their padding, which
 * must stay zero. Only the encoder's last step does this, whose buffer holds the box alone. */
void
AddImage(const at::Tensor & lowResolution,
         const GridBox &    box,
         std::int64_t       channels,
         unsigned int       threads,
         at::Tensor &       features)
{
  const auto    intensities = lowResolution.accessor<float, 3>();
  float * const first = features.mutable_data_ptr<float>();
  const auto    size = GetSize(box);
  ForEachInParallel(
    threads,
    size[0] * size[1],
    [] { return 0; },
    [&](std::int64_t line, int) {
      const std::int64_t z = box.begin[0] + line / size[1];
      const std::int64_t y = box.begin[1] + line % size[1];
      for (std::int64_t x = 0; x < size[2]; ++x)
      {
        const float intensity = intensities[z][y][box.begin[2] + x];
        float *     feature = first + (line * size[2] + x) * features.size(1);
        for (std::int64_t channel = 0; channel < channels; ++channel)
        {
          feature[channel] += intensity;
        }
      }
    });
}
} // namespace

CpuEncoder::CpuEncoder(const CpuKernels & kernels, const Network & network, CpuConvolution::Method method)
  : m_Plan(network.GetEncoder().GetPlan())
{
  m_Convolutions.reserve(m_Plan.steps.size());
  for (const Step & step : m_Plan.steps)
  {
    m_Convolutions.push_back(MakeConvolution(kernels, network.GetParameters(), step, method));
  }
}

at::Tensor
CpuEncoder::Encode(const at::Tensor &                  lowResolution,
                   const GridIndex &                   origin,
                   const GridBox &                     box,
                   unsigned int                        threads,
                   const std::function<void(double)> & report) const
{
  const GridIndex                size{ lowResolution.size(0), lowResolution.size(1), lowResolution.size(2) };
  const GridBox                  whole{ {}, size };
  const std::vector<std::size_t> lastUses = m_Plan.GetLastUses();
  std::vector<at::Tensor>        buffers(m_Plan.bufferChannels.size()); // [voxel, channel]
  buffers[0] = lowResolution.contiguous().view({ -1, 1 });
  double done = 0.0;
  double total = 0.0;
  for (const Step & step : m_Plan.steps)
  {
    total += GetWork(step);
  }
  // All buffers but the last have the whole size of the input, so that a voxel has one number in all of them. A step
  // computes only the box that later steps still read, which shrinks by each step's radius to the box of features. The
  // rest of a buffer is never initialised, nor read.
  for (std::size_t number = 0; number < m_Plan.steps.size(); ++number)
  {
    const Step &  step = m_Plan.steps[number];
    const bool    isLast = number + 1 == m_Plan.steps.size();
    const GridBox frame = isLast ? box : whole;
    at::Tensor &  output = buffers[step.output.buffer];
    if (!output.defined())
    {
      output =
        MakeLargeBuffer(GetNumberOfVoxels(GetSize(frame)), PaddedChannels(m_Plan.bufferChannels[step.output.buffer]));
    }
    CpuConvolution::Call call;
    call.size = size;
    call.origin = origin;
    call.box = Dilate(box, m_Plan.GetRadiusAfter(number), size);
    call.frame = frame;
    // Some channels of a buffer: what the network concatenates lies side by side and is never copied. A convolution
    // also writes the padding of its output, which must not cover another part: parts begin at multiples of
    // ChannelPadding.
    call.input = buffers[step.input.buffer].const_data_ptr<float>() + step.input.first;
    call.inputStride = buffers[step.input.buffer].size(1);
    call.output = output.mutable_data_ptr<float>() + step.output.first;
    call.outputStride = output.size(1);
    if (step.added)
    {
      call.added = buffers[step.added->buffer].const_data_ptr<float>() + step.added->first;
      call.addedStride = buffers[step.added->buffer].size(1);
    }
    call.relu = step.relu;
    call.threads = threads;
    m_Convolutions[number]->Run(call);
    if (step.addsImage)
    {
      AddImage(lowResolution, call.box, step.convolution.GetOutputChannels(), threads, output);
    }
    // Released as soon as no later step uses them: GetBytesPerVoxel() and with it the memory budget count on that.
    for (std::size_t buffer = 0; !isLast && buffer < buffers.size(); ++buffer)
    {
      if (lastUses[buffer] == number)
      {
        buffers[buffer].reset();
      }
    }
    done += GetWork(step);
    report(done / total);
  }
  const GridIndex featureSize = GetSize(box);
  return buffers.back().view({ featureSize[0], featureSize[1], featureSize[2], -1 });
}

std::int64_t
CpuEncoder::GetBytesPerVoxel() const
{
  // For each voxel of the input region, halo included, as the buffers have its size.
  return static_cast<std::int64_t>(sizeof(float)) * m_Plan.GetPeakChannels(ChannelPadding);
}

std::int64_t
CpuEncoder::GetWeightBytes() const
{
  std::int64_t bytes = 0;
  for (const auto & convolution : m_Convolutions)
  {
    bytes += convolution->GetWeightBytes();
  }
  return bytes;
}

std::int64_t
CpuEncoder::GetScratchBytes() const
{
  // Layers run one after the other, and each frees its scratch at the end.
  std::int64_t bytes = 0;
  for (const auto & convolution : m_Convolutions)
  {
    bytes = std::max(bytes, convolution->GetScratchBytes());
  }
  return bytes;
}
} // namespace itk::arssr
