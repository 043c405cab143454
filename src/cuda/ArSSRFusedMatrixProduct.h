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
#ifndef ArSSRFusedMatrixProduct_h
#define ArSSRFusedMatrixProduct_h

#include "cuda/ArSSRFusedWeightStream.h"

namespace itk::arssr
{
/** \brief A lane's four sums of 16 rows and 8 columns: two columns of row g, then of row g + 8; see
 * ArSSRFusedDecoderLayout.h. */
struct FusedSums
{
  float value[4];
};

/** \brief A warp's part of the product of a thread block's rows and a layer's weights, and which part that is.
 *
 * Rows come from shared memory, weights from the stream; the sums stay in registers. In the widest kernel, in 16 bits,
 * a warp has 64 rows and 64 columns: a lane holds 128 sums, and of operands 2 · 16 words of rows and 16 of weights.
 * Larger parts mean fewer reads of shared memory for a product, and this is what 255 registers allow.
 */
template <typename TWarp, typename TFormat, int VWidth>
class FusedMatrixProduct
{
public:
  using Shape = FusedDecoderShape<TFormat, VWidth>;
  using Stream = FusedWeightStream<TWarp, VWidth>;
  template <typename T>
  using PerLane = typename TWarp::template PerLane<T>;

  explicit ARSSR_DEVICE
  FusedMatrixProduct(TWarp & warp)
    : m_Warp(warp)
  {}

  /** Sums of VTiles tiles of 16 columns, [tile of rows, half a tile of columns]. */
  template <int VTiles>
  struct Sums
  {
    PerLane<FusedSums> of[Shape::RowTiles][2 * VTiles];
  };

  /** sums = biases + rows · weights. All warps of the block call it together. While a step is multiplied, the operands
   * of the next one are read; so a slice of weights is in registers before the slice that follows is waited for. */
  template <int VTiles>
  ARSSR_DEVICE void
  MultiplyRows(Stream & stream, const std::uint8_t * rows, int stride, int steps, Sums<VTiles> & sums)
  {
    static_assert(CudaStepsPerSlice == 2, "the loop below takes the two steps of a slice");
    constexpr int stepBytes = GetStepWeightBytes(GetColumns(VWidth, VTiles));
    rows += this->GetFirstRow() * stride;

    // The barrier in Next() comes before any row is read: it also makes the rows visible that other warps have just
    // sampled, stored or added to.
    const std::uint8_t *  slot = stream.Next();
    RowOperand            even;
    RowOperand            odd;
    WeightOperand<VTiles> weights;
    this->template SetToBiases<VTiles>(slot, sums);
    this->LoadRows(rows, stride, even);
    ARSSR_UNROLL
    for (int column = 0; column < VTiles; ++column)
    {
      this->LoadWeightTile(this->GetWeights(slot), column, weights[column]);
    }
    int remaining = steps;
    // Two steps, a slice, in each round. Row operands alternate between two sets of registers; weights are replaced in
    // place, each tile as soon as its products have been started. At Next() both steps of the slice before are in
    // registers, as its slot is filled again.
    for (; remaining > 2; remaining -= 2)
    {
      this->LoadRows(rows + CudaStepBytes, stride, odd);
      this->template MultiplyAndLoad<VTiles>(even, weights, sums, this->GetWeights(slot) + stepBytes);
      slot = stream.Next();
      rows += 2 * CudaStepBytes;
      this->LoadRows(rows, stride, even);
      this->template MultiplyAndLoad<VTiles>(odd, weights, sums, this->GetWeights(slot));
    }
    // The last slice, of one step or two, with nothing to read ahead: the next slice belongs to another layer.
    if (remaining == 2)
    {
      this->LoadRows(rows + CudaStepBytes, stride, odd);
      this->template MultiplyAndLoad<VTiles>(even, weights, sums, this->GetWeights(slot) + stepBytes);
      this->template Multiply<VTiles>(odd, weights, sums);
    }
    else
    {
      this->template Multiply<VTiles>(even, weights, sums);
    }
  }

  ARSSR_DEVICE int
  GetAcross() const
  {
    return m_Warp.GetIndex() % Shape::WarpsAcross;
  }

  /** First of the rows that the warp multiplies. */
  ARSSR_DEVICE int
  GetFirstRow() const
  {
    return m_Warp.GetIndex() / Shape::WarpsAcross * Shape::RowTiles * CudaTile;
  }

