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
#ifndef ArSSRCpuParallel_h
#define ArSSRCpuParallel_h

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>

namespace itk::arssr
{
/** Wanted of a loop: as many threads as torch has. */
constexpr unsigned int TorchsThreads = 0;

/** Threads that a loop of the calling thread may use of so many that are wanted, TorchsThreads perhaps: one
 * inside another loop, and in a process that was forked. */
unsigned int
GetLoopThreads(unsigned int wanted);

/** Runs a function once on each of some of ITK's threads, or on the calling thread where one is all that it may use,
 * and waits. The first exception is thrown on. */
void
RunOnThreads(unsigned int threads, const std::function<void()> & function);

/** \brief Runs function(0 … count-1, scratch) on as many threads as GetLoopThreads() allows, each of which makes itself
 * a scratch.
 *
 * The threads are ITK's: those of torch are available only where this module is compiled with torch's own OpenMP. A
 * thread takes the next number when it is done with one, so that none waits long for another. An exception of a
 * function ends the work and is thrown on. */
template <typename TMakeScratch, typename TFunction>
void
ForEachInParallel(unsigned int         threads,
                  std::int64_t         count,
                  const TMakeScratch & makeScratch,
                  const TFunction &    function)
{
  std::atomic<std::int64_t> next{ 0 };
  RunOnThreads(static_cast<unsigned int>(std::min<std::int64_t>(count, GetLoopThreads(threads))), [&] {
    const c10::InferenceMode inferenceMode;
    if (next.load() >= count)
    {
      return;
    }
    try
    {
      auto scratch = makeScratch();
      for (std::int64_t number = next++; number < count; number = next++)
      {
        function(number, scratch);
      }
    }
    catch (...)
    {
      next = count; // the other threads stop
      throw;
    }
  });
}

/** \brief Runs function(begin, end) for parts of 0 … count-1, each of `atOnce` numbers but for the last one, on the
 * threads of a loop; for all numbers at once on the calling thread where there is one thread or one part. */
template <typename TFunction>
void
ForEachRangeInParallel(unsigned int threads, std::int64_t count, std::int64_t atOnce, const TFunction & function)
{
  const std::int64_t parts = (count + atOnce - 1) / atOnce;
  if (parts <= 1 || GetLoopThreads(threads) <= 1)
  {
    if (count > 0)
    {
      function(std::int64_t{ 0 }, count);
    }
    return;
  }
  ForEachInParallel(
    threads,
    parts,
    [] { return 0; },
    [&](std::int64_t part, int) { function(part * atOnce, std::min((part + 1) * atOnce, count)); });
}
} // namespace itk::arssr

#endif
