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
#ifndef itkArbitraryScaleSuperResolutionTrainingFilter_hxx
#define itkArbitraryScaleSuperResolutionTrainingFilter_hxx

#include "itkImageRegionConstIterator.h"

#include <algorithm>

namespace itk
{
template <typename TImage>
ArbitraryScaleSuperResolutionTrainingFilter<TImage>::ArbitraryScaleSuperResolutionTrainingFilter()
  : m_Trainer(ArSSRTrainer::New())
{
  // Inputs are named, as many as are added; label maps or procedural volumes can do without any image.
  this->SetNumberOfRequiredInputs(0);
  this->SetNumberOfRequiredOutputs(1);
  this->SetNthOutput(0, this->MakeOutput(0));
  this->AddOptionalInputName("InitialModel");
}

template <typename TImage>
DataObject::Pointer
ArbitraryScaleSuperResolutionTrainingFilter<TImage>::MakeOutput(DataObjectPointerArraySizeType)
{
  // Empty until the training is done: a filter behind this one learns its halo by updating the model first.
  return ArSSRModel::New().GetPointer();
}

template <typename TImage>
ArSSRModel *
ArbitraryScaleSuperResolutionTrainingFilter<TImage>::GetOutput()
{
  return static_cast<ArSSRModel *>(this->GetPrimaryOutput());
}

template <typename TImage>
const ArSSRModel *
ArbitraryScaleSuperResolutionTrainingFilter<TImage>::GetOutput() const
{
  return static_cast<const ArSSRModel *>(this->GetPrimaryOutput());
}

template <typename TImage>
std::string
ArbitraryScaleSuperResolutionTrainingFilter<TImage>::GetInputName(const std::string & prefix, std::size_t number)
{
  return prefix + std::to_string(number);
}

template <typename TImage>
void
ArbitraryScaleSuperResolutionTrainingFilter<TImage>::AddImage(const char *               prefix,
                                                              const ImageType *          image,
                                                              const std::string &        name,
                                                              const std::string &        unnamed,
                                                              std::vector<std::string> & names)
{
  if (image == nullptr)
  {
    itkExceptionMacro("The " << unnamed << ' ' << names.size() + 1 << " is a null pointer; an image is expected.");
  }
  // ITK updates all inputs before GenerateData(), which would hold a whole cohort in memory: this input passes only the
  // information on, and the trainer reads the voxels when it needs them.
  const auto input = ArSSRLazyInput::New();
  input->SetData(const_cast<ImageType *>(image)); // pipelines are not const correct: an input is updated through them
  this->ProcessObject::SetInput(GetInputName(prefix, names.size()), input);
  names.push_back(name.empty() ? unnamed + ' ' + std::to_string(names.size() + 1) : name);
}

template <typename TImage>
void
ArbitraryScaleSuperResolutionTrainingFilter<TImage>::AddTrainingImage(const ImageType * image, const std::string & name)
{
  this->AddImage("Training", image, name, "training image", m_TrainingNames);
}

template <typename TImage>
void
ArbitraryScaleSuperResolutionTrainingFilter<TImage>::AddValidationImage(const ImageType *   image,
                                                                        const std::string & name)
{
  this->AddImage("Validation", image, name, "validation image", m_ValidationNames);
}

template <typename TImage>
void
ArbitraryScaleSuperResolutionTrainingFilter<TImage>::AddTrainingLabels(const ImageType *   labels,
                                                                       const std::string & name)
{
  this->AddImage("Labels", labels, name, "label map", m_LabelNames);
}

template <typename TImage>
void
ArbitraryScaleSuperResolutionTrainingFilter<TImage>::SetRecipe(const std::string & name)
{
  // Replaces all values, those set one by one included.
  m_Recipe = ArSSRTrainingRecipe(name);
  this->Modified();
}

template <typename TImage>
void
ArbitraryScaleSuperResolutionTrainingFilter<TImage>::SetRecipeValue(const std::string & name, const std::string & value)
{
  m_Recipe.Set(name, value);
  this->Modified();
}

template <typename TImage>
void
ArbitraryScaleSuperResolutionTrainingFilter<TImage>::SetRecipeValue(const std::string & name, double value)
{
  m_Recipe.SetNumber(name, value);
  this->Modified();
}

template <typename TImage>
std::string
ArbitraryScaleSuperResolutionTrainingFilter<TImage>::GetRecipeValue(const std::string & name) const
{
  return m_Recipe.Get(name);
}

template <typename TImage>
std::vector<std::string>
ArbitraryScaleSuperResolutionTrainingFilter<TImage>::GetRecipeNames() const
{
  return ArSSRTrainingRecipe::GetNames();
}

template <typename TImage>
std::string
ArbitraryScaleSuperResolutionTrainingFilter<TImage>::GetRecipeDescription(const std::string & name) const
{
  return ArSSRTrainingRecipe::GetDescription(name);
}

template <typename TImage>
ArSSRModel::Pointer
ArbitraryScaleSuperResolutionTrainingFilter<TImage>::GetCurrentModel() const
{
  return m_Trainer->GetCurrentModel();
}

template <typename TImage>
std::vector<std::string>
ArbitraryScaleSuperResolutionTrainingFilter<TImage>::GetWarnings() const
{
  const std::lock_guard<std::mutex> lock(m_WarningsMutex);
  return m_Warnings;
}

template <typename TImage>
void
ArbitraryScaleSuperResolutionTrainingFilter<TImage>::VerifyPreconditions() const
{
  Superclass::VerifyPreconditions();
  m_Recipe.Verify();
  if (m_TrainingNames.empty() && m_LabelNames.empty() && m_Recipe.GetNumber("procedural_volumes") == 0.0)
  {
    itkExceptionMacro("There are no training images. Add at least one with AddTrainingImage(), or label maps with "
                      "AddTrainingLabels(), or set the recipe's procedural_volumes above 0.");
  }
}

template <typename TImage>
void
ArbitraryScaleSuperResolutionTrainingFilter<TImage>::ReadImage(ImageType * image, float * buffer)
{
  const auto source = image->GetSource();
  // Voxels that somebody else has read are theirs and stay; those that are read here and can be made again by a source
  // are released, as the trainer keeps a copy within its budget.
  const bool isThere = image->GetBufferedRegion() == image->GetLargestPossibleRegion();
  // Patches are cut from anywhere in the image, so that all of it is read.
  image->SetRequestedRegionToLargestPossibleRegion();
  image->Update();
  ImageRegionConstIterator<ImageType> voxel(image, image->GetLargestPossibleRegion());
  for (; !voxel.IsAtEnd(); ++voxel)
  {
    *buffer++ = static_cast<float>(voxel.Get());
  }
  if (source.IsNotNull() && !isThere)
  {
    image->ReleaseData();
  }
}

template <typename TImage>
std::vector<ArSSRTrainingImage>
ArbitraryScaleSuperResolutionTrainingFilter<TImage>::DescribeImages(const std::string &              prefix,
                                                                    const std::vector<std::string> & names)
{
  std::vector<ArSSRTrainingImage> images;
  for (std::size_t number = 0; number < names.size(); ++number)
  {
    // Inputs can be removed or replaced by name through ProcessObject after they were added.
    auto * input = dynamic_cast<ArSSRLazyInput *>(this->ProcessObject::GetInput(GetInputName(prefix, number)));
    auto * image = input == nullptr ? nullptr : dynamic_cast<ImageType *>(input->GetModifiableData());
    if (image == nullptr)
    {
      itkExceptionMacro("The image '" << names[number] << "' is missing: it was removed after it was added.");
    }
    ArSSRTrainingImage description;
    description.name = names[number];
    // Known without voxels: the pipeline has updated the information behind the lazy input.
    description.size = image->GetLargestPossibleRegion().GetSize();
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      description.spacing[axis] = image->GetSpacing()[axis];
    }
    // The inputs of this filter keep the image alive while the trainer runs.
    description.read = [image](float * buffer) {
      ReadImage(image, buffer);
    };
    images.push_back(std::move(description));
  }
  return images;
}

