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
#include "cpu/ArSSRCpuConvolution.h"

#include "cpu/ArSSRCpuDirectConvolution.h"
#include "cpu/ArSSRCpuWinogradConvolution.h"

namespace itk::arssr
{
namespace
{
// With fewer input channels the transforms cost more than they save. The choice depends on the weights alone: the two
// methods differ in the last bits, so one that looked at a tile's size would show as a seam between tiles.
constexpr std::int64_t FewestChannelsForWinograd = 8;

bool
UsesWinograd(std::int64_t inputChannels, std::int64_t radius)
{
  return radius == 1 && inputChannels >= FewestChannelsForWinograd;
}
} // namespace

CpuConvolution::~CpuConvolution() = default;

std::unique_ptr<CpuConvolution>
CpuConvolution::New(const CpuKernels & kernels, const at::Tensor & weight, const at::Tensor & bias, Method method)
{
  if (method == Method::Fastest && UsesWinograd(weight.size(1), weight.size(2) / 2))
  {
    return std::make_unique<CpuWinogradConvolution>(kernels, weight, bias);
  }
  return std::make_unique<CpuDirectConvolution>(kernels, weight, bias);
}
} // namespace itk::arssr
