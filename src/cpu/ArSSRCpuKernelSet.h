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
// Included by each ArSSRCpuKernels<Set>.cxx; ArSSRCpuVector.h says what that file defines first.
#ifndef ArSSRCpuKernelSet_h
#define ArSSRCpuKernelSet_h

#include "cpu/ArSSRCpuBlendKernel.h"
#include "cpu/ArSSRCpuMatrixKernel.h"
#include "cpu/ArSSRCpuWinogradKernel.h"

namespace itk::arssr::ARSSR_KERNEL_NAMESPACE
{
/** The kernels compiled here. \param winogradTiles, rowsInCache as in CpuKernels: what the processor's caches hold.
 * Constant-initialised, so that a set can be used during the static initialisation of other files. */
constexpr CpuKernels
MakeKernels(const char * name, int winogradTiles, std::int64_t rowsInCache) noexcept
{
  return {
    name,   Lanes,      PanelVectors,     BlockRows,       winogradTiles,    rowsInCache, &Multiply, &MultiplyColumn,
    &Blend, &BlendLine, &InterpolateLine, &TransformInput, &TransformOutput, &FinishVoxel
  };
}
} // namespace itk::arssr::ARSSR_KERNEL_NAMESPACE

#endif
