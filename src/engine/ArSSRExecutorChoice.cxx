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
#include "network/ArSSRNetwork.h"
#include "network/ArSSRTorchExecutor.h"

namespace itk::arssr
{
std::unique_ptr<Executor>
MakeExecutor(const Network & network, const at::Device & device, Precision precision, GiveUpFunction giveUp)
{
  std::unique_ptr<Executor> executor;
  // The CPU kernels compute in float32 only. CudaExecutor::New() returns null for a CPU, for float32, and for networks
  // and GPUs that its kernel does not support.
  if (device.is_cpu() && precision == Precision::Float32)
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
  // Outermost, so that each kind of executor is retried; pieces of a tile are encoded with this halo.
  const auto halo = static_cast<std::int64_t>(network.GetEncoder().GetRadius());
  return std::make_unique<RetryingExecutor>(std::move(executor), halo, std::move(giveUp));
}
} // namespace itk::arssr
