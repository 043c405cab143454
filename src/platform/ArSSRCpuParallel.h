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
/** A wanted number of threads: as many as torch has. */
constexpr unsigned int TorchsThreads = 0;

/** Number of threads that a loop begun by the calling thread may use: one inside another loop and in a process that was
 * forked, otherwise as many as are wanted. \param wanted may be TorchsThreads. */
unsigned int
GetLoopThreads(unsigned int wanted);

/** Runs a function once on each of several of ITK's threads, or once on the calling thread where only one may be used,
 * and waits. Rethrows the first exception. */
void
RunOnThreads(unsigned int threads, const std::function<void()> & function);

/** \brief Runs function(0 … count-1, scratch) on as many threads as GetLoopThreads() allows, each with a scratch of its
 * own.
 *
 * The threads are ITK's: those of torch are available only where this module is compiled with torch's own OpenMP. A
 * thread takes the next number when it is done with one, so that none waits long for another. An exception ends the
 * work of all threads and is rethrown. */
template <typename TMakeScratch, typename TFunction>
void
ForEachInParallel(unsigned int         threads,
                  std::int64_t         count,
                  const TMakeScratch & makeScratch,
                  const TFunction &    function)
{
  std::atomic<std::int64_t> next{ 0 };
  RunOnThreads(static_cast<unsigned int>(std::min<std::int64_t>(count, GetLoopThreads(threads))), [&] {
    // torch's inference mode belongs to a thread; ITK's threads do not inherit it from the caller.
    const c10::InferenceMode inferenceMode;
    // A thread that starts when all is done makes no scratch.
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
      next = count; // the other threads stop after the number that they are at
      throw;
    }
  });
}

/** \brief Runs function(begin, end) for parts of 0 … count-1 on the threads of a loop. Each part has `atOnce`
 * numbers, the last one perhaps fewer. Where there is one thread or one part, the calling thread takes all numbers
 * at once. */
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
