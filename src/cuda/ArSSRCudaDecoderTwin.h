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
#ifndef ArSSRCudaDecoderTwin_h
#define ArSSRCudaDecoderTwin_h

#include "cuda/ArSSRCudaDecoder.h"

#include <string>

namespace itk::arssr
{
/** \brief What the CUDA library's `decode` does, on the CPU: the same code for tiles, layers and layouts, with the
 * instructions of a warp emulated. For tests; slow.
 * \param arguments with pointers to host memory. \param multiprocessors of the GPU that is emulated, each of which runs
 * one thread block at a time.
 * \return why it cannot be done, in a sentence; empty when the output was written. */
std::string
DecodeOnCudaTwin(const CudaDecoderPlan & plan, const CudaDecodeArguments & arguments, int multiprocessors);
} // namespace itk::arssr

#endif
