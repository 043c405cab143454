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
#include "cuda/ArSSRCudaExecutor.h"

#include "cuda/ArSSRCudaDecoderPlan.h"
#include "cuda/ArSSRCudaLibrary.h"
#include "network/ArSSRSkipTaps.h"
#include "platform/ArSSRCpuParallel.h"

#include "itkMacro.h"

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <array>

namespace itk::arssr
{
namespace
{
// 16384 tiles of 128 rows, or twice as many of 64: enough to fill a GPU many times over, while a chunk takes only 8 MiB
// on either side and the first one is soon written.
constexpr SizeValueType VoxelsPerChunk = SizeValueType{ 1 } << 21;
// Chunks overlap only within a call of Decode(), so a call should have several.
constexpr SizeValueType ChunksPerBatch = 8;
constexpr int           ChunksUnderWay = 2; // one is computed, one written out

constexpr std::size_t  MessageBytes = 512;
constexpr std::int32_t LeastComputeCapability = 80; // asynchronous copies, bfloat16 and TensorFloat32 begin there

CudaFormat
GetFormat(Precision precision)
{
  switch (precision)
  {
    case Precision::BFloat16:
      return CudaFormat::BFloat16;
    case Precision::Float16:
      return CudaFormat::Float16;
    default:
      return CudaFormat::TensorFloat32;
  }
}

CudaLinear
MakeLinear(const Network & network, const Linear & layer)
{
  const at::Tensor & weight = network.GetParameters()[layer.GetWeight()];
  const at::Tensor & bias = network.GetParameters()[layer.GetBias()];
  return { weight.size(1), weight.size(0), weight.const_data_ptr<float>(), bias.const_data_ptr<float>() };
}

CudaPerceptron
MakePerceptron(const Network & network)
{
  // Pointers to the network's own parameters, float32 on the CPU: PackCudaWeights() reads them, nothing keeps them.
  CudaPerceptron perceptron;
  perceptron.channels = network.GetArchitecture().featureDimension;
  perceptron.coordinates = network.GetArchitecture().GetNumberOfCoordinates();
  for (const Linear & layer : network.GetDecoder().GetStageOne())
  {
    perceptron.stageOne.push_back(MakeLinear(network, layer));
  }
  for (const Linear & layer : network.GetDecoder().GetStageTwo())
  {
    perceptron.stageTwo.push_back(MakeLinear(network, layer));
  }
  perceptron.endsWithReLU = network.GetDecoder().EndsWithReLU();
  return perceptron;
}

template <typename TArray>
void
SetThree(std::int32_t (&target)[3], const TArray & values)
{
  for (int axis = 0; axis < 3; ++axis)
  {
    target[axis] = static_cast<std::int32_t>(values[axis]);
  }
}
} // namespace


/** Voxels that are computed by one launch, and their buffers.
 *
 * The spans' upload, the kernel and the copy of its output to pinned memory follow each other on torch's current
 * stream, behind the encoder that made the features; an event tells that all is there. Buffers are used again by a
 * later chunk, which may start only after Finish(). */
class CudaExecutor::Chunk
{
public:
  Chunk(const at::Device & device, const at::Device & host, SizeValueType voxels)
    : m_Device(device)
    , m_Output(at::empty({ static_cast<std::int64_t>(voxels) }, at::TensorOptions(at::kFloat).device(device)))
    , m_Host(at::empty({ static_cast<std::int64_t>(voxels) },
                       at::TensorOptions(at::kFloat).device(host).pinned_memory(true)))
    , m_Event(device.type())
  {}

