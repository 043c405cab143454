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
#include "training/ArSSRTrainingSession.h"

#include "platform/ArSSRAutocast.h"
#include "platform/ArSSRDevice.h"

#include "itkMacro.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <sstream>

namespace itk::arssr
{
namespace
{
// Batches that are prepared while the network trains on one: enough to level out samples that wait for an image.
constexpr SizeValueType BatchesAhead = 4;

constexpr double NotYet = std::numeric_limits<double>::quiet_NaN();

/** Values that may differ when a training is resumed, as they do not change the model. All others decide about samples,
 * weights or the schedule; so does the number of epochs, over which the cosine is spread. */
const std::set<std::string> &
GetFreeValues()
{
  static const std::set<std::string> names{ "prefetch_threads", "checkpoint_every", "checkpoints_kept" };
  return names;
}

double
Seconds(std::chrono::steady_clock::duration duration)
{
  return std::chrono::duration<double>(duration).count();
}
} // namespace


TrainingSession::TrainingSession(const ArSSRTrainer::Job & job, ArSSRTrainingStatus & status)
  : m_Job(job)
  , m_Settings(ReadTrainingSettings(job.recipe))
  , m_Status(status)
  , m_Device(ResolveDevice(job.device))
  , m_Processes(job.processGroup)
  , m_Samples(
      ReadSampleSettings(job.recipe),
      { job.trainingImages, job.validationImages, job.labelMaps },
      static_cast<std::uint64_t>(job.memoryBudget) << 20,
      job.warn ? job.warn : [](const std::string &) {})
  // Every process draws the same weights from the seed, or has the same model: none needs to be sent.
  , m_Network(MakeInitialNetwork(job, m_Settings.seed)->CopyForTraining(m_Device))
  , m_Optimizer(m_Settings.optimizer, m_Network)
  , m_StepsPerEpoch(m_Samples.GetStepsPerEpoch())
{
  const auto processes = static_cast<SizeValueType>(m_Processes.GetSize());
  // Equal shares: only then is the mean of the processes' means the mean over the batch.
  if (m_Settings.batch % processes != 0)
  {
    itkGenericExceptionMacro("The training recipe's batch is "
                             << m_Settings.batch << "; a multiple of the number of processes, " << processes
                             << ", is expected.");
  }
  // What a trainer's earlier run left must not show.
  m_Status = ArSSRTrainingStatus();
  m_Status.numberOfEpochs = m_Settings.optimizer.epochs;
  m_Status.numberOfSteps = m_Status.numberOfEpochs * m_StepsPerEpoch;
  m_Status.validationLoss = m_Status.validationPSNR = m_Status.bestValidationPSNR = NotYet;
  if (job.resumeFrom.empty())
  {
    // Random, so it differs between processes; only the leader writes it.
    m_Run = MakeRunIdentity();
  }
  else
  {
    this->Restore(ReadCheckpoint(job.resumeFrom));
  }
  // After Restore(), which gives the identity by which a directory is one's own.
  if (!job.checkpointDirectory.empty() && m_Processes.IsLeader())
  {
    m_Checkpoints.emplace(job.checkpointDirectory, m_Settings.checkpointsKept, m_Run);
  }
}

TrainingSession::~TrainingSession() = default;


std::shared_ptr<const Network>
TrainingSession::MakeInitialNetwork(const ArSSRTrainer::Job & job, std::uint64_t seed)
{
  if (job.initialModel)
  {
    if (job.initialModel->IsEmpty())
    {
      itkGenericExceptionMacro("The initial model is empty. Call ReadFile() or SetRandomNetwork() on it first.");
    }
    return job.initialModel->GetNetwork();
  }
  auto network = std::make_shared<Network>(MakeArchitecture(job.recipe));
  // From a generator of its own: the samples of a seed do not depend on the network.
  network->InitializeWeights(seed);
  return network;
}


void
TrainingSession::Restore(const Checkpoint & checkpoint)
{
  // All is compared before anything is changed, as canonical texts, so that 1e-3 and 0.001 are the same.
  const ArSSRTrainingRecipe standard;
  for (const auto & value : m_Job.recipe.GetValues())
  {
    // A value that the checkpoint's version did not have yet was what it is by default.
    const auto          found = checkpoint.recipe.find(value.first);
    const std::string & other = found == checkpoint.recipe.end() ? standard.Get(value.first) : found->second;
    if (GetFreeValues().count(value.first) == 0 && other != value.second)
    {
      itkGenericExceptionMacro("The checkpoint was made with "
                               << value.first << " = " << other << ", the training recipe has " << value.second
                               << ". Resume with the same recipe, or start a new training with "
                               << "the model as the initial model.");
    }
  }
  // Samples name images by position: another order or size gives other samples under the same numbers.
  if (checkpoint.images != this->DescribeImages())
  {
    itkGenericExceptionMacro("The checkpoint was made with other images: "
                             << checkpoint.images.size() << " there, " << this->DescribeImages().size()
                             << " here, or their names, sizes or order differ. Resume with the same images.");
  }
  // Random numbers have no state to restore; the step tells which sample comes next.
  m_Optimizer.SetState(checkpoint.tensors, checkpoint.status.step);
  m_Run = checkpoint.run;
  m_FirstSerial = checkpoint.serial + 1;
  const SizeValueType numberOfEpochs = m_Status.numberOfEpochs;
  const SizeValueType numberOfSteps = m_Status.numberOfSteps;
  m_Status = checkpoint.status;
  m_Status.numberOfEpochs = numberOfEpochs; // not in the file
  m_Status.numberOfSteps = numberOfSteps;
  m_StepsOfEpoch = checkpoint.stepsOfEpoch;
  m_LossOfEpoch = checkpoint.lossOfEpoch;
  // What was just read need not be written again if the training is stopped at once.
  m_StepOfLastCheckpoint = checkpoint.status.step;

  std::vector<NamedTensor> best;
  const std::string        prefix = "best.";
  for (const NamedTensor & tensor : checkpoint.tensors)
  {
    if (tensor.name.compare(0, prefix.size(), prefix) == 0)
    {
      best.push_back({ tensor.name.substr(prefix.size()), tensor.tensor });
    }
  }
  if (!best.empty())
  {
    // On the CPU, as GetCurrentNetwork() leaves it.
    auto network = std::make_shared<Network>(m_Network->GetArchitecture());
    network->SetWeights(best);
    m_Best = network;
  }
}


std::vector<std::string>
TrainingSession::DescribeImages() const
{
  // Name and size identify an image. Its voxels are not compared, as that would read a whole cohort before the first
  // step.
  std::vector<std::string> lines;
  const auto               add = [&lines](const char * purpose, const std::vector<ArSSRTrainingImage> & images) {
    for (const ArSSRTrainingImage & image : images)
    {
      std::ostringstream line;
      line << purpose << ' ' << image.size << ' ' << image.name;
      lines.push_back(line.str());
    }
  };
  add("training", m_Job.trainingImages);
  add("validation", m_Job.validationImages);
  add("labels", m_Job.labelMaps);
  return lines;
}


void
TrainingSession::StartPrefetcher()
{
  // Of n processes each takes every n-th sample, so that together they train on the samples that one alone would.
  const auto processes = static_cast<std::uint64_t>(m_Processes.GetSize());
  const auto rank = static_cast<std::uint64_t>(m_Processes.GetRank());
  // By the step, so that a resumed training goes on with the sample after the last one it used, whatever the workers
  // had drawn ahead.
  const auto first = static_cast<std::uint64_t>(m_Status.step) * m_Settings.batch + rank;
  m_Prefetcher =
    std::make_unique<Prefetcher>([this](std::uint64_t number) { return m_Samples.Draw(number); },
                                 [first, processes](std::uint64_t position) { return first + position * processes; },
                                 m_Settings.prefetchThreads,
                                 // In samples of this process; the batch is a multiple of the number of processes.
                                 BatchesAhead * m_Settings.batch / processes);
}


// One protocol for one process and for many: all run the same steps, and at the same places of each wait for one
// another, to average gradients, to sum losses and to agree whether to stop. So a process that reports, validates or
// writes must not be left alone in it: each of these is called by all, and only what it does differs.
void
TrainingSession::Run()
{
  const ThreadCountScope threads(m_Job.numberOfThreads);
  const AutocastScope    autocast(m_Device, m_Settings.autocast);
  this->StartPrefetcher();
  m_Start = m_EpochStart = Clock::now();
  bool goOn = true;
  // A step; the report; at an epoch's end validation, a checkpoint and another report. A request to stop within an
  // epoch's last step still finishes the epoch, so that its figures are not lost.
  while (goOn && m_Status.step < m_Status.numberOfSteps)
  {
    this->TrainStep();
    goOn = this->Report(false);
    if (m_StepsOfEpoch == m_StepsPerEpoch)
    {
      this->FinishEpoch();
      // Report() first: exchanged operands would not report the end of the epoch in which a training is stopped.
      goOn = this->Report(true) && goOn;
      m_EpochStart = Clock::now();
      m_StepsSinceEpochStart = 0;
      m_WaitedAtEpochStart = m_Prefetcher->GetSecondsWaited();
    }
  }
  // Joins its threads and frees the samples that are ready, before the checkpoint copies all tensors.
  m_Prefetcher.reset();
  // Stopped between checkpoints: nothing that was trained is lost.
  if (m_StepOfLastCheckpoint != m_Status.step)
  {
    this->WriteCheckpoint();
  }
}


void
TrainingSession::TrainStep()
{
  std::vector<TrainingSample> samples;
  const auto                  count = m_Settings.batch / static_cast<SizeValueType>(m_Processes.GetSize());
  samples.reserve(count);
  for (SizeValueType i = 0; i < count; ++i)
  {
    // Throws what drawing the sample threw, such as the exception of an image that cannot be read.
    samples.push_back(m_Prefetcher->Next());
  }
  // Gradients are those of the mean over the samples of all processes; each then takes the same step with the same
  // bits.
  const TrainingBatch batch = StackSamples(samples, m_Device);
  m_Optimizer.ZeroGradients();
  const at::Tensor predicted = m_Network->Predict(batch.lowResolution, batch.points, batch.voxelSizes);
  const at::Tensor loss = ComputeLoss(m_Settings.loss, predicted, batch.values);
  loss.backward();
  m_Processes.Average(m_Optimizer.GetGradients());

  // The step is counted after this: the schedule starts with 0.
  m_Status.learningRate = GetLearningRate(m_Settings.optimizer, m_Status.step, m_StepsPerEpoch);
  m_Status.gradientNorm = m_Optimizer.Step(m_Status.learningRate);
  // With a skip the output has no last ReLU. After Adam's step, which could otherwise move the weights that are set
  // here.
  if (m_Settings.deadOutputGuard && m_Network->GetArchitecture().skip == ArSSRModelEnums::Skip::None)
  {
    this->ReviveDeadOutput(predicted, batch.values);
  }

  // Waits for the device. Every process has the same sum, and so the same loss of the epoch in its checkpoint.
  std::vector<double> sums{ loss.item<double>() };
  m_Processes.Sum(sums);
  m_Status.loss = sums[0] / static_cast<double>(m_Processes.GetSize());
  m_LossOfEpoch += m_Status.loss;
  ++m_Status.step;
  ++m_StepsOfEpoch;
  ++m_StepsOfRun;
  ++m_StepsSinceEpochStart;
}


void
TrainingSession::ReviveDeadOutput(const at::Tensor & predicted, const at::Tensor & values)
{
  // Dead only if no point of the whole batch is above 0; one process's share may be dark by chance. All processes
  // decide by the same sums, and so reset, or not, together.
  std::vector<double> sums{ predicted.max().item<double>() > 0.0 ? 1.0 : 0.0, values.mean().item<double>() };
  m_Processes.Sum(sums);
  const double mean = sums[1] / static_cast<double>(m_Processes.GetSize());
  if (sums[0] == 0.0 && mean > 0.0)
  {
    m_Optimizer.ResetLastLayer(mean);
    ++m_Status.revivals;
  }
}


void
TrainingSession::FinishEpoch()
{
  // Counters first: a checkpoint written here resumes at the start of the next epoch.
  ++m_Status.epoch;
  m_Status.epochLoss = m_LossOfEpoch / static_cast<double>(m_StepsOfEpoch);
  m_StepsOfEpoch = 0;
  m_LossOfEpoch = 0.0;
  const bool last = m_Status.step == m_Status.numberOfSteps;
  if (m_Samples.GetNumberOfValidationSamples() > 0 && (last || m_Status.epoch % m_Settings.validationEvery == 0))
  {
    this->Validate();
  }
  // After validation, so that the checkpoint holds its figures and the best weights.
  if (last || m_Status.epoch % m_Settings.checkpointEvery == 0)
  {
    this->WriteCheckpoint();
  }
}


void
TrainingSession::Validate()
{
  // Samples are dealt out to the processes in turn and each is measured on its own, so that the figures do not depend
  // on batches; they depend on the number of processes by the order of sums alone.
  const at::NoGradGuard          noGradient;
  std::shared_ptr<const Network> network = m_Optimizer.GetAverage();
  const auto                     count = m_Samples.GetNumberOfValidationSamples();
  const auto                     processes = static_cast<std::size_t>(m_Processes.GetSize());
  std::vector<double>            sums{ 0.0, 0.0 }; // of |error| and error²
  for (auto i = static_cast<std::size_t>(m_Processes.GetRank()); i < count; i += processes)
  {
    const TrainingBatch batch = StackSamples({ m_Samples.DrawValidation(i) }, m_Device);
    const at::Tensor    error = network->Predict(batch.lowResolution, batch.points, batch.voxelSizes) - batch.values;
    sums[0] += error.abs().mean().item<double>();
    sums[1] += error.square().mean().item<double>();
  }
  m_Processes.Sum(sums);
  m_Status.validationLoss = sums[0] / static_cast<double>(count);
  // Of the mean squared error over all samples, for an intensity range of 1; not the mean of PSNRs.
  m_Status.validationPSNR = -10.0 * std::log10(sums[1] / static_cast<double>(count));
  // Before the first validation the best is NaN, which nothing is below; a NaN itself is no best.
  if (!std::isnan(m_Status.validationPSNR) && !(m_Status.validationPSNR <= m_Status.bestValidationPSNR))
  {
    m_Status.bestValidationPSNR = m_Status.validationPSNR;
    m_Status.bestEpoch = m_Status.epoch;
    // A copy on the CPU: the average goes on changing, and GPU memory is left to the training.
    m_Best = this->GetCurrentNetwork();
  }
}


void
TrainingSession::WriteCheckpoint()
{
  // Also where nothing is written, so that all processes take the same way through Run().
  m_StepOfLastCheckpoint = m_Status.step;
  if (!m_Checkpoints) // not the leader, or no directory is set
  {
    return;
  }
  Checkpoint checkpoint;
  // A lower bound, for a resumed training that writes into an empty directory; Write() counts on from what is there.
  checkpoint.serial = m_FirstSerial;
  checkpoint.recipe = m_Job.recipe.GetValues();
  checkpoint.images = this->DescribeImages();
  checkpoint.status = m_Status;
  checkpoint.stepsOfEpoch = m_StepsOfEpoch;
  checkpoint.lossOfEpoch = m_LossOfEpoch;
  checkpoint.tensors = m_Optimizer.GetState();
  if (m_Best)
  {
    for (const auto & entry : m_Best->GetParameters().GetEntries())
    {
      checkpoint.tensors.push_back({ "best." + entry.name, entry.value });
    }
  }
  m_Checkpoints->Write(std::move(checkpoint));
}


bool
TrainingSession::Report(bool epochEnded)
{
  this->UpdateTimes();
  // A process that wants to stop stops all; otherwise the others would wait for it in the next step's collectives.
  std::vector<double> stops{ !m_Job.report || m_Job.report(m_Status, epochEnded) ? 0.0 : 1.0 };
  m_Processes.Sum(stops);
  return stops[0] == 0.0;
}


void
TrainingSession::UpdateTimes()
{
  const Clock::time_point now = Clock::now();
  // Not 0, which a coarse clock may give for a short step.
  const double epochSeconds = std::max(Seconds(now - m_EpochStart), 1e-9);
  // Rates are those of this process's clock, over the samples of all processes.
  if (m_StepsSinceEpochStart > 0)
  {
    m_Status.samplesPerSecond = static_cast<double>(m_StepsSinceEpochStart * m_Settings.batch) / epochSeconds;
    m_Status.waitingShare = (m_Prefetcher->GetSecondsWaited() - m_WaitedAtEpochStart) / epochSeconds;
  }
  // From this run's steps: those before resuming tell nothing of this machine. Validation is part of the time.
  const auto left = static_cast<double>(m_Status.numberOfSteps - m_Status.step);
  m_Status.secondsLeft = Seconds(now - m_Start) / static_cast<double>(std::max<SizeValueType>(m_StepsOfRun, 1)) * left;
}


std::shared_ptr<const Network>
TrainingSession::GetBestNetwork() const
{
  return m_Best ? m_Best : this->GetCurrentNetwork();
}


std::shared_ptr<const Network>
TrainingSession::GetCurrentNetwork() const
{
  const at::NoGradGuard    noGradient;
  std::vector<NamedTensor> weights;
  // The average is what is validated and kept. Cloned, as on the CPU to() and contiguous() give the same memory.
  for (const auto & entry : m_Optimizer.GetAverage()->GetParameters().GetEntries())
  {
    weights.push_back({ entry.name, entry.value.detach().to(at::kCPU).contiguous().clone() });
  }
  auto network = std::make_shared<Network>(m_Network->GetArchitecture());
  network->SetWeights(weights);
  return network;
}
} // namespace itk::arssr
