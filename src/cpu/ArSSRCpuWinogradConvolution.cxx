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
#include "cpu/ArSSRCpuWinogradConvolution.h"

#include "platform/ArSSRCpuParallel.h"

#include <ATen/ATen.h>

namespace itk::arssr
{
namespace
{
constexpr std::int64_t OutputTile = 2;
constexpr std::int64_t InputTile = 4;
constexpr std::int64_t PlaneFrequencies = InputTile * InputTile;
constexpr std::int64_t Frequencies = PlaneFrequencies * InputTile;
constexpr std::int64_t OutputVoxels = OutputTile * OutputTile * OutputTile;

// [out, in, 3, 3, 3] to [64, out, in]: the matrix G of Lavin and Gray, section 4.1, along each axis. In double
// precision, so that the transformed weights are rounded only once.
at::Tensor
TransformWeights(const at::Tensor & weight)
{
  const at::Tensor g =
    at::tensor({ 1.0, 0.0, 0.0, 0.5, 0.5, 0.5, 0.5, -0.5, 0.5, 0.0, 0.0, 1.0 }, at::kDouble).view({ InputTile, 3 });
  at::Tensor values = weight.to(at::kDouble).contiguous();
  for (int axis = 0; axis < 3; ++axis)
  {
    // The first of the kernel's axes is transformed and becomes the last one.
    values = at::tensordot(values, g, { 2 }, { 1 });
  }
  return values.permute({ 2, 3, 4, 0, 1 }).reshape({ Frequencies, weight.size(0), weight.size(1) }).to(at::kFloat);
}
} // namespace


/** The tiles that cover a box, numbered with x fastest. */
struct CpuWinogradConvolution::Tiles
{
  explicit Tiles(const Call & call)
    : origin(call.origin)
  {
    for (int axis = 0; axis < 3; ++axis)
    {
      // Even voxels of the image, not of the buffers: an output voxel has the same place in its tile in every call,
      // hence the same operations and the same bits. The image's indices are not negative, so this rounds down.
      first[axis] = (call.box.begin[axis] + origin[axis]) / OutputTile;
      const std::int64_t last = (call.box.end[axis] - 1 + origin[axis]) / OutputTile;
      count[axis] = last - first[axis] + 1;
    }
  }

  /** A tile's first output voxel, counted from the buffers' first voxel; may be -1. */
  GridIndex
  GetStart(std::int64_t number) const
  {
    const GridIndex tile{ number / (count[1] * count[2]), number / count[2] % count[1], number % count[2] };
    GridIndex       start;
    for (int axis = 0; axis < 3; ++axis)
    {
      start[axis] = OutputTile * (first[axis] + tile[axis]) - origin[axis];
    }
    return start;
  }

  GridIndex origin;
  GridIndex first;
  GridIndex count;
};


struct CpuWinogradConvolution::Scratch
{
  Scratch(std::int64_t tiles, std::int64_t inputChannels, std::int64_t outputChannels)
    : input(at::empty({ PlaneFrequencies * tiles * inputChannels }, at::kFloat))
    , output(at::empty({ PlaneFrequencies * tiles * outputChannels }, at::kFloat))
    , sums(at::empty({ tiles * OutputVoxels * outputChannels }, at::kFloat))
    , zeros(static_cast<std::size_t>(inputChannels), 0.0F)
    , voxels(static_cast<std::size_t>(tiles * Frequencies))
  {}

