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

#include "ArSSRTestHelpers.h"

#include <gtest/gtest.h>

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

namespace
{
using namespace itk::arssr;
using itk::arssr::test::ExpectError;
using itk::arssr::test::TemporaryDirectory;

Checkpoint
MakeCheckpoint()
{
  Checkpoint checkpoint;
  checkpoint.recipe = { { "encoder", "Residual" }, { "samples", "3000" } };
  checkpoint.images = { "training [5, 6, 7] a name with blanks.nii", "validation [8, 9, 10] b" };
  checkpoint.epoch = 3;
  checkpoint.step = 41;
  checkpoint.stepsOfEpoch = 11;
  checkpoint.lossOfEpoch = 0.1 + 0.2; // a number that no short text gives back
  checkpoint.bestEpoch = 2;
  checkpoint.validationLoss = 1e-300;
  checkpoint.validationPSNR = 33.25;
  checkpoint.bestValidationPSNR = 34.5;
  checkpoint.revivals = 1;
  checkpoint.tensors = { { "weights.a", at::arange(6, at::kFloat).view({ 2, 3 }) } };
  return checkpoint;
}
} // namespace

TEST(ArSSRCheckpoint, ComesBackAsItWas)
{
  const TemporaryDirectory  directory;
  const CheckpointDirectory files(directory.GetPath().string(), 3);
  const Checkpoint          written = MakeCheckpoint();
  files.Write(written);
  const Checkpoint read = ReadCheckpoint(directory.GetPath().string());
  EXPECT_EQ(read.recipe, written.recipe);
  EXPECT_EQ(read.images, written.images);
  EXPECT_EQ(read.epoch, written.epoch);
  EXPECT_EQ(read.step, written.step);
  EXPECT_EQ(read.stepsOfEpoch, written.stepsOfEpoch);
  EXPECT_EQ(read.lossOfEpoch, written.lossOfEpoch);
  EXPECT_EQ(read.bestEpoch, written.bestEpoch);
  EXPECT_EQ(read.validationLoss, written.validationLoss);
  EXPECT_EQ(read.validationPSNR, written.validationPSNR);
  EXPECT_EQ(read.bestValidationPSNR, written.bestValidationPSNR);
  EXPECT_EQ(read.revivals, written.revivals);
  ASSERT_EQ(read.tensors.size(), 1U);
  EXPECT_EQ(read.tensors[0].name, "weights.a");
  EXPECT_TRUE(at::equal(read.tensors[0].tensor, written.tensors[0].tensor));
}

TEST(ArSSRCheckpoint, KeepsFiguresThatAreNotFinite)
{
  const TemporaryDirectory  directory;
  const CheckpointDirectory files(directory.GetPath().string(), 3);
  Checkpoint                checkpoint = MakeCheckpoint();
  const double              infinity = std::numeric_limits<double>::infinity();
  checkpoint.bestValidationPSNR = infinity; // a perfect validation
  checkpoint.validationPSNR = -infinity;
  checkpoint.validationLoss = std::numeric_limits<double>::quiet_NaN(); // none yet
  files.Write(checkpoint);
  const Checkpoint read = ReadCheckpoint(directory.GetPath().string());
  EXPECT_EQ(read.bestValidationPSNR, infinity);
  EXPECT_EQ(read.validationPSNR, -infinity);
  EXPECT_TRUE(std::isnan(read.validationLoss));
}

TEST(ArSSRCheckpoint, OnlyTheLatestAreKeptAndOneThatIsBrokenIsPassedOver)
{
  const TemporaryDirectory  directory;
  const CheckpointDirectory files(directory.GetPath().string(), 2);
  Checkpoint                checkpoint = MakeCheckpoint();
  for (const itk::SizeValueType step : { 9, 10, 100 })
  {
    checkpoint.step = step;
    files.Write(checkpoint);
  }
  ExpectError([&] { ReadCheckpoint(directory.File("checkpoint-000000009.safetensors")); }, "cannot be resumed");
  EXPECT_EQ(ReadCheckpoint(directory.GetPath().string()).step, 100U);
  std::filesystem::resize_file(directory.File("checkpoint-000000100.safetensors"), 40);
  EXPECT_EQ(ReadCheckpoint(directory.GetPath().string()).step, 10U);
}
