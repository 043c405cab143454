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
#include "cuda/ArSSRCudaTestBackend.h"

#include "cuda/ArSSRCudaDecoderTwin.h"

namespace itk::arssr
{
std::string
GetCudaTestProblem()
{
  return "";
}

std::int64_t
GetCudaTestSharedBytes()
{
  return 227 * 1024; // of compute capability 9.0
}

std::string
DecodeForCudaTest(const CudaDecoderPlan & plan, const CudaDecodeArguments & arguments, int multiprocessors)
{
  return DecodeOnCudaTwin(plan, arguments, multiprocessors);
}
} // namespace itk::arssr
