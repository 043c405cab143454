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
#ifndef ArSSRFileErrors_h
#define ArSSRFileErrors_h

#include <locale>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace itk::arssr
{
/** \brief A file's content is not what its format, or this module, allows.
 *
 * The parsers throw it without the file's name; ReadTensorFile() and WriteTensorFile() add the name and rethrow it as
 * itk::ExceptionObject.
 */
class FileFormatError : public std::runtime_error
{
public:
  using std::runtime_error::runtime_error;
};

/** Throws FileFormatError for bytes that contradict the format: the file itself is broken. */
template <typename... TParts>
[[noreturn]] void
ThrowDamaged(const TParts &... parts)
{
  std::ostringstream message;
  // The program's locale may group digits, as in "4,096".
  message.imbue(std::locale::classic());
  (message << ... << parts) << ". The file is damaged or incomplete; copy, download or save it again.";
  throw FileFormatError(message.str());
}

/** Throws FileFormatError for content that is well formed, but is not a dictionary of tensors or holds more than that.
 */
template <typename... TParts>
[[noreturn]] void
ThrowRefused(const TParts &... parts)
{
  std::ostringstream message;
  message.imbue(std::locale::classic());
  (message << ... << parts)
    << ". Expected a dictionary of floating point tensors, as written by torch.save(model.state_dict(), ...) or by "
       "safetensors.torch.save_file(model.state_dict(), ...).";
  throw FileFormatError(message.str());
}

/** The text in single quotes for a message: control and non-ASCII bytes as \xNN, cut off after 120 characters. */
std::string
Quoted(std::string_view text);
} // namespace itk::arssr

#endif
