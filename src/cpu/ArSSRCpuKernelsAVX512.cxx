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
// Caches: 48 Winograd tiles of 64 input and 64 output channels take 480 KiB; 192 rows of 256 activations, held twice,
// and the weights of a 256×256 layer take 640 KiB. Server processors with AVX-512 have a second level cache of 1 MiB
// or more.
#define ARSSR_KERNEL_NAMESPACE avx512
#define ARSSR_KERNEL_LANES 16
#define ARSSR_KERNEL_ROWS 12

#include "cpu/ArSSRCpuKernelSet.h"

namespace itk::arssr
{
extern const CpuKernels AVX512Kernels;

const CpuKernels AVX512Kernels = avx512::MakeKernels("avx512", 48, 192);
} // namespace itk::arssr
