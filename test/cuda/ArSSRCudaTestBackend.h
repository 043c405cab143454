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
#ifndef ArSSRCudaTestBackend_h
#define ArSSRCudaTestBackend_h

#include "cuda/ArSSRCudaDecoder.h"

#include <cstdint>
#include <string>

/** \file
 * What the tests of the CUDA decoder run on: the CPU twin in the module's test driver (ArSSRCudaTwinBackend.cxx), a GPU
 * in the program that scripts/gpu.sh builds (cuda/ArSSRCudaDeviceBackend.cxx). The tests are the same.
 */
namespace itk::arssr
{
/** Why the tests cannot run here, in a sentence; empty if they can. */
std::string
GetCudaTestProblem();

/** Shared memory that a thread block may have, in bytes. */
std::int64_t
GetCudaTestSharedBytes();

/** Decodes, and waits until that is done.
 *
 * \param arguments with pointers to host memory.
 * \param multiprocessors of the GPU that is emulated; a GPU has its own.
 * \return what went wrong, in a sentence; empty when the output was written. */
std::string
DecodeForCudaTest(const CudaDecoderPlan & plan, const CudaDecodeArguments & arguments, int multiprocessors);
} // namespace itk::arssr

#endif
