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
#include "platform/ArSSROutOfMemory.h"

#include "itkMacro.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <array>
#include <new>
#include <string>

namespace itk::arssr
{
bool
SaysThatMemoryRanOut(const std::exception & error)
{
  if (dynamic_cast<const ExceptionObject *>(&error) != nullptr)
  {
    return false; // a job's own function threw it, not torch: no reason to retry, whatever its text says
  }
  if (dynamic_cast<const c10::OutOfMemoryError *>(&error) != nullptr ||
      dynamic_cast<const std::bad_alloc *>(&error) != nullptr)
  {
    return true;
  }
  // Without the backtrace, whose function names could hold one of the signs.
  const auto *      torchError = dynamic_cast<const c10::Error *>(&error);
  const std::string text = torchError != nullptr ? torchError->what_without_backtrace() : error.what();
  // In the texts of torch's allocator for the CPU; of CUDA and oneDNN; of cuDNN and cuBLAS.
  constexpr std::array<const char *, 3> signs{ "DefaultCPUAllocator", "out of memory", "ALLOC_FAILED" };
  return std::any_of(
    signs.begin(), signs.end(), [&text](const char * sign) { return text.find(sign) != std::string::npos; });
}
} // namespace itk::arssr
