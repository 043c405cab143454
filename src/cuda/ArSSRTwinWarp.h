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
#ifndef ArSSRTwinWarp_h
#define ArSSRTwinWarp_h

#include "cuda/ArSSRFusedDecoderTile.h"
#include "cuda/ArSSRTwinCopies.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <vector>

namespace itk::arssr
{
/** \brief What the warps of an emulated thread block share: memory, and a barrier. */
class TwinBlock
{
public:
  TwinBlock(std::int64_t index, std::int64_t blocks, std::int32_t sharedBytes)
    : m_Index(index)
    , m_Blocks(blocks)
    // all bits set: a NaN in every format, so that what was never written is seen in the output
    , m_Shared(static_cast<std::size_t>(sharedBytes) / sizeof(CudaWords) + 1, CudaWords{ { ~0U, ~0U, ~0U, ~0U } })
  {}

  std::int64_t
  GetIndex() const
  {
    return m_Index;
  }
  std::int64_t
  GetNumberOfBlocks() const
  {
    return m_Blocks;
  }
  std::uint8_t *
  GetShared()
  {
    return reinterpret_cast<std::uint8_t *>(m_Shared.data());
  }

  /** Waits for all warps. */
  void
  Synchronize()
  {
    std::unique_lock<std::mutex> lock(m_Mutex);
    // A warp waits for the round to change, not for the count: a fast warp may be waiting at the next barrier before a
    // slow one has left this one.
    const std::int64_t round = m_Round;
    ++m_Waiting;
    if (m_Waiting == CudaWarps)
    {
      m_Waiting = 0;
      ++m_Round;
      m_Condition.notify_all();
      return;
    }
    m_Condition.wait(lock, [&] { return m_Round != round; });
  }

private:
  std::int64_t            m_Index;
  std::int64_t            m_Blocks;
  std::vector<CudaWords>  m_Shared;
  std::mutex              m_Mutex;
  std::condition_variable m_Condition;
  int                     m_Waiting{ 0 };
  std::int64_t            m_Round{ 0 };
};

/** \brief A warp on the host, with all of its lanes: what CudaWarp's instructions do, in plain loops.
 *
 * Each warp of a block runs in a thread of its own, so that a thread sanitizer finds a missing barrier.
 */
class TwinWarp : public TwinCopies
{
public:
  template <typename T>
  using PerLane = std::array<T, CudaLanes>;

  TwinWarp(TwinBlock & block, int index)
    : m_Block(block)
    , m_Index(index)
  {}

  template <typename TFunction>
  void
  ForEachLane(const TFunction & function) const
  {
    for (int lane = 0; lane < CudaLanes; ++lane)
    {
      function(lane);
    }
  }

  int
  GetIndex() const
  {
    return m_Index;
  }
  std::int64_t
  GetBlock() const
  {
    return m_Block.GetIndex();
  }
  std::int64_t
  GetNumberOfBlocks() const
  {
    return m_Block.GetNumberOfBlocks();
  }

  /** ForEachLane() has run all lanes to its end before anything follows: there is nothing to wait for. */
  void
  Synchronize() const
  {}
  void
  SynchronizeBlock()
  {
    m_Block.Synchronize();
  }

  CudaWords
  LoadConstant(const std::uint8_t * from) const
  {
    return LoadAs<CudaWords>(from);
  }

  /** PTX `ldmatrix.x4`: matrix m is 8 rows of 16 bytes; a lane gets 4 bytes of row lane / 4 of each. */
  void
  LoadRows(const std::uint8_t * rows, int stride, PerLane<CudaWords> & fragment) const
  {
    for (int lane = 0; lane < CudaLanes; ++lane)
    {
      for (int matrix = 0; matrix < 4; ++matrix)
      {
        const int row = matrix % 2 * 8 + lane / 4;
        const int byte = matrix / 2 * CudaChunkBytes + lane % 4 * 4;
        fragment[lane].word[matrix] = LoadAs<std::uint32_t>(rows + row * stride + byte);
      }
    }
  }

  /** PTX `mma.m16n8k16`, `mma.m16n8k8`, from the tables of the PTX ISA. */
  template <typename TFormat>
  void
  Multiply(const PerLane<CudaWords> & rows,
           const PerLane<CudaWords> & weights,
           int                        half,
           PerLane<FusedSums> &       sums) const
  {
    using Element = typename TFormat::Element;
    constexpr int elementsPerWord = 4 / static_cast<int>(sizeof(Element));
    // The operands are gathered from the lanes' registers into plain matrices, which are then multiplied.
    float a[16][TFormat::Depth];
    float b[TFormat::Depth][8];
    for (int lane = 0; lane < CudaLanes; ++lane)
    {
      for (int element = 0; element < elementsPerWord; ++element)
      {
        const auto get = [&](const CudaWords & words, int word) {
          Element value;
          std::memcpy(
            &value, reinterpret_cast<const char *>(&words.word[word]) + element * sizeof(Element), sizeof(value));
          return TFormat::ToFloat(value);
        };
        const int group = lane / 4;
        const int k = lane % 4 * elementsPerWord + element;
        for (int word = 0; word < 4; ++word)
        {
          a[group + word % 2 * 8][k + word / 2 * TFormat::Depth / 2] = get(rows[lane], word);
        }
        for (int word = 0; word < 2; ++word)
        {
          b[k + word * TFormat::Depth / 2][group] = get(weights[lane], 2 * half + word);
        }
      }
    }
    for (int lane = 0; lane < CudaLanes; ++lane)
    {
      for (int number = 0; number < 4; ++number)
      {
        const int row = lane / 4 + number / 2 * 8;
        const int column = lane % 4 * 2 + number % 2;
        for (int k = 0; k < TFormat::Depth; ++k)
        {
          sums[lane].value[number] += a[row][k] * b[k][column];
        }
      }
    }
  }

  void
  SumOverQuads(PerLane<float> & values) const
  {
    for (int quad = 0; quad < CudaLanes; quad += 4)
    {
      // The order of CudaWarp's exchanges.
      const float sum = (values[quad] + values[quad + 1]) + (values[quad + 2] + values[quad + 3]);
      std::fill_n(values.begin() + quad, 4, sum);
    }
  }

private:
  TwinBlock & m_Block;
  int         m_Index;
};
} // namespace itk::arssr

#endif
