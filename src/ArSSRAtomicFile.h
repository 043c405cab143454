#ifndef ArSSRAtomicFile_h
#define ArSSRAtomicFile_h

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>

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
  Fail(const std::string & action, int error) const;

  std::filesystem::path m_Target;
  std::filesystem::path m_Temporary; // empty once it has been renamed
  std::FILE *           m_Stream{ nullptr };
};
} // namespace itk::arssr

#endif
