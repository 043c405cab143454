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
#ifndef ArSSRFusedDecoderTile_h
#define ArSSRFusedDecoderTile_h

#include "ArSSRFusedSampler.h"
#include "ArSSRFusedWeightStream.h"

namespace itk::arssr
{
/** \brief The sums of a matrix product that a lane holds. */
struct FusedSums
{
  float value[4];
};

/** \brief The whole decoder for the tiles of a thread block: sampling, layers, output. Each warp runs it.
 *
 * TWarp is the GPU's (CudaWarp) or the twin's (TwinWarp). Everywhere, what a warp does is written once for its lanes:
 * `PerLane<T>` is a T for each lane, of which the GPU's thread has its own; `ForEachLane` calls a function for each
 * lane, on the GPU for the thread's.
 *
 * Rows stay in shared memory from layer to layer, sums in registers; of global memory, only features, weights and the
 * output are touched.
 */
template <typename TWarp, typename TFormat, int VWidth>
class FusedDecoderTile
{
public:
  using Shape = FusedDecoderShape<TFormat, VWidth>;

  ARSSR_DEVICE
  FusedDecoderTile(TWarp &                     warp,
                   const CudaDecoderPlan &     plan,
                   const CudaDecodeArguments & arguments,
                   std::uint8_t *              shared)
    : m_Warp(warp)
    , m_Plan(plan)
    , m_Arguments(arguments)
    , m_Shared(shared)
    , m_Tiles((arguments.voxelCount + Shape::Rows - 1) / Shape::Rows)
    , m_Sampler(warp, plan, arguments, shared)
    , m_Stream(warp,
               plan,
               arguments.weights,
               shared,
               (m_Tiles - warp.GetBlock() + warp.GetNumberOfBlocks() - 1) / warp.GetNumberOfBlocks())
  {}

  ARSSR_DEVICE void
  Run()
  {
    for (std::int64_t tile = m_Warp.GetBlock(); tile < m_Tiles; tile += m_Warp.GetNumberOfBlocks())
    {
      m_Sampler.Sample(tile);
      for (int layer = 0; layer < m_Plan.layerCount; ++layer)
      {
        this->template RunLayer<Shape::ColumnTiles>(m_Plan.layers[layer], tile);
      }
    }
  }

private:
  template <typename T>
  using PerLane = typename TWarp::template PerLane<T>;

  /** Sums of VTiles tiles of 16 columns, [tile of rows, half a tile of columns]. */
  template <int VTiles>
  struct Sums
  {
    PerLane<FusedSums> of[Shape::RowTiles][2 * VTiles];
  };

  /** Finds the code for a layer's number of tiles. */
  template <int VTiles>
  ARSSR_DEVICE void
  RunLayer(const CudaDecoderLayer & layer, std::int64_t tile)
  {
    if (layer.tilesPerWarp == VTiles)
    {
      Sums<VTiles> sums;
      this->MultiplyRows(layer, sums);
      this->Finish(layer, sums, tile);
    }
    else if constexpr (VTiles > 1)
    {
      this->template RunLayer<VTiles - 1>(layer, tile);
    }
  }

  /** Operands of a step of the matrix product. */
  using RowOperand = PerLane<CudaWords>[Shape::RowTiles];
  template <int VTiles>
  using WeightOperand = PerLane<CudaWords>[VTiles];

