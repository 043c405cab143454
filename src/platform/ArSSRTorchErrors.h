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
/** What to do about a failure of torch in a forked process, where it may be for what was left behind. */
inline const char *
GetForkRemedy()
{
  return TorchThreadsMayBeMissing()
           ? " This process was forked from one that had loaded torch. Start it with the method 'spawn' instead: "
             "multiprocessing.get_context(\"spawn\") in Python, exec() after fork() elsewhere."
           : "";
}

/** Runs a function and turns every exception of torch, CUDA and the standard library into an ExceptionObject. The one
 * place where that happens; ITK's own exceptions pass through. In a process that was forked torch computes on the
 * calling thread alone.
 * \param remedy what to do, in a sentence, when memory runs out */
template <typename TFunction>
auto
CallTorch(const TFunction & function, const char * remedy = "Free memory and try again.") -> decltype(function())
{
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
