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

#include "itkArSSRModel.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#ifndef _WIN32
#  include <csignal>
#  include <cstdlib>
#  include <sys/wait.h>
#  include <unistd.h>
#endif

// A writer that is killed leaves the old file or the new one.

#ifndef _WIN32
namespace
{
using namespace itk::arssr;
using itk::ArSSRModel;
using itk::arssr::test::TemporaryDirectory;

constexpr int Kills = 200;

/** A pipe by which a process tells that it has begun. */
class Beginning
{
public:
  Beginning()
  {
    EXPECT_EQ(pipe(m_Ends), 0);
  }
  ~Beginning()
  {
    close(m_Ends[0]);
    close(m_Ends[1]);
  }
  Beginning(const Beginning &) = delete;
  Beginning &
  operator=(const Beginning &) = delete;

  void
  Tell() const
  {
    const char anything = 0;
    EXPECT_EQ(::write(m_Ends[1], &anything, 1), 1);
  }
  void
  Wait() const
  {
    char anything = 0;
    EXPECT_EQ(::read(m_Ends[0], &anything, 1), 1);
  }

private:
  int m_Ends[2]{};
};

/** Kills a process that writes again and again, at random moments, and looks at what is there each time. */
template <typename TWrite, typename TVerify>
void
KillWriters(const TWrite & write, const TVerify & verify)
{
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  write(0);
  const std::chrono::duration<double>    timeOfOne = Clock::now() - begin;
  std::mt19937                           random(4);
  std::uniform_real_distribution<double> writes(0.0, 4.0); // most of them cut, some of them done
  for (int kill = 0; kill < Kills; ++kill)
  {
    const Beginning beginning;
    const pid_t     writer = fork();
    ASSERT_GE(writer, 0);
    if (writer == 0)
    {
      try
      {
        beginning.Tell();
        for (unsigned int count = 0;; ++count)
        {
          write(kill + count);
        }
      }
      catch (...)
      {
        _exit(EXIT_FAILURE); // the tests go on in the parent
      }
    }
    beginning.Wait();
    std::this_thread::sleep_for(writes(random) * timeOfOne);
    ASSERT_EQ(::kill(writer, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(waitpid(writer, &status, 0), writer);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself";
    verify();
    ASSERT_FALSE(::testing::Test::HasFailure()) << "after kill " << kill;
  }
}

std::string
ReadAll(const std::string & path)
{
  std::ifstream file(path, std::ios::binary);
  return { std::istreambuf_iterator<char>(file), {} };
}

ArSSRModel::Pointer
MakeModel(unsigned int seed)
{
  auto model = ArSSRModel::New();
  model->SetRandomLocalNetwork(8, 2, 32, 16, 64, seed);
  return model;
}

Checkpoint
MakeCheckpoint(unsigned int step)
{
  Checkpoint checkpoint;
  checkpoint.status.step = step;
  checkpoint.tensors = { { "weights.a", at::full({ 30000 }, static_cast<double>(step), at::kFloat) } };
  return checkpoint;
}
} // namespace

// Otherwise a job that the scheduler stops could leave half a model under the name that everything reads.
TEST(ArSSRKilledWriter, LeavesTheOldModelOrTheNewOne)
{
  const TemporaryDirectory  directory;
  const std::string         path = directory.File("model.safetensors");
  const ArSSRModel::Pointer models[] = { MakeModel(1), MakeModel(2) };
  std::string               contents[2];
  for (int number : { 0, 1 })
  {
    models[number]->WriteFile(path);
    contents[number] = ReadAll(path);
  }
  ASSERT_NE(contents[0], contents[1]);
  int found[2] = { 0, 0 };
  KillWriters([&](unsigned int count) { models[count % 2]->WriteFile(path); },
              [&] {
                const std::string content = ReadAll(path);
                ASSERT_TRUE(content == contents[0] || content == contents[1]) << content.size() << " bytes";
                ++found[content == contents[0] ? 0 : 1];
                const auto model = ArSSRModel::New();
                ASSERT_NO_THROW(model->ReadFile(path));
              });
  EXPECT_GT(found[0], 0) << "writers were always killed before they had written";
  EXPECT_GT(found[1], 0);
}

// Otherwise a training run that is killed could not be resumed, or would resume from before its last checkpoint.
TEST(ArSSRKilledWriter, LeavesACheckpointThatCanBeRead)
{
  const TemporaryDirectory  directory;
  const CheckpointDirectory files(directory.GetPath().string(), 2, "run");
  unsigned int              latest = 0; // that is known to be there
  files.Write(MakeCheckpoint(latest));
  KillWriters([&](unsigned int) { files.Write(MakeCheckpoint(++latest)); }, // of the child's copy
              [&] {
                const Checkpoint read = ReadCheckpoint(directory.GetPath().string());
                ASSERT_GE(read.status.step, latest) << "a checkpoint that had been there is lost";
                ASSERT_EQ(read.tensors.size(), 1U);
                const at::Tensor expected = at::full({ 30000 }, static_cast<double>(read.status.step), at::kFloat);
                ASSERT_TRUE(at::equal(read.tensors[0].tensor, expected)) << "step " << read.status.step;
                latest = static_cast<unsigned int>(read.status.step);
              });
  EXPECT_GT(latest, 1U) << "writers were always killed before they had written";
}
#endif
