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
#ifndef ArSSRAtomicFile_h
#define ArSSRAtomicFile_h

#include "model/ArSSRFileErrors.h"

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>

namespace itk::arssr
{
/** \brief A file that appears under its name complete, or not at all.
 *
 * The bytes go to a temporary file in the same directory, which Commit() gives the name that was asked for; without it
 * the destructor removes the temporary file, and a file of that name stays as it was. Failures throw FileFormatError.
 */
class AtomicFile
{
public:
  /** The name is UTF-8. If it is a symbolic link, the file it points to is replaced. */
  explicit AtomicFile(const std::string & fileName);
  ~AtomicFile();
  AtomicFile(const AtomicFile &) = delete;
  AtomicFile &
  operator=(const AtomicFile &) = delete;

  void
  Write(const void * data, std::uint64_t bytes);

  /** Waits until the disk has the bytes, then renames. */
  void
  Commit();

private:
  void
  Open();
  bool
  Close();
  [[noreturn]] void
  Fail(const std::string & action, const std::error_code & error) const;

  std::filesystem::path m_Target;
  std::filesystem::path m_Temporary; // empty once it has been renamed
  std::FILE *           m_Stream{ nullptr };
};
} // namespace itk::arssr

#endif
