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
#include "model/ArSSRTensorFile.h"

#include "model/ArSSRAtomicFile.h"
#include "model/ArSSRFileErrors.h"
#include "model/ArSSRSafetensors.h"
#include "model/ArSSRTorchFile.h"

#include "itkMacro.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace itk::arssr
{
namespace
{
enum class Format
{
  Safetensors,
  TorchArchive,
  TorchLegacy
};

Format
DetectFormat(ByteFile & file)
{
  constexpr std::uint64_t examined = 9;
  const std::string       start = file.ReadString(0, std::min(examined, file.GetSize()));
  // Safetensors first, since the size at its start can look like another format: 128 bytes begin with 0x80, as a pickle
  // does. A header has less than 2^40 bytes and starts with a brace; neither other format has "\0\0\0{" at byte 5.
  if (start.size() == examined && start.compare(5, 4, std::string("\0\0\0{", 4)) == 0)
  {
    return Format::Safetensors;
  }
  if (start.compare(0, 4, "PK\x03\x04") == 0)
  {
    return Format::TorchArchive;
  }
  // PROTO, the first opcode of the first pickle.
  if (start[0] == '\x80')
  {
    return Format::TorchLegacy;
  }
  ThrowRefused("the file starts with ", Quoted(start), ", like neither a torch nor a safetensors file");
}

TensorFile
ReadContent(ByteFile & file)
{
  switch (DetectFormat(file))
  {
    case Format::Safetensors:
      return ReadSafetensors(file);
    case Format::TorchArchive:
      return { ReadTorchArchive(file), {} };
    case Format::TorchLegacy:
      return { ReadTorchLegacyFile(file), {} };
  }
  return {}; // not reached; without it, compilers miss a return after the switch
}

void
CheckFinite(const TensorFile & file)
{
  for (const auto & [name, tensor] : file.tensors)
  {
    // Here the message can name the tensor. Later, one NaN spreads through the network to the whole image.
    const auto bad = tensor.defined() ? tensor.numel() - at::isfinite(tensor).sum().item<std::int64_t>() : 0;
    if (bad != 0)
    {
      throw FileFormatError(std::to_string(bad) + " of the " + std::to_string(tensor.numel()) +
                            " elements of the tensor " + Quoted(name) +
                            " are NaN or infinite. The training that made them diverged; use weights from before.");
    }
  }
}

/** What the exception says, without torch's backtrace. */
std::string
Describe(const std::exception & error)
{
  const auto * torchError = dynamic_cast<const c10::Error *>(&error);
  return torchError ? torchError->what_without_backtrace() : error.what();
}

/** What a function returns for a file that is open for reading. */
template <typename TFunction>
auto
Open(const std::string & fileName, const TFunction & read)
{
  try
  {
    ByteFile file(fileName);
    return read(file);
  }
  // Those of torch and std::bad_alloc, too, so that every failure names the file.
  catch (const std::exception & error)
  {
    itkGenericExceptionMacro("Cannot read the weights file \"" << fileName << "\": " << Describe(error));
  }
}
} // namespace

TensorFile
ReadTensorFile(const std::string & fileName)
{
  return Open(fileName, [](ByteFile & file) {
    TensorFile content = ReadContent(file);
    CheckFinite(content);
    return content;
  });
}

std::map<std::string, std::string>
ReadTensorFileMetaData(const std::string & fileName)
{
  return Open(fileName, [](ByteFile & file) {
    return DetectFormat(file) == Format::Safetensors ? ReadSafetensorsMetaData(file)
                                                     : std::map<std::string, std::string>();
  });
}

void
WriteTensorFile(const std::string & fileName, const TensorFile & content)
{
  try
  {
    CheckFinite(content);
    // Without Commit() its destructor removes the temporary file, so an exception leaves nothing behind.
    AtomicFile file(fileName);
    WriteSafetensors(file, content);
    file.Commit();
  }
  catch (const std::exception & error)
  {
    itkGenericExceptionMacro("Cannot write the weights file \"" << fileName << "\": " << Describe(error));
  }
}
} // namespace itk::arssr
