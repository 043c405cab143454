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
#include "model/ArSSRAtomicFile.h"

#include "model/ArSSRFileErrors.h"


#include <cerrno>
#include <random>

#ifdef _WIN32
#  include <io.h>
#else
#  include <fcntl.h>
#  include <unistd.h>
#endif

// The steps: create a temporary file beside the target, write, flush to the disk, close, rename over the target, flush
// the directory. A rename replaces the old file in one step (POSIX), so a reader, or a crash at any moment, meets the
// old file or the new one and nothing between. A process that is killed leaves its temporary file behind.

namespace itk::arssr
{
namespace
{
namespace fs = std::filesystem;

/** Creates a file that must not exist yet: mode x neither overwrites a file nor follows a link of that name. */
std::FILE *
CreateNew(const fs::path & path)
{
#ifdef _WIN32
  return _wfopen(path.c_str(), L"wbx");
#else
  return std::fopen(path.c_str(), "wbx");
#endif
}

bool
FlushToDisk(std::FILE * stream)
{
#ifdef _WIN32
  return std::fflush(stream) == 0 && _commit(_fileno(stream)) == 0;
#else
  // fsync() alone would miss what is still in the stream's buffer. On macOS it leaves the bytes in the drive's cache.
  return std::fflush(stream) == 0 && fsync(fileno(stream)) == 0;
#endif
}

/** Makes a rename in the directory survive a power cut; without it the old file may come back. Failures are ignored:
 * not every file system can flush a directory, and either file is complete. */
void
FlushDirectory(const fs::path & directory)
{
#ifdef _WIN32
  (void)directory;
#else
  const int descriptor = open(directory.c_str(), O_RDONLY);
  if (descriptor >= 0)
  {
    (void)fsync(descriptor);
    (void)close(descriptor);
  }
#endif
}

fs::path
DirectoryOf(const fs::path & path)
{
  // A bare name has an empty parent path, which open() refuses.
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}
} // namespace

AtomicFile::AtomicFile(const std::string & fileName)
  : m_Target(fs::u8path(fileName))
{
  std::error_code error;
  // rename() would replace a link and leave the file that it points to. canonical() fails where there is no file yet.
  if (const auto resolved = fs::canonical(m_Target, error); !error)
  {
    m_Target = resolved;
  }
  const auto status = fs::status(m_Target, error);
  // A rename would replace a device or a pipe by a plain file.
  if (fs::exists(status) && !fs::is_regular_file(status))
  {
    throw FileFormatError("it exists and is not a regular file. Give another path.");
  }
  this->Open();
  if (fs::exists(status))
  {
    // A private file stays private: the umask alone would decide for a new one.
    fs::permissions(m_Temporary, status.permissions(), error);
  }
}

AtomicFile::~AtomicFile()
{
  this->Close();
  if (!m_Temporary.empty())
  {
    std::error_code error;
    fs::remove(m_Temporary, error);
  }
}

void
AtomicFile::Open()
{
  constexpr int      attempts = 16; // a name is taken already with a probability of about 2^-64
  constexpr char     digits[] = "0123456789abcdef";
  std::random_device random;
  for (int attempt = 0; attempt < attempts && m_Stream == nullptr; ++attempt)
  {
    std::string name = ".arssr-";
    for (int i = 0; i < 16; ++i)
    {
      name += digits[random() % 16];
    }
    // In the target's directory, since a rename cannot cross file systems. The random name keeps writers of one target
    // apart.
    const auto path = DirectoryOf(m_Target) / (name + ".tmp");
    errno = 0;
    m_Stream = CreateNew(path);
    // Another name helps only where this one is taken.
    if (m_Stream == nullptr && errno != EEXIST)
    {
      this->Fail("creating a file in its directory", { errno, std::generic_category() });
    }
    if (m_Stream != nullptr)
    {
      m_Temporary = path;
    }
  }
  if (m_Stream == nullptr)
  {
    this->Fail("creating a file in its directory", { EEXIST, std::generic_category() });
  }
}

bool
AtomicFile::Close()
{
  // fclose() releases the stream even when it fails, so the destructor must not find it again.
  std::FILE * stream = m_Stream;
  m_Stream = nullptr;
  return stream == nullptr || std::fclose(stream) == 0;
}

void
AtomicFile::Write(const void * data, std::uint64_t bytes)
{
  // fwrite() need not set errno, and a stale value would name a wrong cause.
  errno = 0;
  // The data of an empty tensor may be null, which fwrite() does not accept.
  if (bytes > 0 && std::fwrite(data, 1, static_cast<std::size_t>(bytes), m_Stream) != bytes)
  {
    this->Fail("writing " + std::to_string(bytes) + " bytes", { errno, std::generic_category() });
  }
}

void
AtomicFile::Commit()
{
  errno = 0;
  // Disk first, name second: the other way round, a power cut can leave an empty file under the target's name. Closing
  // comes before the rename because it can report a late write error, and because Windows renames no open file.
  if (!FlushToDisk(m_Stream) || !this->Close())
  {
    this->Fail("writing its last bytes", { errno, std::generic_category() });
  }
  std::error_code error;
  fs::rename(m_Temporary, m_Target, error);
  if (error)
  {
    this->Fail("renaming the finished file", error);
  }
  m_Temporary.clear();
  FlushDirectory(DirectoryOf(m_Target));
}

void
AtomicFile::Fail(const std::string & action, const std::error_code & error) const
{
  throw FileFormatError(action + " failed (" + error.message() +
                        "). Check that its directory exists, is writable and has free space.");
}
} // namespace itk::arssr
