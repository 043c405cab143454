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
// The portable kernels with vectors that are arrays, as compilers without GCC's vectors get them.
#define ARSSR_SCALAR_VECTORS
#define ARSSR_KERNEL_NAMESPACE scalar
#define ARSSR_KERNEL_LANES 4
#define ARSSR_KERNEL_ROWS 6

#include "cpu/ArSSRCpuKernelSet.h"

namespace itk::arssr
{
extern const CpuKernels ScalarKernels;

const CpuKernels ScalarKernels = scalar::MakeKernels("scalar", 24, 96);
} // namespace itk::arssr
