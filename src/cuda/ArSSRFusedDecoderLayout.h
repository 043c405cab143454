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
#ifndef ArSSRFusedDecoderLayout_h
#define ArSSRFusedDecoderLayout_h

#include "cuda/ArSSRFusedDecoderFormats.h"

/** \file
 * How a thread block shares the work, and the layouts that the packing, the plan and the kernel agree on.
 *
 * The matrix product of a warp is PTX's `mma.m16n8k16` (`m16n8k8` in TensorFloat32): 16 rows by 8 columns, and a depth
 * of 32 bytes. A lane holds of its operands (PTX ISA, "Matrix Fragments for mma"), with g = lane / 4 and c = lane % 4:
 * rows g and g + 8, 4 bytes from 4c and from 16 + 4c; of the weights column g, the same bytes; of the sums columns 2c
 * and 2c + 1 of rows g and g + 8.
 */
namespace itk::arssr
{
constexpr int CudaWarps = 8; /**< of a thread block */
constexpr int CudaLanes = 32;
constexpr int CudaThreads = CudaWarps * CudaLanes;
constexpr int CudaTile = 16;             /**< rows or columns that a warp takes together */
constexpr int CudaChunkBytes = 16;       /**< read or copied by a lane at once */
constexpr int CudaStepBytes = 32;        /**< of a row in a step of the matrix product */
constexpr int CudaWeightTileBytes = 512; /**< of a tile of columns in a step: a chunk for each lane */
constexpr int CudaStepsPerSlice = 2;     /**< of the weights that a block copies together */
constexpr int CudaStages = 3;            /**< slices in shared memory: one in use, the others on their way */
constexpr int CudaMaximumWidth = 256;

// Packed weights: the output layer's in float32, as many as the kernel's width, then layer after layer: float32 biases
// [column], then steps [step, tile of columns, lane, 4 words].

/** Warps side by side along the columns; the eight warps of a block are a grid of [rows, columns]. So the part of a
 * warp is nearly square, in tiles: the fewest operands for its products. */
constexpr ARSSR_HOST_DEVICE int
GetWarpsAcross(int width)
{
  return width <= 64 ? 2 : 4;
}

/** Columns of a layer whose warps have a number of tiles each. Tile t of warp w is tile `t · warps across + w`. */
constexpr ARSSR_HOST_DEVICE int
GetColumns(int width, int tilesPerWarp)
{
  return CudaTile * GetWarpsAcross(width) * tilesPerWarp;
}

/** Bytes of the float32 biases that a layer begins with. */
constexpr ARSSR_HOST_DEVICE int
GetBiasBytes(int columns)
{
  return static_cast<int>(sizeof(float)) * columns;
}

/** Bytes of a step of a layer's weights, [tile of columns, lane, 4 words]. */
constexpr ARSSR_HOST_DEVICE int
GetStepWeightBytes(int columns)
{
  return columns / CudaTile * CudaWeightTileBytes;
}

/** Bytes of a slice of weights in shared memory, with the biases that come with a layer's first. */
constexpr ARSSR_HOST_DEVICE int
GetSlotBytes(int width)
{
  return GetBiasBytes(width) + CudaStepsPerSlice * GetStepWeightBytes(width);
}

/** Byte of the weight from an input to a column in a step's weights. A lane's chunk of 16 bytes has its operands of two
 * products, see the description of this file: the first two words are those of the tile's first 8 columns. So a lane
 * gets the weights of 16 columns by one read, and the lanes of a warp read 512 consecutive bytes. */
constexpr ARSSR_HOST_DEVICE int
GetWeightByte(int input, int column, int elementBytes)
{
  const int byte = input * elementBytes;
  const int lane = column % 8 * 4 + byte % 16 / 4;
  const int word = column % CudaTile / 8 * 2 + byte / 16;
  return column / CudaTile * CudaWeightTileBytes + lane * CudaChunkBytes + word * 4 + byte % 4;
}

/** \brief What a warp of a kernel computes. */
template <typename TFormat, int VWidth>
struct FusedDecoderShape
{
  static constexpr int Rows = TFormat::Rows;
  static constexpr int WarpsAcross = GetWarpsAcross(VWidth);
  static constexpr int WarpsDown = CudaWarps / WarpsAcross;
  static constexpr int RowTiles = Rows / CudaTile / WarpsDown; /**< of a warp */
  static constexpr int ColumnTiles = VWidth / CudaTile / WarpsAcross;
  static constexpr int SampledRows = Rows / CudaWarps;        /**< of a warp, while it samples */
  static constexpr int SampleParts = CudaLanes / SampledRows; /**< lanes that share a row's sample */
};

template <int VWidth>
struct FusedWidth
{
  static constexpr int Value = VWidth;
};

/** Calls a function with objects of the types of a plan's kernel: its format and FusedWidth. */
template <typename TFunction>
auto
DispatchKernel(const CudaDecoderPlan & plan, TFunction && function)
{
  return DispatchFormat(plan.format, [&](auto format) {
    switch (plan.width)
    {
      case 64:
        return function(format, FusedWidth<64>{});
      case 128:
        return function(format, FusedWidth<128>{});
      default:
        return function(format, FusedWidth<256>{});
    }
  });
}
} // namespace itk::arssr

#endif