  /** Row of a lane's sums, counted from the block's first one; `low` is 1 for the last 8 rows of the tile. */
  ARSSR_DEVICE int
  GetRow(int tile, int low, int lane) const
  {
    return this->GetFirstRow() + tile * CudaTile + low * 8 + lane / 4;
  }

  /** First of the two columns of a lane's sums. */
  ARSSR_DEVICE int
  GetColumn(int half, int lane) const
  {
    return (half / 2 * Shape::WarpsAcross + this->GetAcross()) * CudaTile + half % 2 * 8 + lane % 4 * 2;
  }

  struct alignas(8) FloatPair
  {
    float value[2];
  };

private:
  /** Operands of a step of the matrix product. */
  using RowOperand = PerLane<CudaWords>[Shape::RowTiles];
  template <int VTiles>
  using WeightOperand = PerLane<CudaWords>[VTiles];

  template <int VTiles>
  ARSSR_DEVICE void
  SetToBiases(const std::uint8_t * biases, Sums<VTiles> & sums)
  {
    m_Warp.ForEachLane([&](int lane) {
      ARSSR_UNROLL
      for (int half = 0; half < 2 * VTiles; ++half)
      {
        const auto bias = LoadAs<FloatPair>(biases + this->GetColumn(half, lane) * sizeof(float));
        ARSSR_UNROLL
        for (int row = 0; row < Shape::RowTiles; ++row)
        {
          // The same two columns for both rows of the lane.
          sums.of[row][half][lane] = { { bias.value[0], bias.value[1], bias.value[0], bias.value[1] } };
        }
      }
    });
  }

  /** The warp's own weights of the first step in a slice. */
  ARSSR_DEVICE const std::uint8_t *
                     GetWeights(const std::uint8_t * slot) const
  {
    return slot + Stream::WeightsOffset + this->GetAcross() * CudaWeightTileBytes;
  }

  ARSSR_DEVICE void
  LoadRows(const std::uint8_t * rows, int stride, RowOperand & operand)
  {
    ARSSR_UNROLL
    for (int tile = 0; tile < Shape::RowTiles; ++tile)
    {
      m_Warp.LoadRows(rows + tile * CudaTile * stride, stride, operand[tile]);
    }
  }

  ARSSR_DEVICE void
  LoadWeightTile(const std::uint8_t * weights, int tile, PerLane<CudaWords> & operand)
  {
    m_Warp.ForEachLane([&](int lane) {
      operand[lane] =
        LoadAs<CudaWords>(weights + tile * Shape::WarpsAcross * CudaWeightTileBytes + lane * CudaChunkBytes);
    });
  }

  /** Adds a step's products. */
  template <int VTiles>
  ARSSR_DEVICE void
  Multiply(const RowOperand & rows, const WeightOperand<VTiles> & weights, Sums<VTiles> & sums)
  {
    ARSSR_UNROLL
    for (int column = 0; column < VTiles; ++column)
    {
      this->template MultiplyColumn<VTiles>(rows, weights[column], sums, column);
    }
  }

  /** Adds a step's products and replaces weights that have been used by those of the next step. */
  template <int VTiles>
  ARSSR_DEVICE void
  MultiplyAndLoad(const RowOperand &      rows,
                  WeightOperand<VTiles> & weights,
                  Sums<VTiles> &          sums,
                  const std::uint8_t *    nextWeights)
  {
    ARSSR_UNROLL
    for (int column = 0; column < VTiles; ++column)
    {
      this->template MultiplyColumn<VTiles>(rows, weights[column], sums, column);
      this->LoadWeightTile(nextWeights, column, weights[column]);
    }
  }

  /** Adds the products of a tile of columns: its weights serve all rows of the warp while they are in registers. No sum
   * is added to twice in a row, so that a product need not wait for the one before. */
  template <int VTiles>
  ARSSR_DEVICE void
  MultiplyColumn(const RowOperand & rows, const PerLane<CudaWords> & weights, Sums<VTiles> & sums, int column)
  {
    ARSSR_UNROLL
    for (int row = 0; row < Shape::RowTiles; ++row)
    {
      ARSSR_UNROLL
      for (int half = 0; half < 2; ++half)
      {
        m_Warp.template Multiply<TFormat>(rows[row], weights, half, sums.of[row][2 * column + half]);
      }
    }
  }

  TWarp & m_Warp;
};
} // namespace itk::arssr

#endif