  /** sums = biases + rows · weights. While a step is multiplied, the operands of the next one are read; so a slice of
   * weights is in registers before the slice that follows is waited for. */
  template <int VTiles>
  ARSSR_DEVICE void
  MultiplyRows(const CudaDecoderLayer & layer, Sums<VTiles> & sums)
  {
    static_assert(CudaStepsPerSlice == 2, "the loop below takes the two steps of a slice");
    constexpr int        stepBytes = GetStepWeightBytes(GetColumns(VWidth, VTiles));
    const bool           fromInputs = layer.source == CudaSource::Inputs;
    const int            stride = fromInputs ? m_Plan.inputStride : m_Plan.activationStride;
    const std::uint8_t * rows =
      m_Shared + (fromInputs ? m_Plan.inputsOffset : m_Plan.activationsOffset) + this->GetFirstRow() * stride;

    const std::uint8_t *  slot = m_Stream.Next();
    RowOperand            even;
    RowOperand            odd;
    WeightOperand<VTiles> weights;
    this->SetToBiases(slot, sums);
    this->LoadRows(rows, stride, even);
    this->LoadWeights(this->GetWeights(slot), weights);
    int remaining = layer.steps;
    for (; remaining > 2; remaining -= 2)
    {
      this->LoadRows(rows + CudaStepBytes, stride, odd);
      this->Multiply(even, weights, sums, this->GetWeights(slot) + stepBytes);
      slot = m_Stream.Next();
      rows += 2 * CudaStepBytes;
      this->LoadRows(rows, stride, even);
      this->Multiply(odd, weights, sums, this->GetWeights(slot));
    }
    if (remaining == 2)
    {
      this->LoadRows(rows + CudaStepBytes, stride, odd);
      this->Multiply(even, weights, sums, this->GetWeights(slot) + stepBytes);
      this->Multiply(odd, weights, sums);
    }
    else
    {
      this->Multiply(even, weights, sums);
    }
  }

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
          sums.of[row][half][lane] = { { bias.value[0], bias.value[1], bias.value[0], bias.value[1] } };
        }
      }
    });
  }

  /** The warp's own weights in a slice, of its first step. */
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

  template <int VTiles>
  ARSSR_DEVICE void
  LoadWeights(const std::uint8_t * from, PerLane<CudaWords> (&weights)[VTiles])
  {
    ARSSR_UNROLL
    for (int column = 0; column < VTiles; ++column)
    {
      this->LoadWeightTile(from, column, weights[column]);
    }
  }

  /** Adds a step's products. Weights that have been used are replaced by those of the next step, if there is one. */
  template <int VTiles>
  ARSSR_DEVICE void
  Multiply(const RowOperand & rows,
           PerLane<CudaWords> (&weights)[VTiles],
           Sums<VTiles> &       sums,
           const std::uint8_t * nextWeights = nullptr)
  {
    ARSSR_UNROLL
    for (int column = 0; column < VTiles; ++column)
    {
      ARSSR_UNROLL
      for (int row = 0; row < Shape::RowTiles; ++row)
      {
        ARSSR_UNROLL
        for (int half = 0; half < 2; ++half)
        {
          m_Warp.template Multiply<TFormat>(rows[row], weights[column], half, sums.of[row][2 * column + half]);
        }
      }
      if (nextWeights != nullptr)
      {
        this->LoadWeightTile(nextWeights, column, weights[column]);
      }
    }
  }

  template <int VTiles>
  ARSSR_DEVICE void
  Finish(const CudaDecoderLayer & layer, const Sums<VTiles> & sums, std::int64_t tile)
  {
    switch (layer.result)
    {
      case CudaResult::Activations:
        m_Warp.SynchronizeBlock(); // others may still read what is replaced
        this->StoreActivations(sums);
        break;
      case CudaResult::AddToInputs:
        this->AddToInputs(sums);
        break;
      default:
        this->StorePartialOutputs(sums);
        m_Warp.SynchronizeBlock();
        this->StoreOutputs(tile);
        break;
    }
  }

  template <int VTiles>
  ARSSR_DEVICE void
  StoreActivations(const Sums<VTiles> & sums)
  {
    m_Warp.ForEachLane([&](int lane) {
      ARSSR_UNROLL
      for (int pair = 0; pair < 4 * Shape::RowTiles * VTiles; ++pair)
      {
        const int       low = pair & 1;
        const int       half = (pair >> 1) % (2 * VTiles);
        const int       tile = (pair >> 1) / (2 * VTiles);
        const FusedSums sum = sums.of[tile][half][lane];
        std::uint8_t *  row =
          m_Shared + m_Plan.activationsOffset + this->GetRow(tile, low, lane) * m_Plan.activationStride;
        StoreAs(row + this->GetColumn(half, lane) * sizeof(Element),
                Pair::template Round<true>(sum.value[2 * low], sum.value[2 * low + 1]));
      }
    });
  }

  template <int VTiles>
  ARSSR_DEVICE void
  AddToInputs(const Sums<VTiles> & sums)
  {
    m_Warp.ForEachLane([&](int lane) {
      ARSSR_UNROLL
      for (int pair = 0; pair < 4 * Shape::RowTiles * VTiles; ++pair)
      {
        const int low = pair & 1;
        const int half = (pair >> 1) % (2 * VTiles);
        const int tile = (pair >> 1) / (2 * VTiles);
        const int column = this->GetColumn(half, lane);
        if (column < m_Plan.inputs)
        {
          const FusedSums sum = sums.of[tile][half][lane];
          std::uint8_t * address = m_Shared + m_Plan.inputsOffset + this->GetRow(tile, low, lane) * m_Plan.inputStride +
                                   column * static_cast<int>(sizeof(Element));
          const auto input = LoadAs<Pair>(address);
          StoreAs(address,
                  Pair::template Round<false>(TFormat::ToFloat(input.element[0]) + Rectify(sum.value[2 * low]),
                                              TFormat::ToFloat(input.element[1]) + Rectify(sum.value[2 * low + 1])));
        }
      }
    });
  }

  /** Products of the last hidden layer with the output weights, in float32: summed over the warp's columns. */
  template <int VTiles>
  ARSSR_DEVICE void
  StorePartialOutputs(const Sums<VTiles> & sums)
  {
    PerLane<float> partial[2 * Shape::RowTiles];
    m_Warp.ForEachLane([&](int lane) {
      ARSSR_UNROLL
      for (int row = 0; row < 2 * Shape::RowTiles; ++row)
      {
        float sum = 0.0F;
        ARSSR_UNROLL
        for (int half = 0; half < 2 * VTiles; ++half)
        {
          const FusedSums hidden = sums.of[row / 2][half][lane];
          const auto      weight =
            LoadAs<FloatPair>(m_Shared + m_Plan.outputWeightsOffset + this->GetColumn(half, lane) * sizeof(float));
          sum += Rectify(hidden.value[row % 2 * 2]) * weight.value[0];
          sum += Rectify(hidden.value[row % 2 * 2 + 1]) * weight.value[1];
        }
        partial[row][lane] = sum;
      }
    });
    ARSSR_UNROLL
    for (int row = 0; row < 2 * Shape::RowTiles; ++row)
    {
      m_Warp.SumOverQuads(partial[row]);
      m_Warp.ForEachLane([&](int lane) {
        if (lane % 4 == 0)
        {
          StoreAs(this->GetPartialAddress(this->GetAcross(), this->GetRow(row / 2, row % 2, lane)), partial[row][lane]);
        }
      });
    }
  }

  /** Each warp those of the rows that it samples, so that their skip is its own. */
  ARSSR_DEVICE void
  StoreOutputs(std::int64_t tile)
  {
    m_Warp.ForEachLane([&](int lane) {
      const int          row = m_Sampler.GetFirstRow() + lane;
      const std::int64_t voxel = tile * Shape::Rows + row;
      if (lane < Shape::SampledRows && voxel < m_Arguments.voxelCount)
      {
        float sum = m_Plan.outputBias;
        ARSSR_UNROLL
        for (int across = 0; across < Shape::WarpsAcross; ++across)
        {
          sum += LoadAs<float>(this->GetPartialAddress(across, row));
        }
        m_Arguments.output[voxel] = (m_Plan.endsWithReLU != 0 ? Rectify(sum) : sum) + m_Sampler.GetSkip(row);
      }
    });
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

  /** Row of a lane's sums, from the first of the block. */
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

  ARSSR_DEVICE std::uint8_t *
               GetPartialAddress(int across, int row) const
  {
    return m_Shared + m_Plan.partialsOffset + (across * Shape::Rows + row) * static_cast<int>(sizeof(float));
  }

  struct alignas(8) FloatPair
  {
    float value[2];
  };

  using Element = typename TFormat::Element;
  using Pair = ElementPair<TFormat>;
  using Stream = FusedWeightStream<TWarp, VWidth>;

  TWarp &                              m_Warp;
  const CudaDecoderPlan &              m_Plan;
  const CudaDecodeArguments &          m_Arguments;
  std::uint8_t *                       m_Shared;
  std::int64_t                         m_Tiles;
  FusedSampler<TWarp, TFormat, VWidth> m_Sampler;
  Stream                               m_Stream;
};
} // namespace itk::arssr

#endif
