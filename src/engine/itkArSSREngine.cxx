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
#include "itkArSSREngine.h"

#include "engine/ArSSRRunner.h"
#include "grid/ArSSRMirror.h"
#include "platform/ArSSRDevice.h"
#include "platform/ArSSRTorchErrors.h"

#include <c10/core/InferenceMode.h>

namespace itk
{
ArSSREngine::ArSSREngine()
  : m_Runner(std::make_unique<arssr::Runner>())
{}

ArSSREngine::~ArSSREngine() = default;

void
ArSSREngine::SetModel(const ArSSRModel * model)
{
  // The runner keeps its executor until the next job, which compares the network itself: a model's network can be
  // replaced without a call of SetModel().
  if (m_Model != model)
  {
    m_Model = model;
    this->Modified();
  }
}

const ArSSRModel *
ArSSREngine::GetModel() const
{
  return m_Model;
}

void
ArSSREngine::SetDevice(const std::string & device)
{
  // Resolved at once, so that a wrong name is refused here, and a device that `auto` stands for already does not make
  // the pipeline run again.
  const at::Device resolved = arssr::CallTorch([&] { return arssr::ResolveDevice(device); });
  if (m_Runner->settings.device != resolved)
  {
    m_Runner->settings.device = resolved;
    this->Modified();
  }
}

void
ArSSREngine::SetPrecision(const std::string & precision)
{
  const arssr::Precision parsed = arssr::ParsePrecision(precision);
  if (m_Runner->settings.precision != parsed)
  {
    m_Runner->settings.precision = parsed;
    this->Modified();
  }
}

void
ArSSREngine::SetNumberOfPasses(unsigned int passes)
{
  // Only of 1, 2, 4 and 8 passes does MirrorsOfPasses mirror each axis in half, and only for these is PassAverage exact
  // where all passes agree.
  const bool isPowerOfTwo = passes != 0 && (passes & (passes - 1)) == 0;
  if (!isPowerOfTwo || passes > arssr::MirrorsOfPasses.size())
  {
    itkExceptionMacro("The quality is " << passes << "; a number of passes, 1, 2, 4 or 8, is expected.");
  }
  if (m_Runner->settings.passes != passes)
  {
    m_Runner->settings.passes = passes;
    this->Modified();
  }
}

unsigned int
ArSSREngine::GetNumberOfPasses() const
{
  return m_Runner->settings.passes;
}

std::string
ArSSREngine::GetResolvedPrecision() const
{
  return arssr::CallTorch([&] { return arssr::ToText(m_Runner->settings.GetResolvedPrecision()); });
}

std::string
ArSSREngine::GetResolvedDevice() const
{
  return m_Runner->settings.device.str();
}

std::string
ArSSREngine::GetResolvedExecutor() const
{
  return m_Runner->GetExecutorDescription();
}

namespace
{
constexpr double BytesPerMiB = 1024.0 * 1024.0;

std::shared_ptr<const arssr::Network>
GetNetworkOf(const ArSSRModel * model)
{
  if (model == nullptr || model->IsEmpty())
  {
    itkGenericExceptionMacro("The engine has no model, or an empty one. Call ReadFile() or SetRandomNetwork() of an "
                             "ArSSRModel and pass it to SetModel().");
  }
  return model->GetNetwork();
}

/** Calls what uses torch, on so many of its CPU threads: one in a process that was forked, where others would be waited
 * for in vain. */
template <typename TFunction>
auto
CallWithThreads(unsigned int numberOfThreads, const TFunction & function)
{
  return arssr::CallTorch(
    [&] {
      // Nothing here is differentiated: without the bookkeeping of autograd, tensors need less memory and time.
      const c10::InferenceMode      inferenceMode;
      const arssr::ThreadCountScope threads(numberOfThreads);
      return function();
    },
    "Set a smaller MemoryBudget, stream the output in more divisions, or use the device 'cpu'.");
}
} // namespace

ArSSRTileLattice
ArSSREngine::PlanTiles(const SizeType & imageSize) const
{
  const auto network = GetNetworkOf(m_Model);
  // Costs are the executor's, which is made here, with its weights, and then kept for Run().
  const arssr::TileCosts costs = CallWithThreads(m_NumberOfThreads, [&] { return m_Runner->GetCosts(network); });
  return arssr::PlanTiles(imageSize, costs, m_MemoryBudget);
}

SizeValueType
ArSSREngine::Run(const Job & job)
{
  const auto network = GetNetworkOf(m_Model);
  m_Runner->settings.threads = m_NumberOfThreads;
  return CallWithThreads(
    m_NumberOfThreads, [&] { return m_Runner->Run(job, network, static_cast<double>(m_MemoryBudget) * BytesPerMiB); });
}

void
ArSSREngine::ReleaseFeatures()
{
  m_Runner->GetCache().Clear();
}

SizeValueType
ArSSREngine::GetNumberOfEncodedTiles() const
{
  return m_Runner->GetNumberOfEncodedTiles();
}

SizeValueType
ArSSREngine::GetFeatureCacheSize() const
{
  return m_Runner->GetCache().GetSize();
}

void
ArSSREngine::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  itkPrintSelfObjectMacro(Model);
  os << indent << "Device: " << this->GetResolvedDevice() << std::endl;
  os << indent << "Precision: " << arssr::ToText(m_Runner->settings.precision) << std::endl;
  os << indent << "ResolvedExecutor: " << this->GetResolvedExecutor() << std::endl;
  os << indent << "MemoryBudget: " << m_MemoryBudget << " MiB" << std::endl;
  os << indent << "NumberOfPasses: " << this->GetNumberOfPasses() << std::endl;
  os << indent << "NumberOfThreads: " << m_NumberOfThreads << std::endl;
  os << indent << "NumberOfEncodedTiles: " << this->GetNumberOfEncodedTiles() << std::endl;
  os << indent << "FeatureCacheSize: " << this->GetFeatureCacheSize() << " bytes" << std::endl;
}
} // end namespace itk
