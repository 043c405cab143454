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
#include "cuda/ArSSRCudaTestBackend.h"
#include "cuda/device/ArSSRCudaDeviceScene.h"

#include <array>

namespace itk::arssr
{
namespace
{
constexpr int Device = 0;

CudaDeviceLimits
GetLimits()
{
  std::array<char, 512> message{};
  CudaDeviceLimits      limits{};
  if (ArSSRGetCudaDecoderFunctions()->getDeviceLimits(Device, &limits, message.data(), message.size()) != 0)
  {
    throw std::runtime_error(message.data());
  }
  return limits;
}
} // namespace

std::string
GetCudaTestProblem()
{
  int               devices = 0;
  const cudaError_t error = cudaGetDeviceCount(&devices);
  if (error != cudaSuccess || devices == 0)
  {
    return std::string("There is no GPU, or none that its driver offers (") + cudaGetErrorString(error) + ").";
  }
  const int capability = GetLimits().computeCapability;
  return capability < 80 ? "The GPU's compute capability is " + std::to_string(capability / 10) + '.' +
                             std::to_string(capability % 10) + "; the kernels need 8.0 or above."
                         : std::string();
}

std::int64_t
GetCudaTestSharedBytes()
{
  return GetLimits().sharedBytesPerBlock;
}

std::string
DecodeForCudaTest(const CudaDecoderPlan & plan, const CudaDecodeArguments & arguments, int)
{
  const CudaDeviceScene scene(plan, arguments);
  std::array<char, 512> message{};
  if (ArSSRGetCudaDecoderFunctions()->decode(
        &plan, &scene.GetArguments(), Device, nullptr, message.data(), message.size()) == 0)
  {
    scene.Download(arguments.output);
  }
  return message.data();
}
} // namespace itk::arssr
