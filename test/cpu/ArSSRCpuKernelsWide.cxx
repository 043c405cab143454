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
// The kernels for AVX-512 compiled without it, so that their blocks and order of sums are tested on every processor.
#if defined(__GNUC__)
#  pragma GCC diagnostic ignored "-Wpsabi" // no vector leaves this file
#endif
#define ARSSR_KERNEL_NAMESPACE wide
#define ARSSR_KERNEL_LANES 16
#define ARSSR_KERNEL_ROWS 12

#include "cpu/ArSSRCpuKernelSet.h"

namespace itk::arssr
{
extern const CpuKernels WideKernels;

const CpuKernels WideKernels = wide::MakeKernels("wide", 48, 192);
} // namespace itk::arssr
