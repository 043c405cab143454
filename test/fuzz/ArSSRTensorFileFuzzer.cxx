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
// what was read can be made a network, or is refused with an ExceptionObject too. Memory that a file asks for without
// holding it is caught by -malloc_limit_mb. See scripts/fuzz.sh.

#include "ArSSRArchitecture.h"
#include "ArSSRTensorFile.h"

#include "itkMacro.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

namespace
{
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
} // namespace

extern "C" int
LLVMFuzzerTestOneInput(const std::uint8_t * data, std::size_t size)
{
  std::FILE * file = std::fopen(GetFileName().c_str(), "wb");
  if (file == nullptr || std::fwrite(data, 1, size, file) != size || std::fclose(file) != 0)
  {
    std::abort(); // a folder that cannot be written to finds nothing
  }
  try
  {
    const auto content = itk::arssr::ReadTensorFile(GetFileName());
    itk::arssr::Architecture::Infer(content.tensors, content.metadata);
  }
  catch (const itk::ExceptionObject &)
  {}
  return 0;
}
