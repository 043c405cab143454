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
#ifndef ArSSRThreaderLoop_h
#define ArSSRThreaderLoop_h

#include "itkIntTypes.h"

#include <functional>

namespace itk
{
class MultiThreaderBase;

namespace arssr
{
/** Calls a function for begin … end-1 in a threader's threads; one after the other in a process that was forked, which
 * does not have them. The first exception of any thread ends the loop and is thrown on. */
void
ForEachInThreader(MultiThreaderBase *                        threader,
                  SizeValueType                              begin,
                  SizeValueType                              end,
                  const std::function<void(SizeValueType)> & function);
} // namespace arssr
} // namespace itk

#endif
