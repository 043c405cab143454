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
#include "cuda/ArSSRCudaTestDecode.h"
#include "cuda/ArSSRTwinLane.h"

#include "cuda/ArSSRCudaDecoderTwin.h"

#include <gtest/gtest.h>

#include <thread>

namespace
{
using namespace itk::arssr;
using Shape = CudaTestNetwork::Shape;

constexpr std::int64_t SharedBytes = 227 * 1024; // of compute capability 9.0

struct Order
{
  TwinOrder    order;
  unsigned int seed;
};

/** Runs a function on each lane of a block, in a thread of its own. */
template <typename TFunction>
void
RunLanes(TwinLaneBlock & block, const TFunction & function)
{
  std::vector<std::thread> lanes;
  for (int number = 0; number < CudaThreads; ++number)
  {
    lanes.emplace_back([&, number] {
      TwinLane lane(block, number / CudaLanes, number % CudaLanes);
      function(lane);
    });
  }
  for (std::thread & lane : lanes)
  {
    lane.join();
  }
}

/** What a scene decodes to on one block, whose lanes run in an order; with whole warps in step where there is none. */
std::vector<float>
Decode(const Shape & shape, const CudaTestScene & scene, CudaFormat format, const Order * order)
{
  const CudaTestNetwork network = MakeRandomCudaNetwork(shape, 7);
  return DecodeScene(network, scene, format, SharedBytes, [&](const auto & plan, const auto & arguments) {
    if (order == nullptr)
    {
      return DecodeOnCudaTwin(plan, arguments, 1);
    }
    TwinLaneBlock block(0, 1, plan.sharedBytes, order->order, order->seed);
    DispatchKernel(plan, [&](auto kernelFormat, auto width) {
      using Format = decltype(kernelFormat);
      constexpr int kernelWidth = decltype(width)::Value;
      // Of the kernels' widths one is enough, and compiled in seconds.
      if constexpr (kernelWidth == 64)
      {
        RunLanes(block, [&](TwinLane & lane) {
          FusedDecoderTile<TwinLane, Format, kernelWidth> decoder(lane, plan, arguments, block.GetShared());
          decoder.Run();
        });
      }
      else
      {
        FAIL() << "a network that is at most 64 wide is expected";
      }
    });
    return std::string();
  });
}

constexpr Order Orders[] = { { TwinOrder::Forward, 0 },
                             { TwinOrder::Reversed, 0 },
                             { TwinOrder::Shuffled, 1 },
                             { TwinOrder::Shuffled, 2 } };

class ArSSRCudaTwinOrder : public testing::TestWithParam<Order>
{};
} // namespace

// A missing barrier is a race that a GPU may hide for years; some order of the lanes shows it every time.
TEST_P(ArSSRCudaTwinOrder, DoesNotChangeDecodedValues)
{
  struct Case
  {
    Shape      shape;
    CudaFormat format;
    int        voxels; // of three tiles or more, so that one follows another in the same memory
  };
  const Case cases[] = { { { 16, 6, 32, 3, false, true, 4 }, CudaFormat::BFloat16, 300 },
                         { { 16, 3, 24, 2, true, false, 2 }, CudaFormat::TensorFloat32, 150 } };
  for (const Case & test : cases)
  {
    CudaTestScene scene(test.shape.channels, test.format, 16);
    scene.AddLines(test.voxels, { 0, 0, 0 }, { 18, 15, 23 });
    const auto expected = Decode(test.shape, scene, test.format, nullptr);
    EXPECT_EQ(Decode(test.shape, scene, test.format, &GetParam()), expected);
  }
}

// A lane stores its number and reads what the lane before it stored, with and without a barrier in between.
TEST_P(ArSSRCudaTwinOrder, RevealsAMissingBarrier)
{
  for (const bool withBarrier : { true, false })
  {
    TwinLaneBlock block(0, 1, CudaThreads * static_cast<int>(sizeof(int)), GetParam().order, GetParam().seed);
    std::array<int, CudaThreads> read{};
    RunLanes(block, [&](TwinLane & warp) {
      warp.ForEachLane(
        [&](int lane) { StoreAs(block.GetShared() + (warp.GetIndex() * CudaLanes + lane) * sizeof(int), lane); });
      if (withBarrier)
      {
        warp.Synchronize();
      }
      warp.ForEachLane([&](int lane) {
        const int from = warp.GetIndex() * CudaLanes + (lane + CudaLanes - 1) % CudaLanes;
        read[static_cast<std::size_t>(warp.GetIndex() * CudaLanes + lane)] =
          LoadAs<int>(block.GetShared() + from * sizeof(int));
      });
    });
    int wrong = 0;
    for (int number = 0; number < CudaThreads; ++number)
    {
      wrong += read[static_cast<std::size_t>(number)] != (number + CudaLanes - 1) % CudaLanes ? 1 : 0;
    }
    EXPECT_EQ(wrong > 0, !withBarrier) << wrong;
  }
}

INSTANTIATE_TEST_SUITE_P(OfLanes, ArSSRCudaTwinOrder, testing::ValuesIn(Orders), [](const auto & info) -> std::string {
  switch (info.param.order)
  {
    case TwinOrder::Forward:
      return "Forward";
    case TwinOrder::Reversed:
      return "Reversed";
    default:
      return "Shuffled" + std::to_string(info.param.seed);
  }
});
