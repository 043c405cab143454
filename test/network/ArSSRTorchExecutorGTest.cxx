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
#include "engine/ArSSRExecutorChoice.h"
#include "network/ArSSRTorchExecutor.h"

#include "cpu/ArSSRCpuExecutor.h"
#include "network/ArSSRNetwork.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

namespace
{
using namespace itk::arssr;

class ArSSRTorchExecutor : public ::testing::Test
{
protected:
  ArSSRTorchExecutor()
    : m_Network(Architecture{ itk::ArSSRModelEnums::Encoder::Residual, 8, 4, 32, 6, 1 })
  {
    m_Network.InitializeWeights(2, Network::LastLayer::Random);
  }

  EncodeJob
  MakeJob(const GridBox & featureBox) const
  {
    EncodeJob job;
    job.lowResolution = at::linspace(0.0, 1.0, 12 * 10 * 9).view({ 12, 10, 9 });
    job.imageSize = { 12, 10, 9 };
    job.featureBox = featureBox;
    job.report = [](double) {
    };
    return job;
  }

  c10::InferenceMode m_InferenceMode;
  Network            m_Network;
};
} // namespace

// Features are cached: views of whole encodings would exceed the memory budget.
TEST_F(ArSSRTorchExecutor, HoldsNoMoreMemoryThanItsFeaturesNeed)
{
  const TorchExecutor executor(m_Network, at::kCPU, Precision::Float32);
  const at::Tensor    whole = executor.Encode(this->MakeJob({ {}, { 12, 10, 9 } })).features;
  EXPECT_EQ(whole.storage().nbytes(), whole.nbytes());
  // Planes in a row are contiguous where they are: a view of them would keep the others.
  for (const GridBox & box :
       { GridBox{ { 3, 0, 0 }, { 7, 10, 9 } }, GridBox{ { 3, 2, 1 }, { 7, 8, 9 } }, GridBox{ {}, { 1, 10, 9 } } })
  {
    const FeatureTile tile = executor.Encode(this->MakeJob(box));
    const GridIndex   size = GetSize(box);
    EXPECT_TRUE(tile.features.is_contiguous());
    EXPECT_EQ(tile.features.storage().nbytes(), static_cast<std::size_t>(GetNumberOfVoxels(size)) * 8 * sizeof(float));
    EXPECT_TRUE(tile.features.equal(
      whole.narrow(0, box.begin[0], size[0]).narrow(1, box.begin[1], size[1]).narrow(2, box.begin[2], size[2])));
  }
}

// The planner chooses tiles by these numbers; smaller ones than the truth exceed the budget.
TEST_F(ArSSRTorchExecutor, HoldsTheMemoryThatItsCostsState)
{
  const GridBox       box{ { 3, 2, 1 }, { 7, 8, 9 } };
  const auto          voxels = static_cast<std::size_t>(GetNumberOfVoxels(GetSize(box)));
  const TorchExecutor torchExecutor(m_Network, at::kCPU, Precision::Float32);
  EXPECT_EQ(torchExecutor.Encode(this->MakeJob(box)).features.storage().nbytes(),
            voxels * torchExecutor.GetCosts().featureBytesPerVoxel);
  const CpuExecutor cpuExecutor(m_Network);
  EXPECT_EQ(cpuExecutor.Encode(this->MakeJob(box)).features.storage().nbytes(),
            voxels * cpuExecutor.GetCosts().featureBytesPerVoxel);
}

TEST_F(ArSSRTorchExecutor, DescribesItself)
{
  EXPECT_EQ(TorchExecutor(m_Network, at::kCPU, Precision::Float32).GetDescription(), "torch (cpu)");
  const std::string kernels = GetCpuKernels().name;
  EXPECT_EQ(MakeExecutor(m_Network, at::kCPU, Precision::Float32)->GetDescription(), "CPU kernels (" + kernels + ')');
}
