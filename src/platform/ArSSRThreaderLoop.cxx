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
#include "platform/ArSSRThreaderLoop.h"

#include "platform/ArSSRFork.h"

#include "itkMultiThreaderBase.h"

#include <atomic>
#include <exception>
#include <mutex>

namespace itk::arssr
{
void
ForEachInThreader(MultiThreaderBase *                        threader,
                  SizeValueType                              begin,
                  SizeValueType                              end,
                  const std::function<void(SizeValueType)> & function)
{
  // In a forked child, ITK's pool has work queued for threads that only the parent has, and would wait for them for
  // ever.
  if (IsForkedChild())
  {
    for (; begin < end; ++begin)
    {
      function(begin);
    }
    return;
  }
  // Exceptions are kept here, as ITK's threaders do not bring them all back: the pool of ITK 5.4 waits for its futures
  // without get(), which loses them, and others turn them into an ExceptionObject, which hides that memory ran out.
  std::atomic<bool>  hasFailed{ false };
  std::exception_ptr first;
  std::mutex         mutex;
  threader->ParallelizeArray(
    begin,
    end,
    [&](SizeValueType number) {
      if (hasFailed)
      {
        return;
      }
      try
      {
        function(number);
      }
      catch (...)
      {
        const std::lock_guard<std::mutex> lock(mutex);
        first = first ? first : std::current_exception();
        hasFailed = true;
      }
    },
    nullptr);
  if (first)
  {
    std::rethrow_exception(first);
  }
}
} // namespace itk::arssr
