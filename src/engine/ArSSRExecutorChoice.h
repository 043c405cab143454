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
#ifndef ArSSRExecutorChoice_h
#define ArSSRExecutorChoice_h

#include "network/ArSSRExecutor.h"

#include <functional>
#include <memory>

namespace itk::arssr
{
/** Releases memory that is kept for later, on an executor's device. \return whether there was any. */
using GiveUpFunction = std::function<bool()>;

/** Makes the executor that runs a network on a device, in a precision other than Auto: this module's own kernels where
 * they support the device, the precision and the network, torch elsewhere.
 * \param giveUp called where memory runs out, from the thread that encodes or decodes */
std::unique_ptr<Executor>
MakeExecutor(const Network & network, const at::Device & device, Precision precision, GiveUpFunction giveUp = {});
} // namespace itk::arssr

#endif
