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
// Caches: 24 Winograd tiles of 64 input and 64 output channels take 240 KiB; 96 rows of 256 activations, held twice,
// and the weights of a 256×256 layer take 448 KiB.
#define ARSSR_KERNEL_NAMESPACE avx2
#define ARSSR_KERNEL_LANES 8
#define ARSSR_KERNEL_ROWS 6

#include "cpu/ArSSRCpuKernelSet.h"

namespace itk::arssr
{
extern const CpuKernels AVX2Kernels;

const CpuKernels AVX2Kernels = avx2::MakeKernels("avx2", 24, 96);
} // namespace itk::arssr