template <typename TImage>
void
ArbitraryScaleSuperResolutionTrainingFilter<TImage>::GenerateData()
{
  {
    const std::lock_guard<std::mutex> lock(m_WarningsMutex);
    m_Warnings.clear();
  }
  ArSSRTrainer::Job job;
  job.recipe = m_Recipe;
  job.trainingImages = this->DescribeImages("Training", m_TrainingNames);
  job.validationImages = this->DescribeImages("Validation", m_ValidationNames);
  job.labelMaps = this->DescribeImages("Labels", m_LabelNames);
  job.initialModel = this->GetInitialModel();
  job.device = m_Device;
  job.numberOfThreads = m_NumberOfThreads;
  job.memoryBudget = m_MemoryBudget;
  job.checkpointDirectory = m_CheckpointDirectory;
  job.resumeFrom = m_ResumeFrom;
  job.processGroup = m_ProcessGroup;
  job.report = [this](const ArSSRTrainingStatus & status, bool epochEnded) {
    // Set first, as observers of both events read it.
    m_EpochEnded = epochEnded;
    this->UpdateProgress(static_cast<float>(status.step) /
                         static_cast<float>(std::max<SizeValueType>(status.numberOfSteps, 1)));
    this->InvokeEvent(IterationEvent());
    // An abort ends the training in order: the trainer writes a checkpoint and returns the best model.
    return !this->GetAbortGenerateData();
  };
  // Called from the threads that prepare samples, while observers may read the warnings.
  job.warn = [this](const std::string & message) {
    const std::lock_guard<std::mutex> lock(m_WarningsMutex);
    m_Warnings.push_back(message);
  };
  // Filters behind this one hold the output object: it takes the content over instead of being replaced.
  this->GetOutput()->Graft(m_Trainer->Run(job));
}

template <typename TImage>
void
ArbitraryScaleSuperResolutionTrainingFilter<TImage>::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  os << indent << "NumberOfTrainingImages: " << this->GetNumberOfTrainingImages() << std::endl;
  os << indent << "NumberOfValidationImages: " << this->GetNumberOfValidationImages() << std::endl;
  os << indent << "NumberOfTrainingLabels: " << this->GetNumberOfTrainingLabels() << std::endl;
  os << indent << "Recipe:" << std::endl;
  for (const auto & value : m_Recipe.GetValues())
  {
    os << indent.GetNextIndent() << value.first << ": " << value.second << std::endl;
  }
  os << indent << "Device: " << m_Device << std::endl;
  os << indent << "NumberOfThreads: " << m_NumberOfThreads << std::endl;
  os << indent << "MemoryBudget: " << m_MemoryBudget << std::endl;
  os << indent << "CheckpointDirectory: " << m_CheckpointDirectory << std::endl;
  os << indent << "ResumeFrom: " << m_ResumeFrom << std::endl;
  os << indent << "ProcessGroup: " << m_ProcessGroup << std::endl;
  os << indent << "EpochEnded: " << (m_EpochEnded ? "On" : "Off") << std::endl;
  itkPrintSelfObjectMacro(Trainer);
}
} // end namespace itk

#endif // itkArbitraryScaleSuperResolutionTrainingFilter_hxx
