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

#include <algorithm>
#include <chrono>
#include <utility>

namespace itk::arssr
{
Prefetcher::Prefetcher(DrawFunction draw, OrderFunction order, unsigned int numberOfThreads, std::size_t capacity)
  : m_Draw(std::move(draw))
  , m_Order(std::move(order))
  , m_Slots(std::max<std::size_t>(capacity, 1))
{
  m_Threads.reserve(numberOfThreads);
  try
  {
    for (unsigned int i = 0; i < numberOfThreads; ++i)
    {
      m_Threads.emplace_back(&Prefetcher::Work, this);
    }
  }
  catch (...) // the system has no more threads
  {
    // The destructor does not run after an exception of the constructor, and destroying a thread that was not joined
    // terminates the program.
    this->Stop();
    throw;
  }
}

Prefetcher::~Prefetcher()
{
  this->Stop();
}

void
Prefetcher::Stop()
{
  {
    const std::lock_guard<std::mutex> lock(m_Mutex);
    m_Stopping = true;
  }
  // Every worker must see m_Stopping. One that is drawing finishes its sample first, so what `draw` refers to must live
  // until the threads are joined.
  m_Space.notify_all();
  for (std::thread & thread : m_Threads)
  {
    thread.join();
  }
}

TrainingSample
Prefetcher::Next()
{
  // Counts the time also when the sample is an exception.
  struct Clock
  {
    double &                              seconds;
    std::chrono::steady_clock::time_point start{ std::chrono::steady_clock::now() };
    ~Clock()
    {
      seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
  };
  const Clock clock{ m_SecondsWaited };

  if (m_Threads.empty())
  {
    TrainingSample sample = m_Draw(m_Order(m_NextToTake));
    ++m_NextToTake;
    return sample;
  }
  return this->TakeNext();
}

// Sample number n of the order goes to slot n modulo their number, whichever thread made it. A slot belongs to the
// threads that make samples until it is filled, then to the taker until it is emptied; m_NextToMake never runs further
// ahead of m_NextToTake than there are slots, so a filled slot is never overwritten. An exception takes its sample's
// place and stays there: it is thrown when its turn comes, and again if the taker asks again.
TrainingSample
Prefetcher::TakeNext()
{
  std::unique_lock<std::mutex> lock(m_Mutex);
  // The vector of slots never grows, so the reference stays valid while wait() gives up the lock.
  Slot & slot = m_Slots[m_NextToTake % m_Slots.size()];
  m_Ready.wait(lock, [&slot] { return slot.sample || slot.exception; });
  if (!slot.sample)
  {
    // m_NextToTake stays, and so does the exception; workers fill the slots that are left and then wait.
    std::rethrow_exception(slot.exception);
  }
  TrainingSample sample = std::move(*slot.sample);
  slot.sample.reset();
  ++m_NextToTake;
  lock.unlock();
  // One slot became free: one worker is enough.
  m_Space.notify_one();
  return sample;
}

void
Prefetcher::Work()
{
  std::unique_lock<std::mutex> lock(m_Mutex);
  while (true)
  {
    m_Space.wait(lock, [this] { return m_Stopping || m_NextToMake < m_NextToTake + m_Slots.size(); });
    if (m_Stopping)
    {
      return;
    }
    // Claimed under the lock, so that no two workers draw the same sample; drawn without it, as drawing takes the time.
    const std::uint64_t position = m_NextToMake++;
    lock.unlock();

    Slot made;
    try
    {
      made.sample = m_Draw(m_Order(position));
    }
    catch (...) // of any type: Next() throws it
    {
      made.exception = std::current_exception();
    }

    lock.lock();
    m_Slots[position % m_Slots.size()] = std::move(made);
    m_Ready.notify_one();
  }
}
} // namespace itk::arssr
