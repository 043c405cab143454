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
#ifndef ArSSROutOfMemory_h
#define ArSSROutOfMemory_h

#include <exception>

namespace itk::arssr
{
/** Whether an exception says that memory ran out. The standard library and torch's device allocators have types for it;
 * torch's allocator for the CPU, pinned memory and the libraries below torch are recognised by the text alone. */
bool
SaysThatMemoryRanOut(const std::exception & error);

/** Runs a function. \return its exception where memory ran out, null where nothing was thrown; other exceptions pass
 * through. */
template <typename TFunction>
std::exception_ptr
TryToFitIntoMemory(const TFunction & function)
{
  try
  {
    function();
  }
  catch (const std::exception & error)
  {
    if (!SaysThatMemoryRanOut(error))
    {
      throw;
    }
    return std::current_exception();
  }
  return nullptr;
}
} // namespace itk::arssr

#endif
