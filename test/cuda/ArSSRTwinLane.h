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
#ifndef ArSSRTwinLane_h
#define ArSSRTwinLane_h

#include "cuda/ArSSRTwinTurns.h"

#include "cuda/ArSSRFusedDecoderTile.h"
#include "cuda/ArSSRTwinCopies.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

namespace itk::arssr
{
/** \brief What the lanes of an emulated thread block share: memory, turns of the warps, and turns of each warp's lanes.
 */
class TwinLaneBlock
{
public:
  using LaneTurns = TwinTurns<CudaLanes>;

  TwinLaneBlock(std::int64_t index, std::int64_t blocks, std::int32_t sharedBytes, TwinOrder order, unsigned int seed)
    : m_Index(index)
    , m_Blocks(blocks)
    // all bits set: a NaN in every format, so that what was never written is seen in the output
    , m_Shared(static_cast<std::size_t>(sharedBytes) / sizeof(CudaWords) + 1, CudaWords{ { ~0U, ~0U, ~0U, ~0U } })
    , m_WarpTurns(order, seed)
  {
    for (int warp = 0; warp < CudaWarps; ++warp)
    {
      m_Warps.push_back(std::make_unique<Warp>(order, seed + 1 + static_cast<unsigned int>(warp)));
    }
  }

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

  void
  Begin(int warp, int lane)
  {
    m_Warps[static_cast<std::size_t>(warp)]->turns.Begin(lane);
    if (!m_Warps[static_cast<std::size_t>(warp)]->begun)
    {
      m_Warps[static_cast<std::size_t>(warp)]->begun = true;
      m_WarpTurns.Begin(warp);
    }
  }
  void
  End(int warp, int lane)
  {
    m_Warps[static_cast<std::size_t>(warp)]->turns.End(lane, [&] { m_WarpTurns.End(warp); });
  }
  void
  Synchronize(int warp, int lane)
  {
    m_Warps[static_cast<std::size_t>(warp)]->turns.Meet(lane);
  }
  void
  SynchronizeBlock(int warp, int lane)
  {
    m_Warps[static_cast<std::size_t>(warp)]->turns.Meet(lane, [&] { m_WarpTurns.Meet(warp); });
  }

  /** What the lanes of a warp hand each other, one place for each. Used by turns, so that nobody waits twice. */
  template <typename T>
  std::array<T, CudaLanes> &
  GetExchange(int warp, int number)
  {
    static_assert(sizeof(T) <= ExchangeBytes);
    return *reinterpret_cast<std::array<T, CudaLanes> *>(m_Warps[static_cast<std::size_t>(warp)]->exchange[number % 2]);
  }

private:
  static constexpr std::size_t ExchangeBytes = 64;

  struct Warp
  {
    Warp(TwinOrder order, unsigned int seed)
      : turns(order, seed)
    {}

    LaneTurns turns;
    bool      begun{ false };
    alignas(16) std::uint8_t exchange[2][ExchangeBytes * CudaLanes]{};
  };

  std::int64_t                       m_Index;
  std::int64_t                       m_Blocks;
  std::vector<CudaWords>             m_Shared;
  TwinTurns<CudaWarps>               m_WarpTurns;
  std::vector<std::unique_ptr<Warp>> m_Warps;
};

/** \brief A warp as one of its threads sees it, emulated on the host: CudaWarp's counterpart.
 *
 * TwinWarp runs all lanes of a warp in step, which a GPU does not: between two barriers a lane may be ahead of others.
 * Here each lane is a thread that runs alone until the next barrier, or the next instruction that all lanes take part
 * in, in the order that the block was given.
 */
class TwinLane : public TwinCopies
{
public:
  /** A lane's own value. */
  template <typename T>
  class PerLane
  {
  public:
    T &
    operator[](int)
    {
      return m_Value;
    }
    const T &
    operator[](int) const
    {
      return m_Value;
    }

  private:
    T m_Value;
  };

