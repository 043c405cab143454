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
#ifndef ArSSRTrainingSession_h
#define ArSSRTrainingSession_h

#include "itkArSSRTrainer.h"

#include "samples/ArSSRPrefetcher.h"
#include "samples/ArSSRSampleSource.h"
#include "training/ArSSRCheckpoint.h"
#include "training/ArSSROptimizer.h"
#include "training/ArSSRProcessGroup.h"
#include "training/ArSSRRecipeSettings.h"
#include "training/ArSSRTrainingBatch.h"
#include "training/ArSSRTrainingMetaData.h"

#include <ATen/core/Generator.h>

#include <chrono>
#include <memory>
#include <optional>

namespace itk::arssr
{
/** \brief One training, from its first step or a checkpoint to its end. */
class TrainingSession
{
public:
  /** Checks everything and gets ready. \param status is kept up to date. */
  TrainingSession(const ArSSRTrainer::Job & job, ArSSRTrainingStatus & status);
  ~TrainingSession();
  TrainingSession(const TrainingSession &) = delete;
  TrainingSession &
  operator=(const TrainingSession &) = delete;

  void
  Run();

  /** The best weights so far by validation, or the latest where nothing is validated. */
  std::shared_ptr<const Network>
  GetBestNetwork() const;

  /** A copy of the averaged weights as they are now, on the CPU. */
  std::shared_ptr<const Network>
  GetCurrentNetwork() const;

  /** Entries that describe the training in the model's metadata. */
  std::map<std::string, std::string>
  GetMetaData() const
  {
    return DescribeTraining(m_Job, m_Status);
  }

private:
  using Clock = std::chrono::steady_clock;

  static std::shared_ptr<const Network>
  MakeInitialNetwork(const ArSSRTrainer::Job & job, std::uint64_t seed);

  void
  Restore(const Checkpoint & checkpoint);
  void
  StartPrefetcher();
  void
  TrainStep();
  void
  FinishEpoch();
  void
  Validate();
  void
  WriteCheckpoint();

  /** Reports the status to the caller. \return whether all processes go on. */
  bool
  Report(bool epochEnded);

  void
  UpdateTimes();

  /** A last ReLU that gives only zeros passes no gradient back, and training stands still: restarts the last layer at
   * the mean intensity. */
  void
  ReviveDeadOutput(const at::Tensor & predicted, const at::Tensor & values);

  std::vector<std::string>
  DescribeImages() const;

  const ArSSRTrainer::Job &      m_Job;
  TrainingSettings               m_Settings;
  ArSSRTrainingStatus &          m_Status;
  at::Device                     m_Device;
  ProcessGroup                   m_Processes;
  SampleSource                   m_Samples;
  std::shared_ptr<Network>       m_Network;
  Optimizer                      m_Optimizer;
  std::shared_ptr<const Network> m_Best;
  // Destroyed, and its threads joined, before m_Samples, from which they draw.
  std::unique_ptr<Prefetcher>        m_Prefetcher;
  std::optional<CheckpointDirectory> m_Checkpoints;
  std::string                        m_Run; // identity in checkpoints
  SizeValueType                      m_FirstSerial{ 0 };
  SizeValueType                      m_StepsPerEpoch;
  SizeValueType                      m_StepsOfEpoch{ 0 };
  double                             m_LossOfEpoch{ 0.0 };
  SizeValueType                      m_StepOfLastCheckpoint{ 0 };
  Clock::time_point                  m_Start; // of this run, and of the epoch or what there is of it in this run
  Clock::time_point                  m_EpochStart;
  SizeValueType                      m_StepsOfRun{ 0 };
  SizeValueType                      m_StepsSinceEpochStart{ 0 };
  double                             m_WaitedAtEpochStart{ 0.0 };
};
} // namespace itk::arssr

#endif
