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

// libFuzzer's target: the bytes are a weights file. Every file is either read or refused with an ExceptionObject, and
// what was read can be made a network, or is refused with an ExceptionObject too. Whatever a file says of its sizes, no
// more than a mebibyte beyond it and its tensors is ever allocated. See scripts/fuzz.sh.

#include "model/ArSSRTensorFile.h"
#include "network/ArSSRArchitecture.h"

#include "itkMacro.h"

#include <sanitizer/allocator_interface.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

namespace
{
/** Bytes that are allocated while it lives, by this thread. */
class AllocationCount
{
public:
  AllocationCount()
  {
    static const int installed = __sanitizer_install_malloc_and_free_hooks(&Allocated, &Freed);
    if (installed == 0)
    {
      std::abort();
    }
    current = 0;
    peak = 0;
    counting = true;
  }
  ~AllocationCount()
  {
    counting = false;
  }
  AllocationCount(const AllocationCount &) = delete;
  AllocationCount &
  operator=(const AllocationCount &) = delete;

  std::int64_t
  GetPeak() const
  {
    return peak;
  }

private:
  static void
  Allocated(const volatile void *, std::size_t bytes)
  {
    if (counting)
    {
      current += static_cast<std::int64_t>(bytes);
      peak = current > peak ? current : peak;
    }
  }
  static void
  Freed(const volatile void * pointer)
  {
    if (counting && pointer != nullptr)
    {
      current -= static_cast<std::int64_t>(__sanitizer_get_allocated_size(pointer));
    }
  }

  static thread_local bool         counting;
  static thread_local std::int64_t current;
  static thread_local std::int64_t peak;
};
thread_local bool         AllocationCount::counting = false;
thread_local std::int64_t AllocationCount::current = 0;
thread_local std::int64_t AllocationCount::peak = 0;

/** Beyond the file, which is read into memory, and the tensors that are made from it. */
constexpr std::int64_t MostAllocated = std::int64_t{ 1 } << 20;

/** A file of this process; the environment's ARSSR_FUZZ_DIRECTORY names a folder in memory. */
const std::string &
GetFileName()
{
  static const std::string name = [] {
    const char * folder = std::getenv("ARSSR_FUZZ_DIRECTORY");
    return std::string(folder ? folder : ".") + "/input-" + std::to_string(std::random_device()());
  }();
  return name;
}

void
Read()
{
  try
  {
    const auto content = itk::arssr::ReadTensorFile(GetFileName());
    itk::arssr::Architecture::Infer(content.tensors, content.metadata);
  }
  catch (const itk::ExceptionObject &)
  {}
}
} // namespace

extern "C" int
LLVMFuzzerInitialize(int *, char ***)
{
  Read(); // what libraries allocate when they are first used
  return 0;
}

extern "C" int
LLVMFuzzerTestOneInput(const std::uint8_t * data, std::size_t size)
{
  std::FILE * file = std::fopen(GetFileName().c_str(), "wb");
  if (file == nullptr || std::fwrite(data, 1, size, file) != size || std::fclose(file) != 0)
  {
    std::abort(); // a folder that cannot be written to finds nothing
  }
  const AllocationCount count;
  Read();
  if (count.GetPeak() > MostAllocated + 2 * static_cast<std::int64_t>(size))
  {
    std::fprintf(
      stderr, "a file of %zu bytes made the reader allocate %lld\n", size, static_cast<long long>(count.GetPeak()));
    std::abort();
  }
  return 0;
}
