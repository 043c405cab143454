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

#include "cpu/ArSSRCpuExecutor.h"
#include "cuda/ArSSRCudaExecutor.h"
#include "engine/ArSSRRetryingExecutor.h"
#include "network/ArSSRNeighborhoodBounds.h"
#include "network/ArSSRNetwork.h"
#include "network/ArSSRTorchExecutor.h"

#include <algorithm>

namespace itk::arssr
{
namespace
{
bool
UsesOwnKernels(const at::Device & device, Precision precision)
{
  return device.is_cpu() && precision == Precision::Float32;
}
} // namespace

std::unique_ptr<Executor>
MakeExecutor(const Network & network, const at::Device & device, Precision precision, GiveUpFunction giveUp)
{
  std::unique_ptr<Executor> executor;
  if (UsesOwnKernels(device, precision))
  {
    executor = std::make_unique<CpuExecutor>(network);
  }
  else
  {
    executor = CudaExecutor::New(network, device, precision);
  }
  if (!executor)
  {
    executor = std::make_unique<TorchExecutor>(network, device, precision);
  }
  const auto halo = static_cast<std::int64_t>(network.GetEncoder().GetRadius());
  return std::make_unique<RetryingExecutor>(std::move(executor), halo, std::move(giveUp));
}

TileCosts
GetExecutorCosts(const Network & network, const at::Device & device, Precision precision)
{
  TileCosts costs = UsesOwnKernels(device, precision) ? CpuExecutor::GetCosts(network)
                                                      : TorchExecutor::GetCosts(network, device, precision);
  costs.haloRadius = std::max(costs.haloRadius, NeighborhoodBounds::Radius); // every encoder of ours has more
  return costs;
}
} // namespace itk::arssr
