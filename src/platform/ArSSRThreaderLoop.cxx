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
  if (!IsForkedChild())
  {
    threader->ParallelizeArray(begin, end, function, nullptr);
    return;
  }
  for (; begin < end; ++begin)
  {
    function(begin);
  }
}
} // namespace itk::arssr
