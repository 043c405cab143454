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
#include "platform/ArSSRDevice.h"

#include "platform/ArSSRFork.h"

#include "itkMacro.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>

namespace itk::arssr
{
namespace
{
// Keeps std::stoi() from overflow; a number beyond the devices is refused as not available.
constexpr std::size_t MaximumDigits = 4;

bool
IsNumber(const std::string & text)
{
  return !text.empty() && text.size() <= MaximumDigits &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

c10::Device
CudaDevice(const std::string & name, int number)
{
  const auto available = at::hasCUDA() ? static_cast<int>(at::getNumGPUs()) : 0;
  // Before the conversion to torch's DeviceIndex of eight bits, in which 256 would become device 0.
  if (number >= available)
  {
    itkGenericExceptionMacro("The device '" << name << "' is not available: LibTorch finds " << available
                                            << " CUDA devices. Use 'auto' or 'cpu'.");
  }
  return { c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(number) };
}

std::atomic<int>  scopesUnderWay{ 0 };       // of all threads
std::atomic<int>  threadsWithoutScopes{ 0 }; // of torch, when the first of these scopes began; zero: not known yet
thread_local bool torchKnowsThread = false;

/** Number of torch's threads that a scope puts back on the calling thread when it ends.
 *
 * torch keeps a number for each thread. A thread that torch sees for the first time takes over the one that was set
 * last anywhere, which may be that of another thread's scope and must not become permanent. */
int
BeginThreadCountScope()
{
  // The first scope of all threads notes the number that was there before; a thread that torch does not know yet takes
  // over that one while scopes are under way. A forked process counts the scopes of dead threads for ever, and has one
  // thread anyway.
  const bool others = scopesUnderWay++ > 0 && !TorchThreadsMayBeMissing();
  const int  current =
    others && !torchKnowsThread && threadsWithoutScopes > 0 ? threadsWithoutScopes.load() : at::get_num_threads();
  torchKnowsThread = true;
  if (!others)
  {
    threadsWithoutScopes = current;
  }
  return current;
}

void
SetTorchThreads(int threads)
{
  if (at::get_num_threads() != threads)
  {
    at::set_num_threads(threads);
  }
}
} // namespace

c10::Device
ResolveDevice(const std::string & name)
{
  const std::string numbered = "cuda:";
  // 'auto' never fails: it falls back to the CPU, whereas a device that is named must be there.
  if (name == "cpu" || (name == "auto" && !(at::hasCUDA() && at::getNumGPUs() > 0)))
  {
    return { c10::DeviceType::CPU };
  }
  if (name == "auto" || name == "cuda")
  {
    return CudaDevice(name, 0);
  }
  if (name.compare(0, numbered.size(), numbered) == 0 && IsNumber(name.substr(numbered.size())))
  {
    return CudaDevice(name, std::stoi(name.substr(numbered.size())));
  }
  itkGenericExceptionMacro("The device '" << name << "' is unknown; expected 'auto', 'cpu', 'cuda' or 'cuda:N'.");
}

ThreadCountScope::ThreadCountScope(unsigned int numberOfThreads)
  : m_Previous(BeginThreadCountScope())
{
  const unsigned int threads = TorchThreadsMayBeMissing() ? std::min(numberOfThreads, 1U) : numberOfThreads;
  SetTorchThreads(threads > 0 ? static_cast<int>(threads) : m_Previous);
}

ThreadCountScope::~ThreadCountScope()
{
  SetTorchThreads(m_Previous);
  --scopesUnderWay;
}
} // namespace itk::arssr
