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
#include "model/ArSSRBundledModels.h"

#include "platform/ArSSROwnBinary.h"

#include "itkMacro.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <utility>

namespace itk::arssr
{
namespace
{
namespace fs = std::filesystem;

constexpr const char * DefaultName = "default";
constexpr const char * EnvironmentVariable = "ARSSR_DEFAULT_MODEL";
constexpr const char * Prefix = "arssr-";
constexpr const char * Extension = ".safetensors";

std::string
GetFileName(const std::string & name)
{
  return Prefix + name + Extension;
}

/** The name in `arssr-NAME.safetensors`; empty for other files. */
std::string
GetModelName(const fs::path & file)
{
  const std::string stem = file.stem().string();
  const std::string prefix = Prefix;
  const bool        isModel = file.extension() == Extension && stem.compare(0, prefix.size(), prefix) == 0;
  return isModel ? stem.substr(prefix.size()) : std::string();
}

std::vector<fs::path>
GetFolders()
{
  // In order of preference: of models with one name, that of the first folder is taken.
  std::vector<fs::path> folders;
  std::error_code       ignored;
  // The system may give a relative path, whose parents would end too early.
  const fs::path binary = fs::absolute(GetOwnBinary(), ignored);
  if (!binary.empty())
  {
    const fs::path parent = binary.parent_path().parent_path();
    folders.push_back(parent / "itk_arssr" / "models");       // wheel: itk/ and itk_arssr/ side by side
    folders.push_back(parent / "share" / "arssr" / "models"); // install tree: bin/ or lib/ and share/
  }
#ifdef ARSSR_MODEL_DIRECTORIES
  // Directories of the build and the install tree, separated by '|'; not given when a wheel is built.
  std::istringstream directories(ARSSR_MODEL_DIRECTORIES);
  for (std::string directory; std::getline(directories, directory, '|');)
  {
    folders.emplace_back(directory);
  }
#endif
  return folders;
}
} // namespace

std::vector<std::string>
GetBundledModelNames()
{
  std::vector<std::string> names;
  for (const fs::path & folder : GetFolders())
  {
    std::error_code ignored;
    // A folder that does not exist has no entries.
    for (const fs::directory_entry & entry : fs::directory_iterator(folder, ignored))
    {
      const std::string name = GetModelName(entry.path());
      if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end())
      {
        names.push_back(name);
      }
    }
  }
  // false comes before true, so the default model comes before all others.
  std::sort(names.begin(), names.end(), [](const std::string & a, const std::string & b) {
    return std::make_pair(a != DefaultName, a) < std::make_pair(b != DefaultName, b);
  });
  return names;
}

std::string
FindBundledModel(const std::string & name)
{
  for (const fs::path & folder : GetFolders())
  {
    const fs::path  file = folder / GetFileName(name);
    std::error_code ignored;
    // GetModelName() looks at the last part of the path alone, so a name with a separator, which would lead to another
    // folder, differs from it.
    if (!name.empty() && GetModelName(file) == name && fs::is_regular_file(file, ignored))
    {
      return file.u8string();
    }
  }
  return {};
}

std::string
FindDefaultModel()
{
  // Returned unchecked: if there is no such file, ReadFile() says so.
  if (const char * named = std::getenv(EnvironmentVariable); named != nullptr && *named != '\0')
  {
    return named;
  }
  if (std::string file = FindBundledModel(DefaultName); !file.empty())
  {
    return file;
  }
  std::ostringstream looked;
  for (const fs::path & folder : GetFolders())
  {
    looked << "\n  " << (folder / GetFileName(DefaultName)).string();
  }
  itkGenericExceptionMacro("The default model was not found. Set a model file name, or name one in the environment "
                           "variable "
                           << EnvironmentVariable << ". Paths searched:" << looked.str());
}
} // namespace itk::arssr
