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
// Four lanes are what every x86-64 processor (SSE2) and every 64-bit Arm processor (Neon) has; six rows suit the 16
// registers of SSE2. The sizes for the caches are those of AVX2.
#define ARSSR_KERNEL_NAMESPACE portable
#define ARSSR_KERNEL_LANES 4
#define ARSSR_KERNEL_ROWS 6

#include "cpu/ArSSRCpuKernelSet.h"

namespace itk::arssr
{
extern const CpuKernels PortableKernels;

const CpuKernels PortableKernels = portable::MakeKernels("portable", 24, 96);
} // namespace itk::arssr
