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
#ifndef ArSSRCpuTestHelpers_h
#define ArSSRCpuTestHelpers_h

#include "cpu/ArSSRCpuKernels.h"
#include "network/ArSSRArchitecture.h"

#include "support/ArSSRTestHelpers.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <random>

namespace itk::arssr
{
/** The source of the AVX-512 kernels compiled for any processor: their vectors and blocks, in narrower instructions. */
extern const CpuKernels WideKernels;

/** The portable kernels with arrays for vectors. */
extern const CpuKernels ScalarKernels;

namespace test
{
inline std::vector<const CpuKernels *>
AllCpuKernels()
{
  std::vector<const CpuKernels *> kernels = GetSupportedCpuKernels();
  kernels.push_back(&WideKernels);
  kernels.push_back(&ScalarKernels);
  return kernels;
}

inline std::string
KernelsTestName(const ::testing::TestParamInfo<const CpuKernels *> & info)
{
  return info.param->name;
}

/** Numbers in [-1, 1] that are the same in every run. */
class RandomTensors
{
public:
  at::Tensor
  operator()(at::IntArrayRef shape)
  {
    at::Tensor                            tensor = at::empty(shape, at::kFloat);
    std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
    std::generate_n(tensor.mutable_data_ptr<float>(), tensor.numel(), [&] { return uniform(m_Generator); });
    return tensor;
  }

private:
  std::mt19937 m_Generator{ 11 };
};

inline double
LargestDifference(const at::Tensor & a, const at::Tensor & b)
{
  return (a - b).abs().max().item<double>();
}

/** Networks of all encoders, in both forms, with sizes that are no multiple of any vector's. */
inline std::vector<Architecture>
SmallArchitectures()
{
  std::vector<Architecture> architectures;
  for (const ArSSRModelEnums::Encoder encoder : AllEncoders)
  {
    architectures.push_back({ encoder, 21, 6, 19 });
  }
  Architecture local{ ArSSRModelEnums::Encoder::Residual, 13, 4, 22, 18, 2 };
  local.SetForm(ArSSRModelEnums::Form::Local);
  architectures.push_back(local);
  Architecture narrow{ ArSSRModelEnums::Encoder::Residual, 5, 3, 7, 3, 1 };
  narrow.SetForm(ArSSRModelEnums::Form::Local);
  architectures.push_back(narrow);
  return architectures;
}
} // namespace test
} // namespace itk::arssr

#endif
