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

#include "support/ArSSRTestHelpers.h"

#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <set>

namespace
{
using namespace itk::arssr;
using itk::arssr::test::ExpectError;
using itk::arssr::test::TemporaryDirectory;

Checkpoint
MakeCheckpoint(itk::SizeValueType step = 41)
{
  Checkpoint checkpoint;
  checkpoint.recipe = { { "encoder", "Residual" }, { "samples", "3000" } };
  checkpoint.images = { "training [5, 6, 7] a name with blanks.nii", "validation [8, 9, 10] b" };
  checkpoint.status.epoch = 3;
  checkpoint.status.step = step;
  checkpoint.stepsOfEpoch = 11;
  checkpoint.lossOfEpoch = 0.1 + 0.2; // a number that no short text gives back
  checkpoint.status.bestEpoch = 2;
  checkpoint.status.validationLoss = 1e-300;
  checkpoint.status.validationPSNR = 33.25;
  checkpoint.status.bestValidationPSNR = 34.5;
  checkpoint.status.revivals = 1;
  checkpoint.tensors = { { "weights.a", at::arange(6, at::kFloat).view({ 2, 3 }) } };
  return checkpoint;
}

/** The steps of the checkpoints in a directory. */
std::set<itk::SizeValueType>
StepsIn(const TemporaryDirectory & directory)
{
  std::set<itk::SizeValueType> steps;
  for (const auto & entry : std::filesystem::directory_iterator(directory.GetPath()))
  {
    steps.insert(ReadCheckpoint(entry.path().string()).status.step);
  }
  return steps;
}
} // namespace

TEST(ArSSRCheckpoint, RoundTripsThroughAFile)
{
  const TemporaryDirectory  directory;
  const CheckpointDirectory files(directory.GetPath().string(), 3, "run");
  const Checkpoint          written = MakeCheckpoint();
  files.Write(written);
  const Checkpoint read = ReadCheckpoint(directory.GetPath().string());
  EXPECT_EQ(read.run, "run");
  EXPECT_EQ(read.recipe, written.recipe);
  EXPECT_EQ(read.images, written.images);
  EXPECT_EQ(read.status.epoch, written.status.epoch);
  EXPECT_EQ(read.status.step, written.status.step);
  EXPECT_EQ(read.stepsOfEpoch, written.stepsOfEpoch);
  EXPECT_EQ(read.lossOfEpoch, written.lossOfEpoch);
  EXPECT_EQ(read.status.bestEpoch, written.status.bestEpoch);
  EXPECT_EQ(read.status.validationLoss, written.status.validationLoss);
  EXPECT_EQ(read.status.validationPSNR, written.status.validationPSNR);
  EXPECT_EQ(read.status.bestValidationPSNR, written.status.bestValidationPSNR);
  EXPECT_EQ(read.status.revivals, written.status.revivals);
  ASSERT_EQ(read.tensors.size(), 1U);
  EXPECT_EQ(read.tensors[0].name, "weights.a");
  EXPECT_TRUE(at::equal(read.tensors[0].tensor, written.tensors[0].tensor));
}

// Streams do not read what they write for these: every resumption before the first validation would fail.
TEST(ArSSRCheckpoint, KeepsFiguresThatAreNotFinite)
{
  const TemporaryDirectory  directory;
  const CheckpointDirectory files(directory.GetPath().string(), 3, "run");
  Checkpoint                checkpoint = MakeCheckpoint();
  const double              infinity = std::numeric_limits<double>::infinity();
  checkpoint.status.bestValidationPSNR = infinity; // a perfect validation
  checkpoint.status.validationPSNR = -infinity;
  checkpoint.status.validationLoss = std::numeric_limits<double>::quiet_NaN(); // none yet
  files.Write(checkpoint);
  const Checkpoint read = ReadCheckpoint(directory.GetPath().string());
  EXPECT_EQ(read.status.bestValidationPSNR, infinity);
  EXPECT_EQ(read.status.validationPSNR, -infinity);
  EXPECT_TRUE(std::isnan(read.status.validationLoss));
}

