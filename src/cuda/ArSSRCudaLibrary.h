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
#ifndef ArSSRCudaLibrary_h
#define ArSSRCudaLibrary_h

#include "cuda/ArSSRCudaDecoder.h"

#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

namespace itk::arssr
{
/** \brief This module's CUDA kernels, in a library of their own that is loaded when it is needed.
 *
 * So the module itself is the same whether torch has CUDA or not, and whether there was a CUDA compiler or not. Once
 * loaded, the library stays.
 */
class CudaLibrary
{
public:
  /** Loads the first of the files that exists; the others are not tried, even if it does not fit. */
  explicit CudaLibrary(const std::vector<std::filesystem::path> & candidates);

  CudaLibrary(const CudaLibrary &) = delete;
  CudaLibrary &
  operator=(const CudaLibrary &) = delete;

  /** The library that the environment variable `ARSSR_CUDA_LIBRARY` names, else the one beside this module's own
   * library or executable, in its `lib` folder, or where it was built. Looked for once. */
  static const CudaLibrary &
  Get();

  /** The library's functions; null if there is none that fits this module. */
  const CudaDecoderFunctions *
  GetFunctions() const
  {
    return m_Functions;
  }

  /** Why there are no functions, in a sentence; empty if there are. */
  const std::string &
  GetProblem() const
  {
    return m_Problem;
  }

  /** Warns the user, the first time, why there are no functions and what that means. To be called where they would have
   * been used. */
  void
  WarnOnce() const;

private:
  void
  Load(const std::filesystem::path & file);

  const CudaDecoderFunctions * m_Functions{ nullptr };
  std::string                  m_Problem;
  mutable std::once_flag       m_Warned;
};
} // namespace itk::arssr

#endif
