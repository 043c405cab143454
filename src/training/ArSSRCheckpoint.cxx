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
#include "training/ArSSRCheckpoint.h"

#include "itkMacro.h"

#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <iterator>
#include <limits>
#include <locale>
#include <random>
#include <sstream>
#include <tuple>
#include <utility>

namespace itk::arssr
{
namespace
{
// A checkpoint is one safetensors file: tensors for weights, average, moments and the best model; everything else is
// text in its metadata, recipe values under "recipe.". Owner and order follow from the
// metadata, not from names or times: `run` is the training that wrote a file, `serial` counts what it wrote. Each file
// is written under another name and renamed when it is complete (WriteTensorFile), so an interrupted training leaves
// its last checkpoint whole; a file that cannot be read is passed over.
namespace fs = std::filesystem;

constexpr const char * FormatName = "ArSSR checkpoint";
constexpr const char * Prefix = "checkpoint-";
constexpr const char * Suffix = ".safetensors";
constexpr const char * RecipePrefix = "recipe.";
constexpr const char * RunKey = "run";
constexpr const char * SerialKey = "serial";

/** The counters and figures of a checkpoint under their names in the file. */
template <typename TCheckpoint, typename TFunction>
void
ForEachNumber(TCheckpoint & checkpoint, const TFunction & function)
{
  function("epoch", checkpoint.status.epoch);
  function("step", checkpoint.status.step);
  function("steps_of_epoch", checkpoint.stepsOfEpoch);
  function("loss_of_epoch", checkpoint.lossOfEpoch);
  function("best_epoch", checkpoint.status.bestEpoch);
  function("validation_loss", checkpoint.status.validationLoss);
  function("validation_psnr", checkpoint.status.validationPSNR);
  function("best_validation_psnr", checkpoint.status.bestValidationPSNR);
  function("revivals", checkpoint.status.revivals);
}

std::string
JoinLines(const std::vector<std::string> & lines)
{
  // Each line ends in a line feed, so that no line and one empty line differ.
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

/** Values that streams write but do not read back: the PSNR before any validation is NaN, that of a perfect one
 * infinite.
 */
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
  // The file may be damaged or hostile. A stream reads "-1" into an unsigned number without an error, and stops at the
  // first character that is no digit: signs and anything left over are refused.
  constexpr bool isCounter = std::numeric_limits<TNumber>::is_integer;
  const auto     notFinite = GetNotFinite().find(text);
  if (!isCounter && notFinite != GetNotFinite().end())
  {
    number = static_cast<TNumber>(notFinite->second);
    return;
  }
  std::istringstream stream(text);
  // Not the user's locale, in which a comma may be the decimal point.
  stream.imbue(std::locale::classic());
  const bool isNegativeCounter = isCounter && text.find('-') != std::string::npos;
  if (isNegativeCounter || !(stream >> number) || !(stream >> std::ws).eof())
  {
    itkGenericExceptionMacro("Its entry '" << key << "' is '" << text << "'; a number is expected.");
  }
}

void
CheckFormat(const std::map<std::string, std::string> & metadata)
{
  const auto format = metadata.find("format");
  if (format == metadata.end() || format->second != FormatName)
  {
    itkGenericExceptionMacro("It is not a checkpoint of a training. Set a model as the initial model instead.");
  }
}

/** Which training wrote a checkpoint, and in what order. Files without these entries, from earlier versions, have an
 * empty identity. */
void
ParseIdentity(const std::map<std::string, std::string> & metadata, std::string & run, SizeValueType & serial)
{
  if (const auto found = metadata.find(RunKey); found != metadata.end())
  {
    run = found->second;
    ParseNumber(metadata, SerialKey, serial);
  }
}

Checkpoint
ReadCheckpointFile(const std::string & fileName)
{
  TensorFile file = ReadTensorFile(fileName);
  CheckFormat(file.metadata);
  Checkpoint checkpoint;
  ParseIdentity(file.metadata, checkpoint.run, checkpoint.serial);
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
  // Moved: weights, average, moments and the best model are five times the network.
  checkpoint.tensors = std::move(file.tensors);
  return checkpoint;
}

/** \brief A file with a checkpoint's name. */
struct Listed
{
  fs::path      path;
  std::string   problem; /**< why it cannot be read; empty if it can */
  std::string   run;
  SizeValueType serial{ 0 };
};

/** Files in a directory, in the order in which they were written, the latest first; those that cannot be read come
 * last. */
std::vector<Listed>
ListCheckpoints(const fs::path & directory)
{
  std::vector<Listed> files;
  // A directory that cannot be listed counts as empty: what follows says that nothing is there.
  std::error_code error;
  for (const auto & entry : fs::directory_iterator(directory, error))
  {
    const std::string name = entry.path().filename().string();
    if (name.rfind(Prefix, 0) != 0 || entry.path().extension() != Suffix)
    {
      continue;
    }
    Listed file;
    file.path = entry.path();
    // Only the metadata is read: a directory may hold gigabytes of tensors. Damage beyond it shows when the file is
    // read.
    try
    {
      const auto metadata = ReadTensorFileMetaData(file.path.string());
      CheckFormat(metadata);
      ParseIdentity(metadata, file.run, file.serial);
    }
    catch (const ExceptionObject & problem)
    {
      file.problem = problem.GetDescription();
    }
    files.push_back(file);
  }
  // Steps have leading zeros, so that names sort as numbers do.
  const auto rank = [](const Listed & file) {
    return std::make_tuple(file.problem.empty(), file.serial, file.path.filename().string());
  };
  // Readable files first, then by serial; the name decides between files without an identity.
  std::sort(files.begin(), files.end(), [&](const Listed & a, const Listed & b) { return rank(a) > rank(b); });
  return files;
}

bool
IsOf(const std::string & run, const Listed & file)
{
  return file.problem.empty() && file.run == run;
}

/** Names of some files, for a message. */
std::string
JoinNames(const std::vector<Listed> & files)
{
  std::string text;
  for (const Listed & file : files)
  {
    text += (text.empty() ? "" : ", ") + file.path.filename().string();
  }
  return text;
}

fs::path
GetFileName(SizeValueType step)
{
  // Nine digits sort as text up to a billion steps; beyond, serials still do.
  std::ostringstream name;
  name << Prefix << std::setw(9) << std::setfill('0') << step << Suffix;
  return name.str();
}
} // namespace

std::string
MakeRunIdentity()
{
  // 128 random bits from the system: independent of the recipe's seed, which trainings share.
  constexpr int      words = 4; // of 32 bits
  std::random_device device;
  std::ostringstream text;
  text.imbue(std::locale::classic());
  for (int word = 0; word < words; ++word)
  {
    text << std::hex << std::setw(8) << std::setfill('0') << device();
  }
  return text.str();
}

CheckpointDirectory::CheckpointDirectory(std::string path, SizeValueType numberKept, std::string run)
  : m_Path(std::move(path))
  , m_NumberKept(std::max<SizeValueType>(numberKept, 1))
  , m_Run(std::move(run))
{
  // All this is checked before the first step, not when the first checkpoint is due.
  std::error_code error;
  fs::create_directories(m_Path, error);
  if (error || !fs::is_directory(m_Path, error))
  {
    itkGenericExceptionMacro("The checkpoint directory '" << m_Path << "' cannot be created"
                                                          << (error ? ": " + error.message() : std::string())
                                                          << ". Give a writable directory.");
  }
  const std::vector<Listed> files = ListCheckpoints(m_Path);
  std::vector<Listed>       others;
  std::copy_if(
    files.begin(), files.end(), std::back_inserter(others), [this](const Listed & file) { return !IsOf(m_Run, file); });
  const bool holdsOwn = others.size() < files.size();
  const bool holdsReadable =
    std::any_of(others.begin(), others.end(), [](const Listed & file) { return file.problem.empty(); });
  // Unreadable files beside a training's own are left alone; without any of its own they may be another training's.
  if (holdsReadable || (!others.empty() && !holdsOwn))
  {
    itkGenericExceptionMacro("The checkpoint directory '"
                             << m_Path << "' holds checkpoints of another training: " << JoinNames(others)
                             << ". Give a separate directory, resume that training from it, or remove "
                                "the files that are no longer needed.");
  }
}

void
CheckpointDirectory::Write(Checkpoint checkpoint) const
{
  // The directory is listed again for each checkpoint, as another training may have begun in it meanwhile. Between this
  // check and the renaming a file of another training could still appear; the constructor makes that unlikely.
  const fs::path target = fs::path(m_Path) / GetFileName(checkpoint.status.step);
  for (const Listed & file : ListCheckpoints(m_Path))
  {
    if (IsOf(m_Run, file))
    {
      // Above all that are there, also after going back to an earlier checkpoint, whose serial would be a lower one.
      checkpoint.serial = std::max(checkpoint.serial, file.serial + 1);
    }
    else if (file.problem.empty() && file.path.filename() == target.filename())
    {
      itkGenericExceptionMacro("The checkpoint '"
                               << target.string()
                               << "' was written by another training in the meantime and is not replaced. "
                                  "Give each training a separate checkpoint directory.");
    }
  }
  // Whatever identity the caller gave: a directory writes under its own.
  checkpoint.run = m_Run;

  TensorFile file;
  file.tensors = checkpoint.tensors;
  file.metadata["format"] = FormatName;
  file.metadata["images"] = JoinLines(checkpoint.images);
  file.metadata[RunKey] = checkpoint.run;
  file.metadata[SerialKey] = std::to_string(checkpoint.serial);
  ForEachNumber(checkpoint, [&file](const char * key, const auto & number) {
    std::ostringstream text;
    text.imbue(std::locale::classic());
    // 17 digits bring back every double: the loss of an epoch that is resumed has the same bits.
    text << std::setprecision(std::numeric_limits<double>::max_digits10) << number;
    file.metadata[key] = text.str();
  });
  for (const auto & value : checkpoint.recipe)
  {
    file.metadata[RecipePrefix + value.first] = value.second;
  }
  WriteTensorFile(target.string(), file);

  // Only once the new one is complete. It has the highest serial, so it is the first of the list and is kept.
  SizeValueType kept = 0;
  for (const Listed & listed : ListCheckpoints(m_Path))
  {
    if (IsOf(m_Run, listed) && ++kept > m_NumberKept)
    {
      std::error_code ignored; // one that cannot be removed does no harm
      fs::remove(listed.path, ignored);
    }
  }
}

Checkpoint
ReadCheckpoint(const std::string & path)
{
  std::error_code       error;
  std::vector<fs::path> files{ path };
  std::string           problems;
  // A named file is read whatever lies beside it; of a directory the candidates are tried from the latest on.
  if (fs::is_directory(path, error))
  {
    const std::vector<Listed> listed = ListCheckpoints(path);
    if (listed.empty())
    {
      itkGenericExceptionMacro("There is no checkpoint in '" << path << "'; expected files named " << Prefix << '*'
                                                             << Suffix << '.');
    }
    files.clear();
    for (const Listed & file : listed)
    {
      // The latest of several trainings' checkpoints is no answer to which one is meant.
      if (file.problem.empty() && file.run != listed.front().run)
      {
        itkGenericExceptionMacro("The training cannot be resumed from '"
                                 << path << "': it holds checkpoints of several trainings, " << JoinNames(listed)
                                 << ". Name the file to resume from and give a separate checkpoint directory, or move "
                                    "the other training's files away.");
      }
      files.push_back(file.path);
    }
  }
  for (const fs::path & file : files)
  {
    try
    {
      return ReadCheckpointFile(file.string());
    }
    catch (const ExceptionObject & problem)
    {
      // Collected, so that the message has the reason for each file if none can be read.
      problems += "\n  " + file.string() + ": " + problem.GetDescription();
    }
  }
  itkGenericExceptionMacro("The training cannot be resumed from '" << path << "':" << problems);
}
} // namespace itk::arssr