  at::Tensor                 input;  // [frequency y, frequency x, tile, channel]
  at::Tensor                 output; // the same
  at::Tensor                 sums;   // [tile, z, y, x, channel]
  std::vector<float>         zeros;  // the channels of a voxel outside the buffers
  std::vector<const float *> voxels; // [tile, z, y, x]
};


CpuWinogradConvolution::CpuWinogradConvolution(const CpuKernels & kernels,
                                               const at::Tensor & weight,
                                               const at::Tensor & bias)
  : m_Kernels(kernels)
  , m_InputChannels(PaddedChannels(weight.size(1)))
  , m_OutputChannels(PaddedChannels(weight.size(0)))
  , m_Bias(PadVector(bias))
{
  const at::Tensor transformed = TransformWeights(weight);
  m_Weights.reserve(Frequencies);
  for (std::int64_t frequency = 0; frequency < Frequencies; ++frequency)
  {
    m_Weights.emplace_back(kernels, transformed[frequency], m_InputChannels);
  }
}

std::int64_t
CpuWinogradConvolution::GetScratchBytes() const
{
  const std::int64_t floats = PlaneFrequencies * m_InputChannels + (PlaneFrequencies + OutputVoxels) * m_OutputChannels;
  // A quarter of the frequencies for input and output, and all sums; the pointers to voxels are left out.
  return m_Kernels.winogradTiles * static_cast<std::int64_t>(sizeof(float)) * floats;
}

std::int64_t
CpuWinogradConvolution::GetWeightBytes() const
{
  std::int64_t bytes = 0;
  for (const PackedMatrix & weight : m_Weights)
  {
    bytes += weight.GetBytes();
  }
  return bytes;
}

void
CpuWinogradConvolution::Run(const Call & call) const
{
  // Blocks of tiles are the unit of the threads; tiles do not share output voxels, so nothing is locked.
  const Tiles        tiles(call);
  const std::int64_t total = GetNumberOfVoxels(tiles.count);
  const std::int64_t blockSize = m_Kernels.winogradTiles;
  ForEachInParallel(
    call.threads,
    (total + blockSize - 1) / blockSize,
    [&] { return Scratch(blockSize, m_InputChannels, m_OutputChannels); },
    [&](std::int64_t block, Scratch & scratch) {
      const std::int64_t first = block * blockSize;
      this->RunBlock(call, tiles, first, std::min(blockSize, total - first), scratch);
    });
}

void
CpuWinogradConvolution::RunBlock(const Call &  call,
                                 const Tiles & tiles,
                                 std::int64_t  first,
                                 std::int64_t  count,
                                 Scratch &     scratch) const
{
  // The addresses of each tile's 64 voxels are found once for the four passes. A voxel outside the buffers has the
  // address of a row of zeros, so that the transform needs no branch.
  for (std::int64_t tile = 0; tile < count; ++tile)
  {
    const GridIndex start = tiles.GetStart(first + tile);
    const float **  voxels = scratch.voxels.data() + tile * Frequencies;
    for (std::int64_t z = start[0] - 1; z < start[0] - 1 + InputTile; ++z)
    {
      for (std::int64_t y = start[1] - 1; y < start[1] - 1 + InputTile; ++y)
      {
        const bool lineIsInside = z >= 0 && z < call.size[0] && y >= 0 && y < call.size[1];
        for (std::int64_t x = start[2] - 1; x < start[2] - 1 + InputTile; ++x, ++voxels)
        {
          const std::int64_t voxel = (z * call.size[1] + y) * call.size[2] + x;
          const bool         isInside = lineIsInside && x >= 0 && x < call.size[2];
          *voxels = isInside ? call.input + voxel * call.inputStride : scratch.zeros.data();
        }
      }
    }
  }

  float * inputs = scratch.input.mutable_data_ptr<float>();
  float * outputs = scratch.output.mutable_data_ptr<float>();
  float * sums = scratch.sums.mutable_data_ptr<float>();
  // [frequency y, frequency x, tile, channel]: the last block has fewer tiles, and its planes lie closer together.
  const std::int64_t inputStride = count * m_InputChannels;
  const std::int64_t outputStride = count * m_OutputChannels;
  // One frequency along z after the other. Its 16 planes of coefficients, of all tiles of the block, are written,
  // multiplied and read again while they are in the second level cache; the block's size is chosen for that. All 64
  // frequencies at once would need four times as much. The weights of a plane are read once for all tiles of the block,
  // which is why tiles are taken together. Of the results, only the output's sums live through all four passes.
  for (int frequency = 0; frequency < InputTile; ++frequency)
  {
    for (std::int64_t tile = 0; tile < count; ++tile)
    {
      m_Kernels.transformInput({ scratch.voxels.data() + tile * Frequencies,
                                 m_InputChannels,
                                 frequency,
                                 inputs + tile * m_InputChannels,
                                 inputStride });
    }
    for (std::int64_t plane = 0; plane < PlaneFrequencies; ++plane)
    {
      MatrixProduct product = m_Weights[frequency * PlaneFrequencies + plane].MakeProduct();
      // One row for each tile. Bias, residual and ReLU belong to voxels, not to frequencies: they wait for Finish().
      product.rows = count;
      product.a = inputs + plane * inputStride;
      product.aStride = m_InputChannels;
      product.c = outputs + plane * outputStride;
      product.cStride = m_OutputChannels;
      m_Kernels.multiply(product);
    }
    for (std::int64_t tile = 0; tile < count; ++tile)
    {
      m_Kernels.transformOutput({ outputs + tile * m_OutputChannels,
                                  outputStride,
                                  m_OutputChannels,
                                  frequency,
                                  sums + tile * OutputVoxels * m_OutputChannels });
    }
  }
  for (std::int64_t tile = 0; tile < count; ++tile)
  {
    this->Finish(call, tiles.GetStart(first + tile), sums + tile * OutputVoxels * m_OutputChannels);
  }
}

void
CpuWinogradConvolution::Finish(const Call & call, const GridIndex & start, const float * sums) const
{
  for (std::int64_t n = 0; n < OutputVoxels; ++n, sums += m_OutputChannels)
  {
    const GridIndex voxel{ start[0] + n / 4, start[1] + n / 2 % 2, start[2] + n % 2 };
    bool            isInBox = true;
    for (int axis = 0; axis < 3; ++axis)
    {
      isInBox = isInBox && voxel[axis] >= call.box.begin[axis] && voxel[axis] < call.box.end[axis];
    }
    // Tiles begin at even voxels of the image and so may reach beyond the box, where the output must stay as it is.
    if (isInBox)
    {
      const std::int64_t number = (voxel[0] * call.size[1] + voxel[1]) * call.size[2] + voxel[2];
      m_Kernels.finishVoxel({ sums,
                              m_Bias.data(),
                              call.added ? call.added + number * call.addedStride : nullptr,
                              call.output + GetNumber(call.frame, voxel) * call.outputStride,
                              m_OutputChannels,
                              call.relu });
    }
  }
}
} // namespace itk::arssr
