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
#ifndef ArSSRCudaWarp_h
#define ArSSRCudaWarp_h

#include "cuda/ArSSRFusedDecoderTile.h"

#include <cuda_runtime.h>

namespace itk::arssr
{
/** \brief A warp as one of its threads sees it: the instructions that FusedDecoderTile is made of. For sm_80 and newer.
 */
class CudaWarp
{
public:
  /** A lane's own value. */
  template <typename T>
  class PerLane
  {
  public:
    __device__ __forceinline__ T &
    operator[](int)
    {
      return m_Value;
    }
    __device__ __forceinline__ const T &
    operator[](int) const
    {
      return m_Value;
    }

  private:
    T m_Value;
  };

  template <typename TFunction>
  __device__ __forceinline__ void
  ForEachLane(const TFunction & function) const
  {
    function(static_cast<int>(threadIdx.x) % CudaLanes);
  }

  /** Number of the warp in the block. */
  __device__ __forceinline__ int
  GetIndex() const
  {
    return static_cast<int>(threadIdx.x) / CudaLanes;
  }
  __device__ __forceinline__ std::int64_t
                             GetBlock() const
  {
    return blockIdx.x;
  }
  __device__ __forceinline__ std::int64_t
                             GetNumberOfBlocks() const
  {
    return gridDim.x;
  }

  __device__ __forceinline__ void
  Synchronize() const
  {
    __syncwarp();
  }
  __device__ __forceinline__ void
  SynchronizeBlock() const
  {
    __syncthreads();
  }

  /** Starts to copy a chunk from global to shared memory, past the registers and the first level cache: a slice of
   * weights is read once by a block, and the cache is left to the features. */
  __device__ __forceinline__ void
  CopyAsync(std::uint8_t * to, const std::uint8_t * from) const
  {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" : : "r"(GetSharedAddress(to)), "l"(from) : "memory");
  }
  __device__ __forceinline__ void
  CommitCopies() const
  {
    asm volatile("cp.async.commit_group;" : : : "memory");
  }
  /** Waits until at most the last VPending groups that the thread has committed are on their way. */
  template <int VPending>
  __device__ __forceinline__ void
  WaitForCopies() const
  {
    asm volatile("cp.async.wait_group %0;" : : "n"(VPending) : "memory");
  }

  /** Reads a chunk of global memory that nobody writes while the kernel runs, through the read-only cache. */
  __device__ __forceinline__ CudaWords
  LoadConstant(const std::uint8_t * from) const
  {
    const uint4 words = __ldg(reinterpret_cast<const uint4 *>(from));
    return { { words.x, words.y, words.z, words.w } };
  }

  /** Reads the operand of 16 rows in shared memory, 32 bytes of each. */
  __device__ __forceinline__ void
  LoadRows(const std::uint8_t * rows, int stride, PerLane<CudaWords> & fragment) const
  {
    const int lane = static_cast<int>(threadIdx.x) % CudaLanes;
    // ldmatrix reads four matrices of 8 rows of 16 bytes; lanes 8m to 8m + 7 name the rows of matrix m. They are, in
    // the order of the operand's words, rows 0-7 and 8-15 of the first 16 bytes, then of the second. It moves words
    // whatever they hold, so it serves TensorFloat32 too.
    const auto  address = GetSharedAddress(rows + lane % CudaTile * stride + lane / CudaTile * CudaChunkBytes);
    CudaWords & words = fragment[lane];
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(words.word[0]), "=r"(words.word[1]), "=r"(words.word[2]), "=r"(words.word[3])
                 : "r"(address)
                 : "memory");
  }

  /** sums += rows · weights, for the first or second 8 columns of a tile. */
  template <typename TFormat>
  __device__ __forceinline__ void
  Multiply(const PerLane<CudaWords> & rows,
           const PerLane<CudaWords> & weights,
           int                        half,
           PerLane<FusedSums> &       sums) const
  {
    // The sums are source and destination of the instruction. `row.col`: rows are row-major, weights column-major.
    const CudaWords &   a = rows[0];
    const std::uint32_t b0 = weights[0].word[2 * half];
    const std::uint32_t b1 = weights[0].word[2 * half + 1];
    float(&d)[4] = sums[0].value;
#define ARSSR_MMA(shapeAndTypes)                                                                                       \
  asm volatile("mma.sync.aligned." shapeAndTypes " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"    \
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])                                                        \
               : "r"(a.word[0]), "r"(a.word[1]), "r"(a.word[2]), "r"(a.word[3]), "r"(b0), "r"(b1))
    if constexpr (TFormat::Value == CudaFormat::BFloat16)
    {
      ARSSR_MMA("m16n8k16.row.col.f32.bf16.bf16.f32");
    }
    else if constexpr (TFormat::Value == CudaFormat::Float16)
    {
      ARSSR_MMA("m16n8k16.row.col.f32.f16.f16.f32");
    }
    else
    {
      ARSSR_MMA("m16n8k8.row.col.f32.tf32.tf32.f32");
    }
#undef ARSSR_MMA
  }

  /** Gives each lane the sum over the four lanes that hold the same rows. */
  __device__ __forceinline__ void
  SumOverQuads(PerLane<float> & values) const
  {
    constexpr unsigned int all = 0xFFFFFFFFU;
    float &                value = values[0];
    // Both partners of an exchange add the same two numbers, so all four lanes get the same bits.
    value += __shfl_xor_sync(all, value, 1);
    value += __shfl_xor_sync(all, value, 2);
  }

private:
  static __device__ __forceinline__ std::uint32_t
                                    GetSharedAddress(const void * address)
  {
    return static_cast<std::uint32_t>(__cvta_generic_to_shared(address));
  }
};
} // namespace itk::arssr

#endif
