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
#include "itkArSSRTrainer.h"

#include "platform/ArSSRPythonLock.h"
#include "platform/ArSSRTorchErrors.h"
#include "training/ArSSRTrainingSession.h"

#include "itkMetaDataObject.h"

namespace itk
{
namespace
{
ArSSRModel::Pointer
MakeModel(std::shared_ptr<const arssr::Network> network, const std::map<std::string, std::string> & metadata)
{
  auto               model = ArSSRModel::New();
  MetaDataDictionary dictionary;
  for (const auto & entry : metadata)
  {
    EncapsulateMetaData<std::string>(dictionary, entry.first, entry.second);
  }
  model->SetMetaDataDictionary(std::move(dictionary));
  model->SetNetwork(std::move(network));
  return model;
}

/** Makes a session known to the trainer until the end of the scope, also when the session throws. */
class SessionScope
{
public:
  SessionScope(const arssr::TrainingSession *& place, const arssr::TrainingSession & session)
    : m_Place(place)
  {
    m_Place = &session;
  }
  ~SessionScope()
  {
    m_Place = nullptr;
  }
  ITK_DISALLOW_COPY_AND_MOVE(SessionScope);

private:
  const arssr::TrainingSession *& m_Place;
};
} // namespace

ArSSRTrainer::ArSSRTrainer() = default;
ArSSRTrainer::~ArSSRTrainer() = default;

ArSSRModel::Pointer
ArSSRTrainer::Run(const Job & job)
{
  // 1. Errors of torch become ExceptionObject, also those of the session's constructor. 2. Python's lock is released
  // for as long as the session works, as autograd's threads take it; a `report` in Python takes it itself. 3. The scope
  // ends before the session, so that GetCurrentModel() never sees one that is being destroyed.
  return arssr::CallTorch(
    [&] {
      const arssr::PythonLockRelease pythonLock;
      arssr::TrainingSession         session(job, m_Status);
      const SessionScope             scope(m_Session, session);
      session.Run();
      return MakeModel(session.GetBestNetwork(), session.GetMetaData());
    },
    "Set a smaller batch, patch_size or samples in the recipe, or a smaller memory budget for the images.");
}

ArSSRModel::Pointer
ArSSRTrainer::GetCurrentModel() const
{
  // Meant for `report`, which runs in the training's thread between steps: no weight is being changed then.
  if (m_Session == nullptr)
  {
    itkExceptionMacro("No training is running. Get the current model while Run() reports progress.");
  }
  return arssr::CallTorch([&] { return MakeModel(m_Session->GetCurrentNetwork(), m_Session->GetMetaData()); });
}

void
ArSSRTrainer::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  os << indent << "Training: " << (m_Session == nullptr ? "Off" : "On") << std::endl;
  os << indent << "Epoch: " << m_Status.epoch << " of " << m_Status.numberOfEpochs << std::endl;
  os << indent << "Step: " << m_Status.step << " of " << m_Status.numberOfSteps << std::endl;
  os << indent << "Loss: " << m_Status.loss << std::endl;
  os << indent << "ValidationPSNR: " << m_Status.validationPSNR << std::endl;
  os << indent << "BestValidationPSNR: " << m_Status.bestValidationPSNR << std::endl;
}
} // end namespace itk
