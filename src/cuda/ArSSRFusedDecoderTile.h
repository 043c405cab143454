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

#include "cuda/ArSSRFusedMatrixProduct.h"
#include "cuda/ArSSRFusedSampler.h"

namespace itk::arssr
{
/** \brief The whole decoder for the tiles of a thread block: sampling, layers, output. Each warp runs it.
 *
 * TWarp is the GPU's (CudaWarp) or the twin's (TwinWarp). What a warp does is written once for all its lanes:
 * `PerLane<T>` is a T for each lane, of which a thread of the GPU has only its own; `ForEachLane` calls a function for
 * each lane, on the GPU for the thread's own.
 *
 * Rows stay in shared memory from layer to layer, sums in registers. The kernel reads spans, features, LR intensities
 * and weights from global memory, and writes the output to it, nothing else.
 *
 * The warps of a block meet at a barrier before each slice of weights (FusedWeightStream::Next()), before activations
 * are replaced, and before partial sums of the output are read. All take the same way through tiles and layers, so each
 * comes to the same barriers.
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
    , m_Product(warp)
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
    // Blocks take tiles in turn, so that neighbouring tiles, which read the same features, are sampled at the same time
    // and find them in the second level cache.
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
  using Product = FusedMatrixProduct<TWarp, TFormat, VWidth>;
  template <int VTiles>
  using Sums = typename Product::template Sums<VTiles>;
  template <typename T>
  using PerLane = typename TWarp::template PerLane<T>;

  /** Runs the code for a layer's number of tiles, VTiles or fewer. The number is a constant there, so that loops over
   * the sums are unrolled: registers cannot be indexed. */
  template <int VTiles>
  ARSSR_DEVICE void
  RunLayer(const CudaDecoderLayer & layer, std::int64_t tile)
  {
    if (layer.tilesPerWarp == VTiles)
    {
      Sums<VTiles> sums;
      const bool   fromInputs = layer.source == CudaSource::Inputs;
      m_Product.template MultiplyRows<VTiles>(m_Stream,
                                              m_Shared + (fromInputs ? m_Plan.inputsOffset : m_Plan.activationsOffset),
                                              fromInputs ? m_Plan.inputStride : m_Plan.activationStride,
                                              layer.steps,
                                              sums);
      this->template Finish<VTiles>(layer, sums, tile);
    }
    else if constexpr (VTiles > 1)
    {
      this->template RunLayer<VTiles - 1>(layer, tile);
    }
  }

  template <int VTiles>
  ARSSR_DEVICE void
  Finish(const CudaDecoderLayer & layer, const Sums<VTiles> & sums, std::int64_t tile)
  {
    switch (layer.result)
    {
      case CudaResult::Activations:
        m_Warp.SynchronizeBlock(); // other warps may still multiply the rows that are replaced
        this->template StoreActivations<VTiles>(sums);
        break;
      case CudaResult::AddToInputs:
        // No barrier: the layer reads activations, not inputs (the plan refuses a stage of one layer), and each element
        // of an input is changed by the one lane that has its sum.
        this->template AddToInputs<VTiles>(sums);
        break;
      default:
        // Sums of one row lie in several warps. After the barrier they are complete, and all warps are done with the
        // activations, which the next tile's sampling uses.
        this->template StorePartialOutputs<VTiles>(sums);
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
        const int low = pair & 1;
        const int half = (pair >> 1) % (2 * VTiles);
        const int tile = (pair >> 1) / (2 * VTiles);
        // A lane has two neighbouring columns of two rows that are 8 apart: values 0, 1 and 2, 3. Both columns are
        // stored by one access.
        const FusedSums sum = sums.of[tile][half][lane];
        std::uint8_t *  row =
          m_Shared + m_Plan.activationsOffset + m_Product.GetRow(tile, low, lane) * m_Plan.activationStride;
        StoreAs(row + m_Product.GetColumn(half, lane) * sizeof(Element),
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
        const int column = m_Product.GetColumn(half, lane);
        // Tiles may reach beyond the row. `inputs` is even, so a pair is on one side. Outputs beyond the stage's are
        // zero and leave what rounding left of the coordinates as it is.
        if (column < m_Plan.inputs)
        {
          const FusedSums sum = sums.of[tile][half][lane];
          std::uint8_t *  address = m_Shared + m_Plan.inputsOffset +
                                   m_Product.GetRow(tile, low, lane) * m_Plan.inputStride +
                                   column * static_cast<int>(sizeof(Element));
          const auto  input = LoadAs<Pair>(address);
          const float first = TFormat::ToFloat(input.element[0]) + Rectify(sum.value[2 * low]);
          const float second = TFormat::ToFloat(input.element[1]) + Rectify(sum.value[2 * low + 1]);
          StoreAs(address, Pair::template Round<false>(first, second));
        }
      }
    });
  }

  /** Products of the last hidden layer with the output weights, in float32, summed over the warp's columns. Always in
   * the same order: a voxel's value does not depend on its place in the tile. */
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
          const auto      weight = LoadAs<typename Product::FloatPair>(m_Shared + m_Plan.outputWeightsOffset +
                                                                  m_Product.GetColumn(half, lane) * sizeof(float));
          sum += Rectify(hidden.value[row % 2 * 2]) * weight.value[0];
          sum += Rectify(hidden.value[row % 2 * 2 + 1]) * weight.value[1];
        }
        partial[row][lane] = sum;
      }
    });
    ARSSR_UNROLL
    for (int row = 0; row < 2 * Shape::RowTiles; ++row)
    {
      // The four lanes of a quad have different columns of the same row.
      m_Warp.SumOverQuads(partial[row]);
      m_Warp.ForEachLane([&](int lane) {
        if (lane % 4 == 0)
        {
          StoreAs(m_Shared + this->GetPartialOffset(m_Product.GetAcross(), m_Product.GetRow(row / 2, row % 2, lane)),
                  partial[row][lane]);
        }
      });
    }
  }

  /** Stores the rows' values. Each warp takes the rows that it has sampled: their skips are its own, and need no
   * barrier. Its lanes write consecutive voxels. */
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
          sum += LoadAs<float>(m_Shared + this->GetPartialOffset(across, row));
        }
        m_Arguments.output[voxel] = (m_Plan.endsWithReLU != 0 ? Rectify(sum) : sum) + m_Sampler.GetSkip(row);
      }
    });
  }

  /** Place in shared memory of a row's sum over the columns of the warps `across`. */
  ARSSR_DEVICE int
  GetPartialOffset(int across, int row) const
  {
    return m_Plan.partialsOffset + (across * Shape::Rows + row) * static_cast<int>(sizeof(float));
  }

  using Element = typename TFormat::Element;
  using Pair = ElementPair<TFormat>;

  TWarp &                              m_Warp;
  const CudaDecoderPlan &              m_Plan;
  const CudaDecodeArguments &          m_Arguments;
  std::uint8_t *                       m_Shared;
  std::int64_t                         m_Tiles;
  Product                              m_Product;
  FusedSampler<TWarp, TFormat, VWidth> m_Sampler;
  FusedWeightStream<TWarp, VWidth>     m_Stream;
};
} // namespace itk::arssr

#endif