  TwinLane(TwinLaneBlock & block, int warp, int lane)
    : m_Block(block)
    , m_Warp(warp)
    , m_Lane(lane)
  {
    m_Block.Begin(warp, lane);
  }
  ~TwinLane()
  {
    m_Block.End(m_Warp, m_Lane);
  }
  TwinLane(const TwinLane &) = delete;
  TwinLane &
  operator=(const TwinLane &) = delete;

  template <typename TFunction>
  void
  ForEachLane(const TFunction & function) const
  {
    function(m_Lane);
  }

  int
  GetIndex() const
  {
    return m_Warp;
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

  void
  Synchronize() const
  {
    m_Block.Synchronize(m_Warp, m_Lane);
  }
  void
  SynchronizeBlock() const
  {
    m_Block.SynchronizeBlock(m_Warp, m_Lane);
  }

  CudaWords
  LoadConstant(const std::uint8_t * from) const
  {
    return LoadAs<CudaWords>(from);
  }

  /** PTX `ldmatrix.x4`; what other lanes have stored is not waited for. */
  void
  LoadRows(const std::uint8_t * rows, int stride, PerLane<CudaWords> & fragment) const
  {
    for (int matrix = 0; matrix < 4; ++matrix)
    {
      const int row = matrix % 2 * 8 + m_Lane / 4;
      const int byte = matrix / 2 * CudaChunkBytes + m_Lane % 4 * 4;
      fragment[m_Lane].word[matrix] = LoadAs<std::uint32_t>(rows + row * stride + byte);
    }
  }

  /** PTX `mma`: a lane's four sums need operands of other lanes. */
  template <typename TFormat>
  void
  Multiply(const PerLane<CudaWords> & rows, const PerLane<CudaWords> & weights, int half, PerLane<FusedSums> & sums)
  {
    using Element = typename TFormat::Element;
    constexpr int elementsPerWord = 4 / static_cast<int>(sizeof(Element));
    auto &        operands = this->Exchange(Operands{ rows[m_Lane], weights[m_Lane] });
    for (int number = 0; number < 4; ++number)
    {
      const int row = m_Lane / 4 + number / 2 * 8;
      const int column = m_Lane % 4 * 2 + number % 2;
      for (int k = 0; k < TFormat::Depth; ++k)
      {
        // Where the tables of the PTX ISA have element k of a row, and of a column: lane, word, element in the word.
        const int  word = k / (TFormat::Depth / 2);
        const int  inHalf = k % (TFormat::Depth / 2);
        const int  lane = inHalf / elementsPerWord;
        const int  element = inHalf % elementsPerWord;
        const auto get = [element](const CudaWords & words, int index) {
          Element value;
          std::memcpy(
            &value, reinterpret_cast<const char *>(&words.word[index]) + element * sizeof(Element), sizeof(value));
          return TFormat::ToFloat(value);
        };
        const float a = get(operands[static_cast<std::size_t>(row % 8 * 4 + lane)].rows, row / 8 + 2 * word);
        const float b = get(operands[static_cast<std::size_t>(column * 4 + lane)].weights, 2 * half + word);
        sums[m_Lane].value[number] += a * b;
      }
    }
  }

  void
  SumOverQuads(PerLane<float> & values)
  {
    auto &     all = this->Exchange(values[m_Lane]);
    const auto quad = static_cast<std::size_t>(m_Lane / 4 * 4);
    values[m_Lane] = (all[quad] + all[quad + 1]) + (all[quad + 2] + all[quad + 3]);
  }

private:
  struct Operands
  {
    CudaWords rows;
    CudaWords weights;
  };

  /** What each lane of the warp gives. */
  template <typename T>
  std::array<T, CudaLanes> &
  Exchange(const T & own)
  {
    auto & all = m_Block.GetExchange<T>(m_Warp, m_Exchanges++);
    all[static_cast<std::size_t>(m_Lane)] = own;
    this->Synchronize();
    return all;
  }

  TwinLaneBlock & m_Block;
  int             m_Warp;
  int             m_Lane;
  int             m_Exchanges{ 0 };
};
} // namespace itk::arssr

#endif
