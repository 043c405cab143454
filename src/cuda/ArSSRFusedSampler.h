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
#ifndef ArSSRFusedSampler_h
#define ArSSRFusedSampler_h

#include "cuda/ArSSRFusedDecoderLayout.h"
#include "cuda/ArSSRFusedDecoderSampling.h"

namespace itk::arssr
{
/** \brief Fills a warp's share of a thread block's input rows: sampled features, then coordinates.
 *
 * Columns are [channel], then each coordinate rounded to the format, then what rounding left of each, with the same
 * weights. So a coordinate keeps twice the format's bits: the 8 of bfloat16 alone may give neighbouring voxels the same
 * coordinate. This costs next to nothing, as the columns are padded anyway.
 */
template <typename TWarp, typename TFormat, int VWidth>
class FusedSampler
{
public:
  using Shape = FusedDecoderShape<TFormat, VWidth>;
  using Element = typename TFormat::Element;

  ARSSR_DEVICE
  FusedSampler(TWarp & warp, const CudaDecoderPlan & plan, const CudaDecodeArguments & arguments, std::uint8_t * shared)
    : m_Warp(warp)
    , m_Plan(plan)
    , m_Arguments(arguments)
    , m_Inputs(shared + plan.inputsOffset)
    , m_Corners(shared + plan.activationsOffset)
    , m_Skips(shared + plan.skipsOffset)
  {}

  /** Samples the rows of a tile; rows behind the last voxel repeat it, so that they read nothing that is not there.
   * Their results are not stored. The memory of the activations, which nobody may use meanwhile, holds the corners. */
  ARSSR_DEVICE void
  Sample(std::int64_t tile)
  {
    m_Warp.Synchronize(); // other lanes may still read the skips of the tile before, which Prepare() replaces
    m_Warp.ForEachLane([&](int lane) { this->Prepare(tile, lane); });
    m_Warp.Synchronize();
    m_Warp.ForEachLane([&](int lane) {
      // Chunks of a row fastest: at each corner, neighbouring lanes read neighbouring chunks of one feature vector.
      // Input rows become visible to other warps by the barrier of the next slice of weights.
      const int chunks = m_Plan.channels / ElementsPerChunk;
      for (int item = lane; item < Shape::SampledRows * chunks; item += CudaLanes)
      {
        const int row = item / chunks;
        this->SampleChunk(this->GetFirstRow() + row, item - row * chunks);
      }
    });
  }

  /** First of the rows that the warp samples, SampledRows of them. */
  ARSSR_DEVICE int
  GetFirstRow() const
  {
    return m_Warp.GetIndex() * Shape::SampledRows;
  }

  /** The interpolated LR intensity of a row, zero without a skip. */
  ARSSR_DEVICE float
  GetSkip(int row) const
  {
    float sum = 0.0F;
    ARSSR_UNROLL
    for (int part = 0; part < Shape::SampleParts; ++part)
    {
      sum += LoadAs<float>(m_Skips + this->GetSkipOffset(part, row));
    }
    return sum;
  }

private:
  static constexpr int ElementsPerChunk = CudaChunkBytes / static_cast<int>(sizeof(Element));

  /** What the SampleParts lanes of a row share: the first finds the corners, the second stores the coordinates, and
   * each adds its part of the skip's planes. */
  ARSSR_DEVICE void
  Prepare(std::int64_t tile, int lane)
  {
    const int          row = this->GetFirstRow() + lane % Shape::SampledRows;
    const int          part = lane / Shape::SampledRows;
    const std::int64_t last = m_Arguments.voxelCount - 1;
    const std::int64_t voxel = tile * Shape::Rows + row;

    const FusedPosition position = LocateVoxel(m_Arguments, voxel < last ? voxel : last);
    if (part == 0)
    {
      StoreAs(m_Corners + row * sizeof(FusedCorners), FindCorners(m_Arguments, position));
    }
    else if (part == 1)
    {
      this->StoreCoordinates(row, position);
    }
    StoreAs(m_Skips + this->GetSkipOffset(part, row),
            m_Arguments.skipTaps == 0 ? 0.0F : InterpolateSkipPart(m_Arguments, position, part, Shape::SampleParts));
  }

  ARSSR_DEVICE void
  StoreCoordinates(int row, const FusedPosition & position)
  {
    std::uint8_t * columns = m_Inputs + row * m_Plan.inputStride + m_Plan.channels * sizeof(Element);
    const int      count = m_Plan.coordinates;
    ARSSR_UNROLL
    for (int column = 0; column < FusedMaximumCoordinates; ++column)
    {
      if (column < count)
      {
        // The difference of a float and its rounding is a float itself: the subtraction is exact.
        const float   value = GetFusedCoordinate(m_Arguments, count, position, column);
        const Element rounded = TFormat::FromFloat(value);
        StoreAs(columns + column * sizeof(Element), rounded);
        StoreAs(columns + (count + column) * sizeof(Element), TFormat::FromFloat(value - TFormat::ToFloat(rounded)));
      }
    }
    // Padding has zero weights, but memory may hold a NaN, and zero times NaN is NaN.
    for (int column = 2 * count; column < m_Plan.inputs - m_Plan.channels; ++column)
    {
      StoreAs(columns + column * sizeof(Element), TFormat::FromFloat(0.0F));
    }
  }

  /** The trilinear sample of 16 bytes of channels. */
  ARSSR_DEVICE void
  SampleChunk(int row, int chunk)
  {
    const auto corners = LoadAs<FusedCorners>(m_Corners + row * sizeof(FusedCorners));
    const auto features = static_cast<const std::uint8_t *>(m_Arguments.features) + chunk * CudaChunkBytes;
    const auto voxelBytes = static_cast<std::int64_t>(m_Plan.channels * sizeof(Element));

    CudaWords values[8]; // all are read before any is used, so that the eight reads are under way together
    ARSSR_UNROLL
    for (int corner = 0; corner < 8; ++corner)
    {
      values[corner] = m_Warp.LoadConstant(features + corners.voxel[corner] * voxelBytes);
    }
    float sum[ElementsPerChunk] = {};
    ARSSR_UNROLL
    for (int corner = 0; corner < 8; ++corner)
    {
      const auto elements = LoadAs<Chunk>(&values[corner]);
      ARSSR_UNROLL
      for (int element = 0; element < ElementsPerChunk; ++element)
      {
        sum[element] += corners.weight[corner] * TFormat::ToFloat(elements.element[element]);
      }
    }
    Chunk rounded;
    ARSSR_UNROLL
    for (int element = 0; element < ElementsPerChunk; ++element)
    {
      rounded.element[element] = TFormat::FromFloat(sum[element]);
    }
    StoreAs(m_Inputs + row * m_Plan.inputStride + chunk * CudaChunkBytes, rounded);
  }

  /** Place of a row's part among the skips. */
  ARSSR_DEVICE int
  GetSkipOffset(int part, int row) const
  {
    return (part * Shape::Rows + row) * static_cast<int>(sizeof(float));
  }

  struct alignas(CudaChunkBytes) Chunk
  {
    Element element[ElementsPerChunk];
  };

  TWarp &                     m_Warp;
  const CudaDecoderPlan &     m_Plan;
  const CudaDecodeArguments & m_Arguments;
  std::uint8_t *              m_Inputs;
  std::uint8_t *              m_Corners;
  std::uint8_t *              m_Skips;
};
} // namespace itk::arssr

#endif