TEST(ArSSRCheckpoint, KeepsTheLatestAndSkipsABrokenOne)
{
  const TemporaryDirectory  directory;
  const CheckpointDirectory files(directory.GetPath().string(), 2, "run");
  Checkpoint                checkpoint = MakeCheckpoint();
  for (const itk::SizeValueType step : { 9, 10, 100 })
  {
    checkpoint.status.step = step;
    files.Write(checkpoint);
  }
  ExpectError([&] { ReadCheckpoint(directory.File("checkpoint-000000009.safetensors")); }, "cannot be resumed");
  EXPECT_EQ(ReadCheckpoint(directory.GetPath().string()).status.step, 100U);
  std::filesystem::resize_file(directory.File("checkpoint-000000100.safetensors"), 40);
  EXPECT_EQ(ReadCheckpoint(directory.GetPath().string()).status.step, 10U);
}

// With steps as the order, the checkpoints that were abandoned would win over those just written.
TEST(ArSSRCheckpoint, IsTheLatestAfterResumingAtAnEarlierStep)
{
  const TemporaryDirectory directory;
  const std::string        path = directory.GetPath().string();
  const auto write = [](const CheckpointDirectory & files, std::initializer_list<itk::SizeValueType> steps) {
    for (const auto step : steps)
    {
      files.Write(MakeCheckpoint(step));
    }
  };
  write(CheckpointDirectory(path, 2, "run"), { 10, 20, 30 });
  EXPECT_EQ(StepsIn(directory), (std::set<itk::SizeValueType>{ 20, 30 }));

  const CheckpointDirectory again(path, 2, "run"); // from a copy of the first
  write(again, { 11 });
  EXPECT_EQ(ReadCheckpoint(path).status.step, 11U);
  EXPECT_EQ(StepsIn(directory), (std::set<itk::SizeValueType>{ 11, 30 }));
  write(again, { 12, 20 });
  EXPECT_EQ(ReadCheckpoint(path).status.step, 20U);
  EXPECT_EQ(StepsIn(directory), (std::set<itk::SizeValueType>{ 12, 20 }));
}

TEST(ArSSRCheckpoint, KeepsTheOneJustWritten)
{
  const TemporaryDirectory  directory;
  const CheckpointDirectory files(directory.GetPath().string(), 0, "run");
  files.Write(MakeCheckpoint(7));
  files.Write(MakeCheckpoint(3));
  EXPECT_EQ(StepsIn(directory), (std::set<itk::SizeValueType>{ 3 }));
}

TEST(ArSSRCheckpoint, RefusesADirectoryOfAnotherTraining)
{
  const TemporaryDirectory directory;
  const std::string        path = directory.GetPath().string();
  CheckpointDirectory(path, 2, "one").Write(MakeCheckpoint(100));
  ExpectError([&] { CheckpointDirectory(path, 2, "two"); },
              "holds checkpoints of another training: checkpoint-000000100.safetensors. Give a separate directory");
  EXPECT_EQ(StepsIn(directory), (std::set<itk::SizeValueType>{ 100 }));
  std::filesystem::resize_file(directory.File("checkpoint-000000100.safetensors"), 40);
  ExpectError([&] { CheckpointDirectory(path, 2, "two"); }, "holds checkpoints of another training");
  CheckpointDirectory(directory.File("other"), 2, "two").Write(MakeCheckpoint(1));
}

// Two trainings that share a directory by mistake must not lose hours of work to each other.
TEST(ArSSRCheckpoint, KeepsCheckpointsOfAConcurrentTraining)
{
  const TemporaryDirectory  directory;
  const std::string         path = directory.GetPath().string();
  const CheckpointDirectory one(path, 1, "one");
  const CheckpointDirectory two(path, 1, "two"); // both began in an empty directory
  one.Write(MakeCheckpoint(50));
  two.Write(MakeCheckpoint(5));
  two.Write(MakeCheckpoint(6));
  EXPECT_EQ(StepsIn(directory), (std::set<itk::SizeValueType>{ 6, 50 }));
  ExpectError([&] { two.Write(MakeCheckpoint(50)); },
              "was written by another training in the meantime and is not replaced");
  EXPECT_EQ(ReadCheckpoint(directory.File("checkpoint-000000050.safetensors")).run, "one");
  ExpectError([&] { ReadCheckpoint(path); }, "it holds checkpoints of several trainings");
}

TEST(ArSSRCheckpoint, IdentitiesDiffer)
{
  EXPECT_NE(MakeRunIdentity(), MakeRunIdentity());
  EXPECT_EQ(MakeRunIdentity().size(), 32U);
}
