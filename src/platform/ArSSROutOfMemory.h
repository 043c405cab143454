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
/** Whether an exception says that memory ran out: the standard library's, torch's for a device, and those of torch's
 * allocator for the CPU, of pinned memory and of the libraries below torch, which are told by their text alone. */
bool
SaysThatMemoryRanOut(const std::exception & error);

/** Runs a function. \return what it threw when memory ran out, null when it did not; other exceptions pass through. */
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
