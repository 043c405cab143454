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
#include "platform/ArSSRDevice.h"

#include "platform/ArSSRCpuParallel.h"

#include "support/ArSSRTestHelpers.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <thread>

namespace
{
using namespace itk::arssr::test;
using itk::arssr::GetLoopThreads;
using itk::arssr::ResolveDevice;
using itk::arssr::ThreadCountScope;
using itk::arssr::TorchsThreads;

bool
HasCUDA()
{
  return at::hasCUDA() && at::getNumGPUs() > 0;
}
} // namespace

TEST(ArSSRDevice, ResolvesCPU)
{
  EXPECT_TRUE(ResolveDevice("cpu").is_cpu());
}

TEST(ArSSRDevice, ResolvesAutoToTheFirstCUDADeviceOrTheCPU)
{
  EXPECT_EQ(ResolveDevice("auto").str(), HasCUDA() ? "cuda:0" : "cpu");
}

TEST(ArSSRDevice, ResolvesCUDAToItsFirstDevice)
{
  if (!HasCUDA())
  {
    GTEST_SKIP() << "no CUDA device";
  }
  EXPECT_EQ(ResolveDevice("cuda").str(), "cuda:0");
  EXPECT_EQ(ResolveDevice("cuda:0").str(), "cuda:0");
}

TEST(ArSSRDevice, ReportsThatThereIsNoCUDADevice)
{
  if (HasCUDA())
  {
    GTEST_SKIP() << "there is a CUDA device";
  }
  ExpectError([] { ResolveDevice("cuda"); }, "Use 'auto' or 'cpu'.");
  ExpectError([] { ResolveDevice("cuda:0"); }, "The device 'cuda:0' is not available");
}

TEST(ArSSRDevice, RefusesAMissingCUDADevice)
{
  ExpectError([] { ResolveDevice("cuda:99"); }, "The device 'cuda:99' is not available");
  // Torch keeps a device's number in eight bits.
  ExpectError([] { ResolveDevice("cuda:256"); }, "The device 'cuda:256' is not available");
}

// A misspelt name must not fall back to a device that was not asked for.
TEST(ArSSRDevice, RefusesUnknownNames)
{
  for (const std::string name : { "",
                                  "gpu",
                                  "CPU",
                                  "cpu ",
                                  "cpu:0",
                                  "cuda:",
                                  "cuda:-1",
                                  "cuda: 1",
                                  "cuda:0x1",
                                  "cuda:1.0",
                                  "cuda:99999999999999999999",
                                  "cuda0",
                                  "mps" })
  {
    const std::string message = MessageOf([&] { ResolveDevice(name); });
    EXPECT_TRUE(Contains(message, "The device '" + name + "' is unknown")) << '\'' << name << "': " << message;
    EXPECT_TRUE(Contains(message, "expected 'auto', 'cpu', 'cuda' or 'cuda:N'")) << message;
  }
}

TEST(ArSSRThreadCountScope, SetsTorchsThreadsUntilItEnds)
{
  const int before = at::get_num_threads();
  {
    const ThreadCountScope outer(3);
    EXPECT_EQ(at::get_num_threads(), 3);
    {
      const ThreadCountScope inner(1);
      EXPECT_EQ(at::get_num_threads(), 1);
    }
    EXPECT_EQ(at::get_num_threads(), 3);
  }
  EXPECT_EQ(at::get_num_threads(), before);
}

// Zero means what an outer scope or the application has set, and not all cores.
TEST(ArSSRThreadCountScope, LeavesTorchsThreadsAloneForZero)
{
  const ThreadCountScope three(3);
  const ThreadCountScope none(0);
  EXPECT_EQ(at::get_num_threads(), 3);
}

TEST(ArSSRThreadCountScope, OfAnotherThreadIsNotTakenForTorchsOwnChoice)
{
  // torch gives a thread that it has not seen the number that was set last: here that of a scope of another thread.
  const int before = at::get_num_threads();
  int       after = 0;
  {
    const ThreadCountScope outer(static_cast<unsigned int>(before) + 2);
    std::thread([&after] {
      {
        const ThreadCountScope own(1);
        EXPECT_EQ(at::get_num_threads(), 1);
      }
      after = at::get_num_threads();
    }).join();
  }
  EXPECT_EQ(after, before);
  int later = 0;
  std::thread([&later] { later = at::get_num_threads(); }).join();
  EXPECT_EQ(later, before);
}

// A user who limits threads means all of them, not only torch's.
TEST(ArSSRThreadCountScope, HoldsForLoopsThatUseTorchsThreads)
{
  const ThreadCountScope outer(3);
  EXPECT_EQ(GetLoopThreads(TorchsThreads), 3U);
  {
    const ThreadCountScope inner(1);
    EXPECT_EQ(GetLoopThreads(TorchsThreads), 1U);
  }
  EXPECT_EQ(GetLoopThreads(TorchsThreads), 3U);
}
