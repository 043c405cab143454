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
#ifndef ArSSRTorchErrors_h
#define ArSSRTorchErrors_h

#include "platform/ArSSRFork.h"

#include "itkMacro.h"

#include <c10/util/Exception.h>

#include <new>

namespace itk::arssr
{
/** Advice for a failure of torch in a forked process, where threads that were left behind may be the cause; otherwise
 * empty. */
inline const char *
GetForkRemedy()
{
  return TorchThreadsMayBeMissing()
           ? " This process was forked from one that had loaded torch. Start it with the method 'spawn' instead: "
             "multiprocessing.get_context(\"spawn\") in Python, exec() after fork() elsewhere."
           : "";
}

/** Runs a function and turns every exception of torch, CUDA and the standard library into an ExceptionObject. This
 * is the only place where that happens; ITK's own exceptions pass through. In a process that was forked, torch
 * computes on the calling thread alone.
 * \param remedy advice for when memory runs out, in a sentence */
template <typename TFunction>
auto
CallTorch(const TFunction & function, const char * remedy = "Free memory and try again.") -> decltype(function())
{
  // Handlers go from the most derived class to the base: torch's error of a device out of memory is a c10::Error, and
  // all are std::exception. Backtraces are left out of messages for users.
  const MissingThreadsScope threads;
  try
  {
    return function();
  }
  catch (const ExceptionObject &)
  {
    throw;
  }
  catch (const c10::OutOfMemoryError & error)
  {
    itkGenericExceptionMacro("The device ran out of memory. " << remedy << ' ' << error.what_without_backtrace());
  }
  catch (const c10::Error & error)
  {
    itkGenericExceptionMacro("LibTorch failed: " << error.what_without_backtrace() << GetForkRemedy());
  }
  catch (const std::bad_alloc &)
  {
    itkGenericExceptionMacro("Memory ran out. " << remedy);
  }
  catch (const std::exception & error)
  {
    itkGenericExceptionMacro("Unexpected failure: " << error.what());
  }
}
} // namespace itk::arssr

#endif
