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
#include "ArSSRCheckpoint.h"

#include "itkMacro.h"

#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <limits>
#include <sstream>

namespace itk::arssr
{
namespace
{
namespace fs = std::filesystem;

constexpr const char * FormatName = "ArSSR checkpoint";
constexpr const char * Prefix = "checkpoint-";
constexpr const char * Suffix = ".safetensors";
constexpr const char * RecipePrefix = "recipe.";

/** The counters and figures of a checkpoint under their names in the file. */
template <typename TCheckpoint, typename TFunction>
void
ForEachNumber(TCheckpoint & checkpoint, const TFunction & function)
{
  function("epoch", checkpoint.epoch);
  function("step", checkpoint.step);
  function("steps_of_epoch", checkpoint.stepsOfEpoch);
  function("loss_of_epoch", checkpoint.lossOfEpoch);
  function("best_epoch", checkpoint.bestEpoch);
  function("validation_loss", checkpoint.validationLoss);
  function("validation_psnr", checkpoint.validationPSNR);
  function("best_validation_psnr", checkpoint.bestValidationPSNR);
  function("revivals", checkpoint.revivals);
}

std::string
JoinLines(const std::vector<std::string> & lines)
{
  std::string text;
  for (const std::string & line : lines)
  {
    text += line + '\n';
  }
  return text;
}

std::vector<std::string>
SplitLines(const std::string & text)
{
  std::vector<std::string> lines;
  std::istringstream       stream(text);
  for (std::string line; std::getline(stream, line);)
  {
    lines.push_back(line);
  }
  return lines;
}

/** Checkpoints in a directory, the latest first. */
std::vector<fs::path>
ListCheckpoints(const fs::path & directory)
{
  std::vector<fs::path> files;
  std::error_code       error;
  for (const auto & entry : fs::directory_iterator(directory, error))
  {
    const std::string name = entry.path().filename().string();
    if (name.rfind(Prefix, 0) == 0 && entry.path().extension() == Suffix)
    {
      files.push_back(entry.path());
    }
  }
  // Steps have leading zeros, so that names sort as numbers do.
  std::sort(files.begin(), files.end(), [](const fs::path & a, const fs::path & b) {
    return a.filename().string() > b.filename().string();
  });
  return files;
}

/** What streams write and do not read: the PSNR before a validation, of a perfect and of a hopeless one. */
const std::map<std::string, double> &
GetNotFinite()
{
  using Limits = std::numeric_limits<double>;
  static const std::map<std::string, double> numbers{ { "nan", Limits::quiet_NaN() },
                                                      { "-nan", Limits::quiet_NaN() },
                                                      { "inf", Limits::infinity() },
                                                      { "-inf", -Limits::infinity() } };
  return numbers;
}

template <typename TNumber>
void
ParseNumber(const std::map<std::string, std::string> & metadata, const char * key, TNumber & number)
{
  const auto found = metadata.find(key);
  if (found == metadata.end())
  {
    itkGenericExceptionMacro("It has no entry '" << key << "'.");
  }
  const std::string & text = found->second;
  constexpr bool      isCounter = std::numeric_limits<TNumber>::is_integer;
  const auto          notFinite = GetNotFinite().find(text);
  if (!isCounter && notFinite != GetNotFinite().end())
  {
    number = static_cast<TNumber>(notFinite->second);
    return;
  }
  std::istringstream stream(text);
  stream.imbue(std::locale::classic());
  const bool isNegativeCounter = isCounter && text.find('-') != std::string::npos;
  if (isNegativeCounter || !(stream >> number) || !(stream >> std::ws).eof())
  {
    itkGenericExceptionMacro("Its entry '" << key << "' is '" << text << "'; a number is expected.");
  }
}

Checkpoint
ReadCheckpointFile(const std::string & fileName)
{
  TensorFile file = ReadTensorFile(fileName);
  if (file.metadata["format"] != FormatName)
  {
    itkGenericExceptionMacro("It is not a checkpoint of a training; a model is given as the initial model instead.");
  }
  Checkpoint checkpoint;
  ForEachNumber(checkpoint, [&file](const char * key, auto & number) { ParseNumber(file.metadata, key, number); });
  checkpoint.images = SplitLines(file.metadata["images"]);
  const std::string prefix = RecipePrefix;
  for (const auto & entry : file.metadata)
  {
    if (entry.first.compare(0, prefix.size(), prefix) == 0)
    {
      checkpoint.recipe[entry.first.substr(prefix.size())] = entry.second;
    }
  }
  checkpoint.tensors = std::move(file.tensors);
  return checkpoint;
}
} // namespace

CheckpointDirectory::CheckpointDirectory(std::string path, SizeValueType numberKept)
  : m_Path(std::move(path))
  , m_NumberKept(numberKept)
{
  std::error_code error;
  fs::create_directories(m_Path, error);
  if (error || !fs::is_directory(m_Path, error))
  {
    itkGenericExceptionMacro("The checkpoint directory '" << m_Path << "' cannot be made"
                                                          << (error ? ": " + error.message() : std::string())
                                                          << ". Give a directory that can be written to.");
  }
}

void
CheckpointDirectory::Write(const Checkpoint & checkpoint) const
{
  TensorFile file;
  file.tensors = checkpoint.tensors;
  file.metadata["format"] = FormatName;
  file.metadata["images"] = JoinLines(checkpoint.images);
  ForEachNumber(checkpoint, [&file](const char * key, const auto & number) {
    std::ostringstream text;
    text.imbue(std::locale::classic());
    text << std::setprecision(std::numeric_limits<double>::max_digits10) << number;
    file.metadata[key] = text.str();
  });
  for (const auto & value : checkpoint.recipe)
  {
    file.metadata[RecipePrefix + value.first] = value.second;
  }
  std::ostringstream name;
  name << Prefix << std::setw(9) << std::setfill('0') << checkpoint.step << Suffix;
  WriteTensorFile((fs::path(m_Path) / name.str()).string(), file);

  const std::vector<fs::path> files = ListCheckpoints(m_Path);
  for (std::size_t i = m_NumberKept; i < files.size(); ++i)
  {
    std::error_code ignored; // one that cannot be removed does no harm
    fs::remove(files[i], ignored);
  }
}

Checkpoint
ReadCheckpoint(const std::string & path)
{
  std::error_code       error;
  std::vector<fs::path> files{ path };
  if (fs::is_directory(path, error))
  {
    files = ListCheckpoints(path);
    if (files.empty())
    {
      itkGenericExceptionMacro("There is no checkpoint in '" << path << "'; expected files named " << Prefix << '*'
                                                             << Suffix << '.');
    }
  }
  std::string problems;
  for (const fs::path & file : files)
  {
    try
    {
      return ReadCheckpointFile(file.string());
    }
    catch (const ExceptionObject & problem)
    {
      problems += "\n  " + file.string() + ": " + problem.GetDescription();
    }
  }
  itkGenericExceptionMacro("The training cannot be resumed from '" << path << "':" << problems);
}
} // namespace itk::arssr
