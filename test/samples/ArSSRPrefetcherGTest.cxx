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
#include "samples/ArSSRPrefetcher.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <thread>

namespace
{
using itk::arssr::Prefetcher;
using itk::arssr::TrainingSample;

TrainingSample
MakeNumbered(std::uint64_t number)
{
  TrainingSample sample;
  sample.patchSize = static_cast<std::int64_t>(number);
  sample.values = { static_cast<float>(number) };
  return sample;
}

/** The share of the second of three processes in steps of six samples. */
std::uint64_t
ShareOfARank(std::uint64_t position)
{
  return position / 2 * 6 + 2 + position % 2;
}
} // namespace

// Samples in the order of completion would make a training depend on the scheduler.
TEST(ArSSRPrefetcher, GivesSamplesInOrderWhateverTheNumberOfThreads)
{
  for (const unsigned int threads : { 0U, 1U, 2U, 5U })
  {
    Prefetcher prefetcher(MakeNumbered, ShareOfARank, threads, 3);
    for (std::uint64_t position = 0; position < 200; ++position)
    {
      const TrainingSample sample = prefetcher.Next();
      ASSERT_EQ(sample.patchSize, static_cast<std::int64_t>(ShareOfARank(position))) << threads << " threads";
      ASSERT_EQ(sample.values.size(), 1U);
    }
    EXPECT_GT(prefetcher.GetSecondsWaited(), 0.0);
  }
}

// Workers without a limit would fill the memory while the network is busy.
TEST(ArSSRPrefetcher, RunsAheadNoFurtherThanItsCapacity)
{
  constexpr std::uint64_t    capacity = 4;
  std::atomic<std::uint64_t> begun{ 0 };
  std::atomic<std::uint64_t> taken{ 0 };
  std::atomic<bool>          tooFar{ false };
  const auto                 draw = [&](std::uint64_t number) {
    ++begun;
    // The taker counts after it has taken, so that one more may be under way.
    tooFar = tooFar || begun > taken + capacity + 1;
    return MakeNumbered(number);
  };
  Prefetcher prefetcher(
    draw, [](std::uint64_t position) { return position; }, 3, capacity);
  while (begun < capacity)
  {
    std::this_thread::yield();
  }
  for (int i = 0; i < 300; ++i)
  {
    prefetcher.Next();
    ++taken;
  }
  EXPECT_FALSE(tooFar);
}

// An exception that stays in a worker ends the program or leaves Next() waiting for ever.
TEST(ArSSRPrefetcher, NextRethrowsAWorkersException)
{
  const auto draw = [](std::uint64_t number) {
    if (number >= 5)
    {
      throw std::runtime_error("sample " + std::to_string(number));
    }
    return MakeNumbered(number);
  };
  for (const unsigned int threads : { 0U, 1U, 3U })
  {
    Prefetcher prefetcher(
      draw, [](std::uint64_t position) { return position; }, threads, 4);
    for (std::int64_t position = 0; position < 5; ++position)
    {
      EXPECT_EQ(prefetcher.Next().patchSize, position);
    }
    for (int again = 0; again < 2; ++again)
    {
      try
      {
        prefetcher.Next();
        FAIL() << "no exception with " << threads << " threads";
      }
      catch (const std::runtime_error & error)
      {
        EXPECT_STREQ(error.what(), "sample 5");
      }
    }
  }
}

// A lost notification would hang the destructor; a worker that outlives it would draw from what is gone.
TEST(ArSSRPrefetcher, EndsAtAnyTime)
{
  const auto order = [](std::uint64_t position) {
    return position;
  };
  for (int repeat = 0; repeat < 20; ++repeat)
  {
    // Before anything was taken, while the workers wait for space, and while samples are in the making.
    const Prefetcher unused(MakeNumbered, order, 2, 2);
    Prefetcher       used(MakeNumbered, order, 3, 2);
    for (int i = 0; i < repeat; ++i)
    {
      used.Next();
    }
  }
  std::atomic<int> running{ 0 };
  {
    const auto slow = [&running](std::uint64_t number) {
      ++running;
      for (int i = 0; i < 1000; ++i)
      {
        std::this_thread::yield();
      }
      --running;
      return MakeNumbered(number);
    };
    const Prefetcher prefetcher(slow, order, 2, 8);
    while (running == 0)
    {
      std::this_thread::yield();
    }
  }
  EXPECT_EQ(running, 0) << "a worker outlived the prefetcher";
}
