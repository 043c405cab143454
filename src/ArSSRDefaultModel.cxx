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
#include "ArSSRDefaultModel.h"

#include "ArSSROwnBinary.h"

#include "itkMacro.h"

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <vector>

namespace itk::arssr
{
namespace
{
namespace fs = std::filesystem;

constexpr const char * ModelName = "arssr-default.safetensors";
constexpr const char * EnvironmentVariable = "ARSSR_DEFAULT_MODEL";

std::vector<fs::path>
GetCandidates()
{
  std::vector<fs::path> candidates;
  std::error_code       ignored;
  const fs::path        binary = fs::absolute(GetOwnBinary(), ignored);
  if (!binary.empty())
  {
    const fs::path parent = binary.parent_path().parent_path();
    candidates.push_back(parent / "itk_arssr" / "models" / ModelName);       // wheel: itk/ and itk_arssr/ side by side
    candidates.push_back(parent / "share" / "arssr" / "models" / ModelName); // install tree: bin/ or lib/ and share/
  }
#ifdef ARSSR_MODEL_DIRECTORIES
  // Directories of the build and the install tree, separated by '|'; not given when a wheel is built.
  std::istringstream directories(ARSSR_MODEL_DIRECTORIES);
  for (std::string directory; std::getline(directories, directory, '|');)
  {
    candidates.push_back(fs::path(directory) / ModelName);
  }
#endif
  return candidates;
}
} // namespace

std::string
FindDefaultModel()
{
  if (const char * named = std::getenv(EnvironmentVariable); named != nullptr && *named != '\0')
  {
    return named;
  }
  std::ostringstream looked;
  for (const fs::path & candidate : GetCandidates())
  {
    std::error_code ignored;
    if (fs::is_regular_file(candidate, ignored))
    {
      return candidate.string();
    }
    looked << "\n  " << candidate.string();
  }
  itkGenericExceptionMacro("The default model was not found. Set a model file name, or name one in the environment "
                           "variable "
                           << EnvironmentVariable << ". Looked at:" << looked.str());
}
} // namespace itk::arssr
