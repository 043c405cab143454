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
#ifndef ArSSRFusedWeightStream_h
#define ArSSRFusedWeightStream_h

#include "ArSSRFusedDecoderLayout.h"

namespace itk::arssr
{
/** \brief Brings the weights to a thread block's shared memory, slice after slice, for one tile of rows after another.
 *
 * A ring of CudaStages slots: one is in use while the slices that follow, those of the next layer or of the next tile's
 * first layer among them, are on their way. All warps of the block call the same functions in the same order.
 */
template <typename TWarp, int VWidth>
class FusedWeightStream
{
public:
  /** \param tiles that the block will compute. */
  ARSSR_DEVICE
  FusedWeightStream(TWarp &                 warp,
                    const CudaDecoderPlan & plan,
                    const void *            weights,
                    std::uint8_t *          shared,
                    std::int64_t            tiles)
    : m_Warp(warp)
    , m_Plan(plan)
    , m_Weights(static_cast<const std::uint8_t *>(weights))
    , m_Ring(shared + plan.ringOffset)
    , m_TilesToCopy(tiles)
  {
    this->Copy(shared + plan.outputWeightsOffset, m_Weights, GetBiasBytes(VWidth)); // with the first slice
    for (int slice = 0; slice < CudaStages - 1; ++slice)
    {
      this->StartNext();
    }
  }

  /** The next slice, when it is there: biases [column] if it is a layer's first, then weights at WeightsOffset. What
   * the slice before it was read for must be in registers: its slot is filled again. A barrier of the block. */
  ARSSR_DEVICE const std::uint8_t *
                     Next()
  {
    m_Warp.template WaitForCopies<CudaStages - 2>();
    m_Warp.SynchronizeBlock();
    this->StartNext();
    const std::uint8_t * slot = m_Ring + m_ReadSlot * m_Plan.slotBytes;
    m_ReadSlot = m_ReadSlot + 1 == CudaStages ? 0 : m_ReadSlot + 1;
    return slot;
  }

  static constexpr int WeightsOffset = GetBiasBytes(VWidth);

private:
  ARSSR_DEVICE void
  Copy(std::uint8_t * to, const std::uint8_t * from, int bytes)
  {
    m_Warp.ForEachLane([&](int lane) {
      const int step = CudaThreads * CudaChunkBytes;
      for (int byte = (m_Warp.GetIndex() * CudaLanes + lane) * CudaChunkBytes; byte < bytes; byte += step)
      {
        m_Warp.CopyAsync(to + byte, from + byte);
      }
    });
  }

  /** Starts the copy of a slice; when there are no more, of nothing, so that copies can be counted. */
  ARSSR_DEVICE void
  StartNext()
  {
    if (m_TilesToCopy > 0)
    {
      const CudaDecoderLayer & layer = m_Plan.layers[m_Layer];
      const int                columns = GetColumns(VWidth, layer.tilesPerWarp);
      const int                stepBytes = GetStepWeightBytes(columns);
      const std::uint8_t *     biases = m_Weights + layer.offset;
      const std::uint8_t *     weights = biases + GetBiasBytes(columns);
      std::uint8_t *           slot = m_Ring + m_WriteSlot * m_Plan.slotBytes;
      const int                remaining = layer.steps - m_Step;
      const int                steps = remaining < CudaStepsPerSlice ? remaining : CudaStepsPerSlice;
      if (m_Step == 0)
      {
        this->Copy(slot, biases, GetBiasBytes(columns));
      }
      this->Copy(slot + WeightsOffset, weights + m_Step * stepBytes, steps * stepBytes);
      this->Advance(layer.steps, steps);
    }
    m_Warp.CommitCopies();
    m_WriteSlot = m_WriteSlot + 1 == CudaStages ? 0 : m_WriteSlot + 1;
  }

  ARSSR_DEVICE void
  Advance(int layerSteps, int steps)
  {
    m_Step += steps;
    if (m_Step == layerSteps)
    {
      m_Step = 0;
      ++m_Layer;
      if (m_Layer == m_Plan.layerCount)
      {
        m_Layer = 0;
        --m_TilesToCopy;
      }
    }
  }

  TWarp &                 m_Warp;
  const CudaDecoderPlan & m_Plan;
  const std::uint8_t *    m_Weights;
  std::uint8_t *          m_Ring;
  std::int64_t            m_TilesToCopy;
  int                     m_Layer{ 0 }; // of the slice that is copied next
  int                     m_Step{ 0 };
  int                     m_WriteSlot{ 0 };
  int                     m_ReadSlot{ 0 };
};
} // namespace itk::arssr

#endif
