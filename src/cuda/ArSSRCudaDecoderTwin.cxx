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
#include "cuda/ArSSRCudaDecoderTwin.h"

#include "cuda/ArSSRCudaDecoderPlan.h"
#include "cuda/ArSSRTwinWarp.h"

#include <thread>

namespace itk::arssr
{
namespace
{
template <typename TFormat, int VWidth>
void
RunBlock(const CudaDecoderPlan & plan, const CudaDecodeArguments & arguments, TwinBlock & block)
{
  // A thread for each warp: the barriers of a block need all warps to run at the same time.
  std::vector<std::thread> warps;
  warps.reserve(CudaWarps);
  for (int index = 0; index < CudaWarps; ++index)
  {
    warps.emplace_back([&, index] {
      TwinWarp                                    warp(block, index);
      FusedDecoderTile<TwinWarp, TFormat, VWidth> decoder(warp, plan, arguments, block.GetShared());
      decoder.Run();
    });
  }
  for (std::thread & warp : warps)
  {
    warp.join();
  }
}
} // namespace

std::string
DecodeOnCudaTwin(const CudaDecoderPlan & plan, const CudaDecodeArguments & arguments, int multiprocessors)
{
  std::string problem = VerifyCudaDecode(plan, arguments);
  if (!problem.empty() || arguments.voxelCount == 0)
  {
    return problem;
  }
  // Blocks share nothing but the output, of which each voxel has one block: they can run one after the other.
  const std::int64_t blocks = GetCudaBlocks(plan, arguments.voxelCount, multiprocessors, 1);
  for (std::int64_t index = 0; index < blocks; ++index)
  {
    TwinBlock block(index, blocks, plan.sharedBytes);
    DispatchKernel(plan, [&](auto format, auto width) {
      RunBlock<decltype(format), decltype(width)::Value>(plan, arguments, block);
    });
  }
  return problem;
}
} // namespace itk::arssr
