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
#include "ArSSRDevice.h"

#include "itkMacro.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <algorithm>

namespace itk::arssr
{
namespace
{
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
  if (number >= available)
  {
    itkGenericExceptionMacro("The device '" << name << "' is not available: LibTorch finds " << available
                                            << " CUDA devices. Use 'auto' or 'cpu'.");
  }
  return { c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(number) };
}
} // namespace

c10::Device
ResolveDevice(const std::string & name)
{
  const std::string numbered = "cuda:";
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
  : m_Previous(at::get_num_threads())
{
  if (numberOfThreads > 0)
  {
    at::set_num_threads(static_cast<int>(numberOfThreads));
  }
}

ThreadCountScope::~ThreadCountScope()
{
  if (at::get_num_threads() != m_Previous)
  {
    at::set_num_threads(m_Previous);
  }
}
} // namespace itk::arssr