  /** Starts the computation and the copy to the host, and does not wait for them. */
  void
  Start(const CudaExecutor &    executor,
        CudaDecodeArguments     arguments,
        std::vector<OutputSpan> spans,
        const DecodeJob &       job)
  {
    m_Spans = std::move(spans);
    std::vector<CudaSpan> cudaSpans;
    cudaSpans.reserve(m_Spans.size());
    const auto & outputStart = job.indexMap.GetOutputStart();
    for (const OutputSpan & span : m_Spans)
    {
      CudaSpan cudaSpan{ {}, static_cast<std::int32_t>(span.count), arguments.voxelCount };
      SetThree(cudaSpan.start, span.start - outputStart);
      cudaSpans.push_back(cudaSpan);
      arguments.voxelCount += static_cast<std::int64_t>(span.count);
    }
    // A blocking copy, for cudaSpans ends with this function. It waits for all that is on the stream, the kernel of the
    // chunk before included, whose values are written out after the launch below.
    const auto bytes = static_cast<std::int64_t>(cudaSpans.size() * sizeof(CudaSpan));
    m_DeviceSpans = at::from_blob(cudaSpans.data(), { bytes }, at::kByte).to(m_Device);
    arguments.spans = static_cast<const CudaSpan *>(m_DeviceSpans.const_data_ptr());
    arguments.spanCount = static_cast<std::int64_t>(cudaSpans.size());
    arguments.output = m_Output.mutable_data_ptr<float>();
    if (const std::string reason = VerifyCudaDecode(executor.m_Plan, arguments); !reason.empty())
    {
      itkGenericExceptionMacro("The CUDA decoder cannot run: " << reason);
    }
    const c10::Stream              stream = c10::impl::VirtualGuardImpl(m_Device.type()).getStream(m_Device);
    std::array<char, MessageBytes> message{};
    if (executor.m_Functions.decode(
          &executor.m_Plan, &arguments, m_Device.index(), stream.native_handle(), message.data(), message.size()) != 0)
    {
      itkGenericExceptionMacro("The CUDA decoder failed: " << message.data());
    }
    // Asynchronous, because m_Host is pinned.
    m_Host.narrow(0, 0, arguments.voxelCount).copy_(m_Output.narrow(0, 0, arguments.voxelCount), true);
    m_Event.record(stream);
  }

