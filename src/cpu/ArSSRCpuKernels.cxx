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
#include "cpu/ArSSRCpuKernels.h"

#include <ATen/Version.h>

namespace itk::arssr
{
extern const CpuKernels PortableKernels;
#ifdef ARSSR_X86_KERNELS
extern const CpuKernels AVX2Kernels;
extern const CpuKernels AVX512Kernels;
#endif

std::vector<const CpuKernels *>
GetSupportedCpuKernels()
{
  std::vector<const CpuKernels *> supported{ &PortableKernels };
#ifdef ARSSR_X86_KERNELS
  // Torch also checks that the operating system saves these registers, and requires FMA for both names and the subsets
  // VL, BW and DQ for AVX512: what CMakeLists.txt compiles the kernels for.
  const std::string capability = at::get_cpu_capability();
  const bool        hasAVX512 = capability == "AVX512";
  if (hasAVX512 || capability == "AVX2")
  {
    supported.push_back(&AVX2Kernels);
  }
  if (hasAVX512)
  {
    supported.push_back(&AVX512Kernels);
  }
#endif
  return supported;
}

const CpuKernels &
GetCpuKernels()
{
  // Once: a change of ATEN_CPU_CAPABILITY between two executors would change the last bits of a result.
  static const CpuKernels & kernels = *GetSupportedCpuKernels().back();
  return kernels;
}
} // namespace itk::arssr
