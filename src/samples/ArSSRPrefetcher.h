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
#ifndef ArSSRPrefetcher_h
#define ArSSRPrefetcher_h

#include "samples/ArSSRTrainingSample.h"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace itk::arssr
{
/** \brief Prepares samples ahead of their use, in threads of its own, and hands them out in order.
 *
 * One thread calls Next(); what it gets does not depend on the number of threads.
 */
class Prefetcher
{
public:
  using DrawFunction = std::function<TrainingSample(std::uint64_t number)>;
  using OrderFunction = std::function<std::uint64_t(std::uint64_t position)>;

  /** The call of Next() with a position, counted from 0, returns `draw(order(position))`. At most `capacity` samples
   * are ready or in the making. Both functions must be thread-safe. Without threads Next() makes the sample itself. */
  Prefetcher(DrawFunction draw, OrderFunction order, unsigned int numberOfThreads, std::size_t capacity);

  /** Waits for the samples in the making. */
  ~Prefetcher();

  Prefetcher(const Prefetcher &) = delete;
  Prefetcher &
  operator=(const Prefetcher &) = delete;

  /** Waits until the sample is ready. Throws what `draw` or `order` threw for it, and so does every call after that. */
  TrainingSample
  Next();

  /** Seconds that all calls of Next() took together so far. */
  double
  GetSecondsWaited() const
  {
    return m_SecondsWaited;
  }

private:
  struct Slot
  {
    std::optional<TrainingSample> sample;
    std::exception_ptr            exception;
  };

  void
  Stop();
  void
  Work();
  TrainingSample
  TakeNext();

  DrawFunction             m_Draw;
  OrderFunction            m_Order;
  double                   m_SecondsWaited{ 0.0 };
  std::mutex               m_Mutex; // guards all that follows
  std::condition_variable  m_Ready; // a sample is there
  std::condition_variable  m_Space; // a slot is free, or the end has come
  std::vector<Slot>        m_Slots; // position modulo capacity
  std::uint64_t            m_NextToMake{ 0 };
  std::uint64_t            m_NextToTake{ 0 };
  bool                     m_Stopping{ false };
  std::vector<std::thread> m_Threads;
};
} // namespace itk::arssr

#endif