  /** Waits for what was started and hands it out. Does nothing where nothing was started. */
  void
  Finish(const DecodeJob & job)
  {
    if (m_Spans.empty())
    {
      return;
    }
    m_Event.synchronize();
    std::vector<SizeValueType> firstVoxels;
    SizeValueType              voxels = 0;
    for (const OutputSpan & span : m_Spans)
    {
      firstVoxels.push_back(voxels);
      voxels += span.count;
    }
    // The values lie span after span, as CudaSpan::first says.
    constexpr std::int64_t spansPerThread = 64;
    const float *          values = m_Host.const_data_ptr<float>();
    ForEachRangeInParallel(job.threads,
                           static_cast<std::int64_t>(m_Spans.size()),
                           spansPerThread,
                           [&](std::int64_t begin, std::int64_t end) {
                             for (std::int64_t number = begin; number < end; ++number)
                             {
                               const OutputSpan & span = m_Spans[static_cast<std::size_t>(number)];
                               job.writeOutput(
                                 span.start, values + firstVoxels[static_cast<std::size_t>(number)], span.count);
                             }
                           });
    m_Spans.clear();
  }

private:
  at::Device              m_Device;
  at::Tensor              m_Output;
  at::Tensor              m_Host;
  at::Tensor              m_DeviceSpans;
  c10::Event              m_Event;
  std::vector<OutputSpan> m_Spans;
};


std::unique_ptr<CudaExecutor>
CudaExecutor::New(const Network & network, const at::Device & device, Precision precision)
{
  // Tensor cores have no float32 of 24 bits; whoever asks for it gets torch, without a warning.
  if (!device.is_cuda() || precision == Precision::Float32)
  {
    return nullptr;
  }
  const CudaDecoderFunctions * functions = CudaLibrary::Get().GetFunctions();
  if (functions == nullptr)
  {
    // Only here, where a GPU in a precision of the kernels would have used the library.
    CudaLibrary::Get().WarnOnce();
    return nullptr;
  }
  std::array<char, MessageBytes> message{};
  CudaDeviceLimits               limits{};
  CudaDecoderPlan                plan{};
  const CudaPerceptron           perceptron = MakePerceptron(network);
  // Whatever the reason, torch can do it.
  if (functions->getDeviceLimits(device.index(), &limits, message.data(), message.size()) != 0 ||
      limits.computeCapability < LeastComputeCapability ||
      !PlanCudaDecoder(perceptron, GetFormat(precision), limits.sharedBytesPerBlock, plan).empty())
  {
    return nullptr;
  }
  // A blocking copy, for `packed` ends with this function.
  std::vector<std::uint8_t> packed = PackCudaWeights(perceptron, plan);
  const at::Tensor          weights =
    at::from_blob(packed.data(), { static_cast<std::int64_t>(packed.size()) }, at::kByte).to(device);
  return std::unique_ptr<CudaExecutor>(new CudaExecutor(network, device, precision, *functions, plan, weights));
}

CudaExecutor::CudaExecutor(const Network &              network,
                           const at::Device &           device,
                           Precision                    precision,
                           const CudaDecoderFunctions & functions,
                           const CudaDecoderPlan &      plan,
                           const at::Tensor &           weights)
  : TorchExecutor(network, device, precision)
  , m_Functions(functions)
  , m_Plan(plan)
  , m_Weights(weights)
  , m_Sampling{ network.GetArchitecture().padding, network.GetArchitecture().coordinates, {} }
  , m_Skip(network.GetArchitecture().skip)
{}

CudaExecutor::~CudaExecutor() = default;

CudaDecodeArguments
CudaExecutor::MakeArguments(const FeatureTile & tile, const DecodeJob & job) const
{
  CudaDecodeArguments arguments{};
  arguments.features = tile.features.const_data_ptr();
  arguments.intensities = tile.lowResolution.const_data_ptr<float>();
  arguments.weights = m_Weights.const_data_ptr();
  // Sizes and positions on LR grids are (z, y, x), the index map is x first, as CudaDecodeArguments says.
  SetThree(arguments.imageSize, tile.imageSize);
  SetThree(arguments.featureOrigin, tile.origin);
  SetThree(arguments.featureExtent, tile.features.sizes());
  SetThree(arguments.intensityOrigin, tile.lowResolutionOrigin);
  SetThree(arguments.intensityExtent, tile.lowResolution.sizes());
  const GridLengths voxelSize = ToGridLengths(job.indexMap.GetVoxelSize());
  for (int row = 0; row < 3; ++row)
  {
    std::copy_n(job.indexMap.GetMatrix()[row].begin(), 3, arguments.matrix[row]);
    arguments.offset[row] = job.indexMap.GetOffset()[row];
    arguments.voxelSize[row] = voxelSize[row];
  }
  arguments.borderPadding = static_cast<std::int32_t>(m_Sampling.padding == ArSSRModelEnums::Padding::Border);
  arguments.skipTaps = m_Skip == ArSSRModelEnums::Skip::None ? 0 : GetNumberOfSkipTaps(m_Skip);
  return arguments;
}

void
CudaExecutor::Decode(const FeatureTile & tile, const DecodeJob & job) const
{
  const c10::DeviceGuard    guard(this->GetDevice());
  const CudaDecodeArguments arguments = this->MakeArguments(tile, job);
  auto                      parts = CutSpans(job.spans, VoxelsPerChunk);
  std::vector<Chunk>        chunks;
  for (std::size_t number = 0; number < std::min<std::size_t>(parts.size(), ChunksUnderWay); ++number)
  {
    chunks.emplace_back(this->GetDevice(), at::kCPU, VoxelsPerChunk);
  }
  // Two chunks take turns: one is started, then the other one, whose values are there or will be soon, is finished
  // while the GPU computes. A single part has a single chunk, which finishes itself.
  auto chunk = chunks.begin();
  for (auto & part : parts)
  {
    chunk->Finish(job);
    chunk->Start(*this, arguments, std::move(part), job);
    if (++chunk == chunks.end())
    {
      chunk = chunks.begin();
    }
    chunk->Finish(job); // the part before, while this one is computed
  }
  for (Chunk & last : chunks)
  {
    last.Finish(job);
  }
}

TileCosts
CudaExecutor::GetCosts() const
{
  // The decoder's buffers for two chunks, 16 MiB, are less than what torch's decoder needs for a batch of activations.
  TileCosts costs = TorchExecutor::GetCosts();
  costs.voxelsPerBatch = ChunksPerBatch * VoxelsPerChunk;
  return costs;
}

std::string
CudaExecutor::GetDescription() const
{
  return "fused CUDA decoder, torch encoder (" + this->GetDevice().str() + ')';
}
} // namespace itk::arssr
