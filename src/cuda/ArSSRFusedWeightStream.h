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

#include "cuda/ArSSRFusedDecoderLayout.h"

namespace itk::arssr
{
/** \brief Brings the weights to a thread block's shared memory, slice after slice, for one tile of rows after another.
 *
 * A ring of CudaStages slots: one is in use while the slices that follow, be they the next layer's or those of the next
 * tile's first layer, are on their way. All warps of the block call the same functions in the same order.
 *
 * Each thread copies a share of every slice, and commits its copies as one group for each slice. Next() number n waits
 * until the thread's own copies of slice n are there, and meets the other warps at a barrier: then all of slice n is
 * there, and slice n - 1 is used by nobody, so slice n + 2 may be copied to its slot. All blocks read the same weights
 * at about the same time; they come from the second level cache.
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
    , m_FirstLayer(static_cast<const std::uint8_t *>(weights) + GetBiasBytes(VWidth))
    , m_From(m_FirstLayer)
    , m_Ring(shared + plan.ringOffset)
    , m_TilesToCopy(static_cast<std::int32_t>(tiles))
  {
    // The output weights belong to the group of the first slice: they are there as soon as it is.
    this->template Copy<GetBiasBytes(VWidth)>(
      shared + plan.outputWeightsOffset, static_cast<const std::uint8_t *>(weights), GetBiasBytes(VWidth));
    for (int slice = 0; slice < CudaStages - 1; ++slice)
    {
      this->StartNext();
    }
  }

  /** The next slice, when it is there: biases [column] if it is a layer's first, and weights at WeightsOffset. What is
   * needed of the slice before it must be in registers: its slot is filled again. A barrier of the block. */
  ARSSR_DEVICE const std::uint8_t *
                     Next()
  {
    // In this order: a thread can wait only for its own copies, and the barrier then vouches for those of all.
    // Refilling a slot before it would overwrite weights that a slower warp still reads.
    m_Warp.template WaitForCopies<CudaStages - 2>();
    m_Warp.SynchronizeBlock();
    this->StartNext();
    const std::uint8_t * slot = m_Ring + m_ReadSlot;
    m_ReadSlot = GetSlotAfter(m_ReadSlot);
    return slot;
  }

  static constexpr int WeightsOffset = GetBiasBytes(VWidth);

private:
  /** Copies bytes that follow each other, a chunk for each thread of the block at a time. */
  template <int VMaximumBytes>
  ARSSR_DEVICE void
  Copy(std::uint8_t * to, const std::uint8_t * from, int bytes)
  {
    constexpr int bytesAtOnce = CudaThreads * CudaChunkBytes;
    m_Warp.ForEachLane([&](int lane) {
      const int first = (m_Warp.GetIndex() * CudaLanes + lane) * CudaChunkBytes;
      // The bound is a constant, so that the loop is unrolled; for narrow layers the condition skips the rest.
      ARSSR_UNROLL
      for (int begin = 0; begin < VMaximumBytes; begin += bytesAtOnce)
      {
        if (first + begin < bytes)
        {
          m_Warp.CopyAsync(to + first + begin, from + first + begin);
        }
      }
    });
  }

  /** Starts the copy of a slice. After the last one it commits an empty group, so that WaitForCopies() counts on. */
  ARSSR_DEVICE void
  StartNext()
  {
    if (m_TilesToCopy > 0)
    {
      const CudaDecoderLayer & layer = m_Plan.layers[m_Layer];
      const int                columns = GetColumns(VWidth, layer.tilesPerWarp);
      std::uint8_t *           slot = m_Ring + m_WriteSlot;
      if (m_Step == 0)
      {
        this->template Copy<GetBiasBytes(VWidth)>(slot, m_From, GetBiasBytes(columns));
        m_From += GetBiasBytes(columns);
      }
      const int remaining = layer.steps - m_Step;
      const int steps = remaining < CudaStepsPerSlice ? remaining : CudaStepsPerSlice;
      const int bytes = steps * GetStepWeightBytes(columns);
      this->template Copy<CudaStepsPerSlice * GetStepWeightBytes(VWidth)>(slot + WeightsOffset, m_From, bytes);
      m_From += bytes;
      m_Step += steps;
      if (m_Step == layer.steps)
      {
        this->GoToNextLayer();
      }
    }
    m_Warp.CommitCopies();
    m_WriteSlot = GetSlotAfter(m_WriteSlot);
  }

  ARSSR_DEVICE void
  GoToNextLayer()
  {
    m_Step = 0;
    ++m_Layer;
    if (m_Layer == m_Plan.layerCount)
    {
      m_Layer = 0;
      m_From = m_FirstLayer;
      --m_TilesToCopy;
    }
  }

  static ARSSR_DEVICE int
  GetSlotAfter(int slot)
  {
    constexpr int bytes = GetSlotBytes(VWidth);
    return slot == (CudaStages - 1) * bytes ? 0 : slot + bytes;
  }

  TWarp &                 m_Warp;
  const CudaDecoderPlan & m_Plan;
  const std::uint8_t *    m_FirstLayer;
  const std::uint8_t *    m_From; // the slice that is copied next, …
  int                     m_Layer{ 0 };
  int                     m_Step{ 0 };
  std::uint8_t *          m_Ring;
  int                     m_WriteSlot{ 0 }; // bytes from the ring's beginning
  int                     m_ReadSlot{ 0 };
  std::int32_t            m_TilesToCopy; // tiles of the block whose weights have not all been copied
};
} // namespace itk::arssr

#endif
