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

#include "platform/ArSSRFork.h"
#include "platform/ArSSRThreaderLoop.h"

#include "itkMultiThreaderBase.h"

#include <ATen/Parallel.h>


namespace itk::arssr
{
namespace
{
// Set while a thread runs a loop's function. A loop inside another one would have each thread start as many again, and
// could wait in ITK's pool for threads that all wait themselves.
thread_local bool isInLoop = false;

/** \brief Marks the calling thread as one of a loop's. */
class InLoopScope
{
public:
  InLoopScope()
    : m_Previous(isInLoop)
  {
    isInLoop = true;
  }
  ~InLoopScope()
  {
    isInLoop = m_Previous;
  }
  InLoopScope(const InLoopScope &) = delete;
  InLoopScope &
  operator=(const InLoopScope &) = delete;

private:
  bool m_Previous;
};
} // namespace

unsigned int
GetLoopThreads(unsigned int wanted)
{
  if (isInLoop || IsForkedChild())
  {
    return 1;
  }
  // torch's number for the calling thread: a ThreadCountScope limits this module's loops, too.
  return wanted > 0 ? wanted : static_cast<unsigned int>(at::get_num_threads());
}

void
RunOnThreads(unsigned int threads, const std::function<void()> & function)
{
  if (threads <= 1 || isInLoop || IsForkedChild())
  {
    function();
    return;
  }
  // A threader for each call: its numbers are not shared with other threads. The pool behind it is the process's.
  const auto threader = MultiThreaderBase::New();
  threader->SetMaximumNumberOfThreads(threads);
  threader->SetNumberOfWorkUnits(threads);
  // One number for each work unit, of which the calling thread takes one itself.
  ForEachInThreader(threader, 0, threads, [&](SizeValueType) {
    const InLoopScope inLoop;
    function();
  });
}
} // namespace itk::arssr
