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
#include "cuda/ArSSRCudaDecoderPlan.h"

#include "cuda/ArSSRFusedDecoderLayout.h"

#include <algorithm>
#include <limits>

namespace itk::arssr
{
namespace
{
constexpr std::int64_t
RoundUp(std::int64_t value, std::int64_t multiple)
{
  return (value + multiple - 1) / multiple * multiple;
}

/** Elements in a step of the matrix product. */
int
GetDepth(CudaFormat format)
{
  return DispatchFormat(format, [](auto type) { return decltype(type)::Depth; });
}

/** Bytes from a row to the next: an odd number of chunks of 16 bytes. Shared memory has 32 banks of 4 bytes, so the
 * chunks that ldmatrix reads of 8 rows at once then lie in 8 different groups of 4 banks: no conflict. */
std::int32_t
GetStride(std::int64_t rowBytes)
{
  const std::int64_t chunks = RoundUp(rowBytes, CudaChunkBytes) / CudaChunkBytes;
  return static_cast<std::int32_t>((chunks | 1) * CudaChunkBytes);
}

/** The hidden layers in order: all but the last of stage two. */
std::vector<CudaLinear>
GetHiddenLayers(const CudaPerceptron & perceptron)
{
  std::vector<CudaLinear> layers = perceptron.stageOne;
  layers.insert(layers.end(), perceptron.stageTwo.begin(), perceptron.stageTwo.end() - 1);
  return layers;
}

/** Why a stage's layers do not fit each other, or what comes before and after. */
std::string
VerifyStage(const std::vector<CudaLinear> & stage, std::int64_t inputs, std::int64_t outputs)
{
  // The output layer is run as part of the hidden layer before it. The last layer of a first stage adds to the input
  // rows, so it must not be the one that reads them.
  if (stage.size() < 2)
  {
    return "a stage has " + std::to_string(stage.size()) + " layers; the fused decoder needs two or more";
  }
  for (const CudaLinear & layer : stage)
  {
    if (layer.inputs != inputs || layer.outputs < 1)
    {
      return "a layer has " + std::to_string(layer.inputs) + " inputs and " + std::to_string(layer.outputs) +
             " outputs; " + std::to_string(inputs) + " inputs were expected";
    }
    inputs = layer.outputs;
  }
  if (inputs != outputs)
  {
    return "a stage has " + std::to_string(inputs) + " outputs; " + std::to_string(outputs) + " were expected";
  }
  return {};
}

std::string
VerifyPerceptron(const CudaPerceptron & perceptron, CudaFormat format)
{
  // A lane samples a chunk of channels at a time, by reads of 16 bytes.
  const std::int64_t channelsPerChunk = CudaChunkBytes / GetElementBytes(format);
  if (perceptron.channels < 1 || perceptron.channels % channelsPerChunk != 0)
  {
    return "the features have " + std::to_string(perceptron.channels) +
           " channels; the fused decoder needs a multiple of " + std::to_string(channelsPerChunk);
  }
  if (perceptron.coordinates != 3 && perceptron.coordinates != 6)
  {
    return "there are " + std::to_string(perceptron.coordinates) + " coordinates; the fused decoder knows 3 or 6";
  }
  const std::int64_t inputs = perceptron.channels + perceptron.coordinates;
  if (!perceptron.stageOne.empty())
  {
    if (std::string problem = VerifyStage(perceptron.stageOne, inputs, inputs); !problem.empty())
    {
      return problem;
    }
  }
  if (std::string problem = VerifyStage(perceptron.stageTwo, inputs, 1); !problem.empty())
  {
    return problem;
  }
  const std::vector<CudaLinear> layers = GetHiddenLayers(perceptron);
  if (layers.size() > CudaMaximumLayers)
  {
    return "the MLP has " + std::to_string(layers.size()) + " hidden layers; the fused decoder runs up to " +
           std::to_string(CudaMaximumLayers);
  }
  for (const CudaLinear & layer : layers)
  {
    if (layer.outputs > CudaMaximumWidth)
    {
      return "a layer has " + std::to_string(layer.outputs) + " outputs; the fused decoder runs up to " +
             std::to_string(CudaMaximumWidth);
    }
  }
  return {};
}

/** The network's input whose weights a column of packed inputs has. Input rows hold each coordinate twice, rounded to
 * the format and what rounding left of it, and both have the coordinate's weights. */
std::int64_t
GetSourceOfInput(const CudaPerceptron & perceptron, const CudaDecoderLayer & layer, std::int64_t input)
{
  const std::int64_t inputs = perceptron.channels + perceptron.coordinates;
  const bool         isLeft = layer.source == CudaSource::Inputs && input >= inputs;
  return isLeft ? input - perceptron.coordinates : input;
}

/** Columns of the rows that a layer reads, without padding. */
std::int64_t
GetRowColumns(const CudaPerceptron & perceptron, const CudaLinear & linear, CudaSource source)
{
  return source == CudaSource::Inputs ? perceptron.channels + 2 * perceptron.coordinates : linear.inputs;
}

template <typename TFormat>
void
PackLayer(const CudaPerceptron &  perceptron,
          const CudaLinear &      linear,
          const CudaDecoderPlan & plan,
          int                     number,
          std::uint8_t *          packed)
{
  using Element = typename TFormat::Element;
  const CudaDecoderLayer & layer = plan.layers[number];
  const int                columns = GetColumns(plan.width, layer.tilesPerWarp);
  std::uint8_t *           biases = packed + layer.offset;
  std::copy_n(reinterpret_cast<const std::uint8_t *>(linear.bias), linear.outputs * sizeof(float), biases);

  std::uint8_t *     weights = biases + GetBiasBytes(columns);
  const std::int64_t inputs = GetRowColumns(perceptron, linear, layer.source);
  // What is not written here stays zero: columns beyond the layer's outputs, whose results are then zero, and inputs
  // beyond a row's columns, which only fill the last step.
  for (std::int64_t input = 0; input < inputs; ++input)
  {
    const std::int64_t source = GetSourceOfInput(perceptron, layer, input);
    std::uint8_t *     step = weights + input / TFormat::Depth * GetStepWeightBytes(columns);
    const auto         inputInStep = static_cast<int>(input % TFormat::Depth);
    for (int column = 0; column < linear.outputs; ++column)
    {
      const Element value = TFormat::FromFloat(linear.weight[column * linear.inputs + source]);
      StoreAs(step + GetWeightByte(inputInStep, column, sizeof(Element)), value);
    }
  }
}

/** Gives each part of shared memory its place. */
void
PlanSharedMemory(CudaDecoderPlan & plan, std::int64_t activationColumns)
{
  const int elementBytes = GetElementBytes(plan.format);
  plan.inputStride = GetStride(std::int64_t{ plan.inputs } * elementBytes);
  plan.activationStride = GetStride(activationColumns * elementBytes);

  // Each part takes a multiple of 16 bytes, so that the next one is aligned for copies and ldmatrix.
  std::int32_t end = 0;
  const auto   take = [&end](std::int32_t bytes) {
    const std::int32_t begin = end;
    end += bytes;
    return begin;
  };
  plan.inputsOffset = take(plan.rows * plan.inputStride);
  plan.activationsOffset = take(plan.rows * plan.activationStride);
  plan.ringOffset = take(CudaStages * GetSlotBytes(plan.width));
  plan.outputWeightsOffset = take(GetBiasBytes(plan.width));
  plan.partialsOffset = take(GetWarpsAcross(plan.width) * plan.rows * static_cast<std::int32_t>(sizeof(float)));
  // [part, row]: a float for each thread that samples; see FusedSampler.
  plan.skipsOffset = take(CudaThreads * static_cast<std::int32_t>(sizeof(float)));
  plan.sharedBytes = end;
}
} // namespace


std::string
PlanCudaDecoder(const CudaPerceptron & perceptron,
                CudaFormat             format,
                std::int64_t           sharedBytesPerBlock,
                CudaDecoderPlan &      plan)
{
  if (std::string problem = VerifyPerceptron(perceptron, format); !problem.empty())
  {
    return problem;
  }
  const std::vector<CudaLinear> layers = GetHiddenLayers(perceptron);
  std::int64_t                  widest = 0;
  for (const CudaLinear & layer : layers)
  {
    widest = std::max(widest, layer.outputs);
  }
  const int depth = GetDepth(format);

  plan = {};
  plan.format = format;
  // The narrowest kernel that holds the widest layer. Narrower layers use fewer tiles a warp of the same kernel.
  plan.width = widest <= 64 ? 64 : widest <= 128 ? 128 : CudaMaximumWidth;
  plan.rows = DispatchFormat(format, [](auto type) { return decltype(type)::Rows; });
  plan.channels = static_cast<std::int32_t>(perceptron.channels);
  plan.coordinates = static_cast<std::int32_t>(perceptron.coordinates);
  plan.inputs = static_cast<std::int32_t>(RoundUp(perceptron.channels + 2 * perceptron.coordinates, depth));
  plan.endsWithReLU = perceptron.endsWithReLU ? 1 : 0;
  plan.outputBias = perceptron.stageTwo.back().bias != nullptr ? perceptron.stageTwo.back().bias[0] : 0.0F;
  plan.layerCount = static_cast<std::int32_t>(layers.size());

  const std::size_t stageOneLayers = perceptron.stageOne.size();
  std::int64_t      offset = GetBiasBytes(plan.width); // behind the output weights
  std::int64_t      activationColumns = 0;
  for (std::size_t number = 0; number < layers.size(); ++number)
  {
    CudaDecoderLayer & layer = plan.layers[number];
    // The first layer of either stage reads the input rows; stage one's last layer adds its output to them. Without a
    // stage one the second comparison is with zero, too.
    layer.source = number == 0 || number == stageOneLayers ? CudaSource::Inputs : CudaSource::Activations;
    layer.result = number + 1 == layers.size()    ? CudaResult::Output
                   : number + 1 == stageOneLayers ? CudaResult::AddToInputs
                                                  : CudaResult::Activations;
    layer.steps =
      static_cast<std::int32_t>(RoundUp(GetRowColumns(perceptron, layers[number], layer.source), depth) / depth);
    // All warps along the columns have equally many tiles; the last ones may be empty.
    const int columnsPerTile = GetColumns(plan.width, 1);
    layer.tilesPerWarp = static_cast<std::int32_t>(RoundUp(layers[number].outputs, columnsPerTile) / columnsPerTile);
    layer.offset = offset;
    const int columns = GetColumns(plan.width, layer.tilesPerWarp);
    offset += GetBiasBytes(columns) + std::int64_t{ layer.steps } * GetStepWeightBytes(columns);
    // Rows have room for all columns that are computed, zeros included: the next layer's last step reads them as its
    // padding.
    if (layer.result == CudaResult::Activations)
    {
      activationColumns = std::max<std::int64_t>(activationColumns, columns);
    }
  }
  plan.packedBytes = offset;
  // While a tile is sampled, the memory of the activations, which nobody needs then, holds the FusedCorners of each
  // row: 64 bytes.
  activationColumns = std::max<std::int64_t>(activationColumns, 64 / GetElementBytes(format));
  PlanSharedMemory(plan, activationColumns);
  if (plan.sharedBytes > sharedBytesPerBlock)
  {
    return "the fused decoder needs " + std::to_string(plan.sharedBytes) +
           " bytes of shared memory for a block; the device has " + std::to_string(sharedBytesPerBlock);
  }
  return {};
}


std::vector<std::uint8_t>
PackCudaWeights(const CudaPerceptron & perceptron, const CudaDecoderPlan & plan)
{
  std::vector<std::uint8_t> packed(static_cast<std::size_t>(plan.packedBytes), 0);
  const CudaLinear &        output = perceptron.stageTwo.back();
  // The output layer's weights come first, in float32: its products are summed by the lanes, not by the tensor cores.
  std::copy_n(reinterpret_cast<const std::uint8_t *>(output.weight), output.inputs * sizeof(float), packed.data());

  const std::vector<CudaLinear> layers = GetHiddenLayers(perceptron);
  for (int number = 0; number < plan.layerCount; ++number)
  {
    DispatchFormat(plan.format, [&](auto type) {
      PackLayer<decltype(type)>(perceptron, layers[static_cast<std::size_t>(number)], plan, number, packed.data());
    });
  }
  return packed;
}


std::string
VerifyCudaDecode(const CudaDecoderPlan & plan, const CudaDecodeArguments & arguments)
{
  if (arguments.voxelCount == 0)
  {
    return {};
  }
  const auto isAligned = [](const void * pointer) {
    return pointer != nullptr && reinterpret_cast<std::uintptr_t>(pointer) % CudaChunkBytes == 0;
  };
  if (!isAligned(arguments.features) || !isAligned(arguments.weights))
  {
    return "features and packed weights must be set and aligned to 16 bytes";
  }
  if (arguments.spans == nullptr || arguments.spanCount < 1 || arguments.output == nullptr || arguments.voxelCount < 0)
  {
    return "there are voxels to decode but no spans or no output";
  }
  if (arguments.skipTaps != 0 && arguments.skipTaps != 2 && arguments.skipTaps != 4)
  {
    return "the skip has " + std::to_string(arguments.skipTaps) + " taps; 0, 2 or 4 are expected";
  }
  if (arguments.skipTaps != 0 && arguments.intensities == nullptr)
  {
    return "the skip needs LR intensities";
  }
  // In double, for the product of three sizes of 32 bits may not fit 64. The kernel numbers features in 32 bits.
  const auto countVoxels = [](const std::int32_t * extent) {
    return std::max<double>(extent[0], 0) * std::max<double>(extent[1], 0) * std::max<double>(extent[2], 0);
  };
  constexpr double limit = std::numeric_limits<std::int32_t>::max();
  if (countVoxels(arguments.featureExtent) < 1 || countVoxels(arguments.featureExtent) > limit ||
      countVoxels(arguments.imageSize) < 1 || (arguments.skipTaps != 0 && countVoxels(arguments.intensityExtent) < 1))
  {
    return "the LR image and its parts must have at least 1 voxel, the features fewer than 2^31";
  }
  if (plan.sharedBytes < 1 || plan.layerCount < 1)
  {
    return "the plan is empty";
  }
  return {};
}


std::int64_t
GetCudaBlocks(const CudaDecoderPlan & plan, std::int64_t voxels, int multiprocessors, int blocksPerMultiprocessor)
{
  // Never more blocks than tiles: the others would have nothing to do.
  const std::int64_t tiles = RoundUp(voxels, plan.rows) / plan.rows;
  const std::int64_t atOnce = std::int64_t{ multiprocessors } * std::max(blocksPerMultiprocessor, 1);
  return std::clamp<std::int64_t>(atOnce, 1, std::max<std::int64_t>(tiles, 1));
}
} // namespace itk::arssr
