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
/** \brief Has this module's loops use a number of threads, zero for as many as torch, until the end of the scope. */
class LoopThreadsScope
{
public:
  explicit LoopThreadsScope(unsigned int numberOfThreads);
  ~LoopThreadsScope();
  LoopThreadsScope(const LoopThreadsScope &) = delete;
  LoopThreadsScope &
  operator=(const LoopThreadsScope &) = delete;

private:
  unsigned int m_Previous;
};

/** Threads that a loop of the calling thread may use: one inside another loop, and in a process that was forked. */
unsigned int
GetLoopThreads();

/** Runs a function once on each of some of ITK's threads, or on the calling thread where GetLoopThreads() is one, and
 * waits. The first exception is thrown on. */
void
RunOnThreads(unsigned int threads, const std::function<void()> & function);

/** \brief Runs function(0 … count-1, scratch) on the threads of a loop, each of which makes itself a scratch.
 *
 * The threads are ITK's: those of torch are only to be had where this module is compiled with torch's own OpenMP. A
 * thread takes the next number when it is done with one, so that none waits long for another. An exception of a
 * function ends the work and is thrown on. */
template <typename TMakeScratch, typename TFunction>
void
ForEachInParallel(std::int64_t count, const TMakeScratch & makeScratch, const TFunction & function)
{
  std::atomic<std::int64_t> next{ 0 };
  RunOnThreads(static_cast<unsigned int>(std::min<std::int64_t>(count, GetLoopThreads())), [&] {
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
ForEachRangeInParallel(std::int64_t count, std::int64_t atOnce, const TFunction & function)
{
  const std::int64_t parts = (count + atOnce - 1) / atOnce;
  if (parts <= 1 || GetLoopThreads() <= 1)
  {
    if (count > 0)
    {
      function(std::int64_t{ 0 }, count);
    }
    return;
  }
  ForEachInParallel(
    parts,
    [] { return 0; },
    [&](std::int64_t part, int) { function(part * atOnce, std::min((part + 1) * atOnce, count)); });
}
} // namespace itk::arssr

#endif
