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
#include "platform/ArSSRCpuParallel.h"

#include "platform/ArSSRThreaderLoop.h"
#include "support/ArSSRTestHelpers.h"

#include "itkMultiThreaderBase.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

namespace
{
using itk::arssr::ForEachInParallel;
using itk::arssr::ForEachRangeInParallel;
using itk::arssr::GetLoopThreads;
using itk::arssr::RunOnThreads;
using itk::arssr::TorchsThreads;

// Threads of torch for a test, put back at its end.
class TorchThreads
{
public:
  explicit TorchThreads(int count)
    : m_Before(at::get_num_threads())
  {
    at::set_num_threads(count);
  }
  ~TorchThreads()
  {
    at::set_num_threads(m_Before);
  }

private:
  int m_Before;
};
} // namespace

TEST(ArSSRCpuParallel, RunsOnSeveralThreadsAtTheSameTime)
{
  if (std::thread::hardware_concurrency() < 2)
  {
    GTEST_SKIP() << "one processor";
  }
  // Each of two calls waits until the other one has begun: on one thread they would wait in vain.
  std::mutex              mutex;
  std::condition_variable changed;
  int                     begun = 0;
  bool                    met = true;
  RunOnThreads(2, [&] {
    std::unique_lock<std::mutex> lock(mutex);
    ++begun;
    changed.notify_all();
    met = changed.wait_for(lock, std::chrono::seconds(60), [&] { return begun == 2; }) && met;
  });
  EXPECT_TRUE(met);
}

// Scratch shared by two threads would be a race.
TEST(ArSSRCpuParallel, CallsEachNumberOnceWithAScratchOfItsThread)
{
  for (const int threads : { 1, 2, 5 })
  {
    const TorchThreads     torchThreads(threads);
    std::mutex             mutex;
    std::multiset<int64_t> numbers;
    std::atomic<int>       scratches{ 0 };
    ForEachInParallel(
      TorchsThreads,
      100,
      [&] { return scratches++; },
      [&](std::int64_t number, int) {
        const std::lock_guard<std::mutex> lock(mutex);
        numbers.insert(number);
      });
    EXPECT_EQ(numbers.size(), 100U);
    EXPECT_EQ(std::set<int64_t>(numbers.begin(), numbers.end()).size(), 100U);
    EXPECT_LE(scratches.load(), threads);
  }
}

// ITK's pool loses exceptions of its threads, and a loop that goes on delays an abort.
TEST(ArSSRCpuParallel, RethrowsAnExceptionAndStops)
{
  const TorchThreads torchThreads(2);
  std::atomic<int>   calls{ 0 };
  const auto         run = [&] {
    ForEachInParallel(
      TorchsThreads,
      1000000,
      [] { return 0; },
      [&](std::int64_t number, int) {
        ++calls;
        if (number == 10)
        {
          throw std::runtime_error("no more");
        }
      });
  };
  EXPECT_THROW(run(), std::runtime_error);
  EXPECT_LT(calls.load(), 1000000);
}

TEST(ArSSRCpuParallel, DoesNothingForACountOfZero)
{
  ForEachInParallel(
    2, 0, [] { return 0; }, [](std::int64_t, int) { FAIL(); });
}

// A part that is cut wrongly leaves numbers out or takes some twice.
TEST(ArSSRCpuParallel, CutsNumbersIntoPartsThatHoldEachOnce)
{
  for (const unsigned int threads : { 1U, 2U, 5U })
  {
    for (const std::int64_t count : { 0, 1, 9, 10, 11, 95 })
    {
      std::mutex                  mutex;
      std::multiset<std::int64_t> numbers;
      ForEachRangeInParallel(threads, count, 10, [&](std::int64_t begin, std::int64_t end) {
        const std::lock_guard<std::mutex> lock(mutex);
        EXPECT_LT(begin, end);
        EXPECT_TRUE(threads == 1 || end - begin <= 10);
        for (; begin < end; ++begin)
        {
          numbers.insert(begin);
        }
      });
      EXPECT_EQ(numbers.size(), static_cast<std::size_t>(count));
      EXPECT_EQ(std::set<std::int64_t>(numbers.begin(), numbers.end()).size(), static_cast<std::size_t>(count));
    }
  }
}

// Threads squared, or a deadlock in ITK's pool.
TEST(ArSSRCpuParallel, UsesNoMoreThreadsInsideALoop)
{
  EXPECT_EQ(GetLoopThreads(3), 3U);
  std::atomic<int> wrong{ 0 };
  RunOnThreads(3, [&] {
    wrong += GetLoopThreads(3) != 1 ? 1 : 0;
    const auto outer = std::this_thread::get_id();
    ForEachRangeInParallel(
      3, 50, 1, [&](std::int64_t, std::int64_t) { wrong += std::this_thread::get_id() != outer ? 1 : 0; });
  });
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_EQ(GetLoopThreads(3), 3U);
}

// The pool of ITK 5.4 loses what other threads than the caller's throw: a plane would be missing without a word.
TEST(ArSSRThreaderLoop, RethrowsAnExceptionOfAnyThread)
{
  for (itk::SizeValueType bad = 3; bad < 67; bad += 7)
  {
    const auto threader = itk::MultiThreaderBase::New();
    threader->SetNumberOfWorkUnits(4);
    const auto run = [&] {
      itk::arssr::ForEachInThreader(threader, 3, 67, [bad](itk::SizeValueType number) {
        if (number == bad)
        {
          throw std::runtime_error("no more");
        }
      });
    };
    EXPECT_THROW(run(), std::runtime_error) << bad;
  }
}

TEST(ArSSRThreaderLoop, CallsEachNumberOnce)
{
  std::vector<std::atomic<int>> calls(64);
  const auto                    threader = itk::MultiThreaderBase::New();
  itk::arssr::ForEachInThreader(threader, 3, 67, [&](itk::SizeValueType number) { ++calls[number - 3]; });
  EXPECT_TRUE(std::all_of(calls.begin(), calls.end(), [](const std::atomic<int> & count) { return count == 1; }));
}
