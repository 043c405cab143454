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
#include "cuda/ArSSRCudaLibrary.h"

#include "platform/ArSSROwnBinary.h"

#include "itkObject.h"
#include "itkOutputWindow.h"

#include <itksys/DynamicLoader.hxx>

#include <algorithm>
#include <cstdlib>
#include <sstream>

namespace itk::arssr
{
namespace
{
namespace fs = std::filesystem;
using Loader = itksys::DynamicLoader;

constexpr const char * EnvironmentVariable = "ARSSR_CUDA_LIBRARY";

std::vector<fs::path>
GetCandidates()
{
  // What a user names is the only candidate: another library in its place would go unnoticed.
  if (const char * named = std::getenv(EnvironmentVariable); named != nullptr && *named != '\0')
  {
    return { named };
  }
  const std::string     name = std::string(Loader::LibPrefix()) + "ArSSRCuda" + Loader::LibExtension();
  std::vector<fs::path> candidates;
  // Places are relative to the binary that this code is in, not to the working directory, where anybody may have put a
  // library of that name. An error gives an empty path.
  std::error_code ignored;
  const fs::path  binary = fs::absolute(GetOwnBinary(), ignored);
  if (!binary.empty())
  {
    const fs::path folder = binary.parent_path();
    candidates.push_back(folder / name);                       // wheel; shared libraries of an install tree
    candidates.push_back(folder.parent_path() / "lib" / name); // executables in bin/
  }
#ifdef ARSSR_CUDA_LIBRARY_DIRECTORY
  candidates.push_back(fs::path(ARSSR_CUDA_LIBRARY_DIRECTORY) / name); // build tree
#endif
  return candidates;
}
} // namespace

CudaLibrary::CudaLibrary(const std::vector<fs::path> & candidates)
{
  std::error_code ignored;
  const auto      found = std::find_if(
    candidates.begin(), candidates.end(), [&](const fs::path & file) { return fs::is_regular_file(file, ignored); });
  if (found != candidates.end())
  {
    this->Load(*found);
    return;
  }
  std::ostringstream looked;
  for (const fs::path & candidate : candidates)
  {
    looked << "\n  " << candidate.string();
  }
  m_Problem = "The CUDA kernel library was not found; it is built only with a CUDA compiler. Paths searched:";
  m_Problem += looked.str();
}

void
CudaLibrary::Load(const fs::path & file)
{
  // The handle is not kept, for the library is never closed: its functions may be called until the process ends.
  const Loader::LibraryHandle handle = Loader::OpenLibrary(file.string());
  if (handle == nullptr)
  {
    const char * error = Loader::LastError();
    m_Problem = "The CUDA kernel library '" + file.string() + "' cannot be loaded";
    m_Problem += error != nullptr ? std::string(": ") + error : ".";
    return;
  }
  const auto entryPoint =
    reinterpret_cast<ArSSRCudaEntryPoint>(Loader::GetSymbolAddress(handle, ARSSR_CUDA_ENTRY_POINT));
  const CudaDecoderFunctions * functions = entryPoint != nullptr ? entryPoint() : nullptr;
  // A library of another build would read the structures as something else. The table's first three members must keep
  // their places for this comparison.
  if (functions == nullptr || functions->version != CudaInterfaceVersion ||
      functions->planBytes != sizeof(CudaDecoderPlan) || functions->argumentBytes != sizeof(CudaDecodeArguments))
  {
    m_Problem = "The CUDA kernel library '" + file.string() + "' belongs to another version of this module; expected " +
                "interface " + std::to_string(CudaInterfaceVersion) + ". Build both together.";
    Loader::CloseLibrary(handle);
    return;
  }
  m_Functions = functions;
}

void
CudaLibrary::WarnOnce() const
{
  // Not inside call_once(): a warning that is not displayed does not use up the only one.
  if (m_Problem.empty() || !Object::GetGlobalWarningDisplay())
  {
    return;
  }
  std::call_once(m_Warned, [this] {
    const std::string text =
      "WARNING: On this GPU, voxels are decoded by torch, which is slower than this module's own kernel. " + m_Problem +
      "\n\n";
    OutputWindowDisplayWarningText(text.c_str());
  });
}

const CudaLibrary &
CudaLibrary::Get()
{
  // Initialised once, by the first thread that comes; the others wait for it.
  static const CudaLibrary library(GetCandidates());
  return library;
}
} // namespace itk::arssr
