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
#ifndef ArSSRTwinTurns_h
#define ArSSRTwinTurns_h

#include <algorithm>
#include <array>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <numeric>
#include <random>
#include <utility>

namespace itk::arssr
{
/** In which order those that take turns do. */
enum class TwinOrder
{
  Forward,
  Reversed,
  Shuffled /**< anew for each round */
};

/** \brief Lets threads of a number run one at a time, each from one meeting to the next, in an order that is known.
 *
 * What a thread does before a meeting is seen by those whose turn comes later, and by no other before the next round:
 * so a read that needs another thread's write, or must come before it, goes wrong in one order or another.
 */
template <int VCount>
class TwinTurns
{
public:
  TwinTurns(TwinOrder order, unsigned int seed)
    : m_Order(order)
    , m_Generator(seed)
  {
    this->BeginRound();
  }

  /** Waits for the first turn of a thread. */
  void
  Begin(int number)
  {
    std::unique_lock<std::mutex> lock(m_Mutex);
    this->WaitForTurn(number, lock);
  }

  /** Hands the turn on, and waits for the next one. \param whenAllHaveCome is called by the last that comes. */
  void
  Meet(
    int                           number,
    const std::function<void()> & whenAllHaveCome = [] {})
  {
    std::unique_lock<std::mutex> lock(m_Mutex);
    if (m_Position + 1 == VCount)
    {
      lock.unlock(); // nobody else has a turn
      whenAllHaveCome();
      lock.lock();
    }
    this->HandOn();
    this->WaitForTurn(number, lock);
  }

  /** The last turn is over. */
  void
  End(
    int,
    const std::function<void()> & whenAllHaveCome = [] {})
  {
    std::unique_lock<std::mutex> lock(m_Mutex);
    if (m_Position + 1 == VCount)
    {
      lock.unlock();
      whenAllHaveCome();
      lock.lock();
    }
    this->HandOn();
  }

private:
  void
  BeginRound()
  {
    m_Position = 0;
    std::iota(m_Numbers.begin(), m_Numbers.end(), 0);
    if (m_Order == TwinOrder::Reversed)
    {
      std::reverse(m_Numbers.begin(), m_Numbers.end());
    }
    for (unsigned int left = VCount; m_Order == TwinOrder::Shuffled && left > 1; --left)
    {
      std::swap(m_Numbers[left - 1], m_Numbers[m_Generator() % left]);
    }
  }

  void
  HandOn()
  {
    ++m_Position;
    if (m_Position == VCount)
    {
      this->BeginRound();
    }
    m_HasTurn[static_cast<std::size_t>(m_Numbers[static_cast<std::size_t>(m_Position)])].notify_one();
  }

  void
  WaitForTurn(int number, std::unique_lock<std::mutex> & lock)
  {
    m_HasTurn[static_cast<std::size_t>(number)].wait(
      lock, [&] { return m_Numbers[static_cast<std::size_t>(m_Position)] == number; });
  }

  TwinOrder                                   m_Order;
  std::mt19937                                m_Generator;
  std::mutex                                  m_Mutex; // of all that follows
  std::array<std::condition_variable, VCount> m_HasTurn;
  std::array<int, VCount>                     m_Numbers{}; // in the order of their turns
  int                                         m_Position{ 0 };
};
} // namespace itk::arssr

#endif
