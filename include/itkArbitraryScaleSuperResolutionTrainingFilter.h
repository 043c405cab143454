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
#ifndef itkArbitraryScaleSuperResolutionTrainingFilter_h
#define itkArbitraryScaleSuperResolutionTrainingFilter_h

#include "itkArSSRLazyInput.h"
#include "itkArSSRModel.h"
#include "itkArSSRPipeline.h"
#include "itkArSSRTrainer.h"
#include "itkArSSRTrainingRecipe.h"

#include "itkProcessObject.h"

#include <mutex>
#include <string>
#include <vector>

namespace itk
{
/** \class ArbitraryScaleSuperResolutionTrainingFilter
 * \brief Trains an ArSSRModel on high-resolution (HR) images.
 *
 * The inputs are any number of training images, each on its own grid, and optional validation images; the output is a
 * model that ArbitraryScaleSuperResolutionImageFilter can use directly. LR patches are simulated from the HR images by
 * the recipe, whose values can all be set: see ArSSRTrainingRecipe.
 *
 * \par Pipeline
 * \verbatim
 * HR images ─► patch under a random point spread, noise, contrast ─► network ─► loss ─► gradients ─► weights ─► model
 * (read and     (in threads of its own, ahead of the step)                               (over all processes)
 *  released)
 * \endverbatim
 * ArSSRTrainer does everything except reading the images.
 *
 * \par Images
 * Intensities may have any unit. An image may start at any index. One that comes from a filter or a reader is not
 * updated before it is needed: its voxels are read, kept within MemoryBudget and released again, so that a cohort need
 * not fit into memory. An image without foreground is left out with a warning in GetWarnings(). Label maps can be given
 * beside images or instead of them: see AddTrainingLabels().
 *
 * \par Events
 * IterationEvent is invoked after each step, and after each epoch with GetEpochEnded() true; the Get methods then give
 * losses, PSNR, learning rate and speed. AbortGenerateData ends the training at the next step: a checkpoint is written,
 * the best model so far is the output, and no exception is thrown.
 *
 * \par Checkpoints
 * With CheckpointDirectory, a checkpoint is written every `checkpoint_every` epochs and at the end, complete or not at
 * all. With ResumeFrom, training goes on from one; the result is the same, bit for bit on the CPU, as without the
 * interruption. A directory belongs to one training: one that holds another's checkpoints is refused, and none of them
 * is replaced or removed.
 *
 * \par Errors
 * ExceptionObject for unknown or contradictory recipe values, no images, images that are smaller than a patch or not
 * finite, an unknown device, and checkpoints of another recipe or other images. The filter can be used again after any
 * of them.
 *
 * Wu et al., "An Arbitrary Scale Super-Resolution Approach for 3D MR Images via Implicit Neural Representation",
 * IEEE J. Biomed. Health Inform. 2022, https://doi.org/10.1109/JBHI.2022.3223106
 *
 * \test ArbitraryScaleSuperResolutionTrainingFilterGTest.cxx, ArSSRTrainerGTest.cxx
 *
 * \sa ArSSRTrainingRecipe
 * \sa ArbitraryScaleSuperResolutionImageFilter
 * \ingroup ArbitraryScaleSuperResolution
 */
template <typename TImage>
class ITK_TEMPLATE_EXPORT ArbitraryScaleSuperResolutionTrainingFilter : public ProcessObject
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(ArbitraryScaleSuperResolutionTrainingFilter);

  using Self = ArbitraryScaleSuperResolutionTrainingFilter;
  using Superclass = ProcessObject;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;

  itkNewMacro(Self);
  itkOverrideGetNameOfClassMacro(ArbitraryScaleSuperResolutionTrainingFilter);

  static_assert(TImage::ImageDimension == 3, "ArSSR networks work on 3-D images");

  using ImageType = TImage;

  /** An image to learn from. \param name for messages and the model's metadata; a number when it is empty. */
  void
  AddTrainingImage(const ImageType * image, const std::string & name = "");

  /** A validation image, which is not learnt from: the weights that do best on these images are the output. */
  void
  AddValidationImage(const ImageType * image, const std::string & name = "");

  /** A label map on its own grid, whose voxels are whole numbers that identify tissues, 0 the background: volumes of
   * random contrast are made from it, as the recipe's values `synthetic_…` say. */
  void
  AddTrainingLabels(const ImageType * labels, const std::string & name = "");

  unsigned int
  GetNumberOfTrainingImages() const
  {
    return static_cast<unsigned int>(m_TrainingNames.size());
  }
  unsigned int
  GetNumberOfValidationImages() const
  {
    return static_cast<unsigned int>(m_ValidationNames.size());
  }
  unsigned int
  GetNumberOfTrainingLabels() const
  {
    return static_cast<unsigned int>(m_LabelNames.size());
  }

  /** All values of a recipe: `default`, `published` or `scanners`. \throws ExceptionObject for any other name. */
  void
  SetRecipe(const std::string & name);

  /** One value of the recipe. \throws ExceptionObject for an unknown name and for a value beyond its limits. */
  void
  SetRecipeValue(const std::string & name, const std::string & value);
  void
  SetRecipeValue(const std::string & name, double value);
  std::string
  GetRecipeValue(const std::string & name) const;

  /** Names of the recipe's values, and what each of them is. */
  std::vector<std::string>
  GetRecipeNames() const;
  std::string
  GetRecipeDescription(const std::string & name) const;

  /** Weights to start from: fine-tuning. The network is then the model's, not the recipe's. It can be the output of
   * another filter. */
  itkSetInputMacro(InitialModel, ArSSRModel);
  itkGetInputMacro(InitialModel, ArSSRModel);

  /** `auto` (the first CUDA device, or the CPU if there is none), `cpu`, `cuda` or `cuda:N`. */
  itkSetStringMacro(Device);
  itkGetStringMacro(Device);

  /** Threads that torch may use on the CPU; zero leaves torch's own setting. A different number of threads may change
   * the last bit of the weights. */
  itkSetMacro(NumberOfThreads, unsigned int);
  itkGetConstMacro(NumberOfThreads, unsigned int);

  /** MiB for the voxels of the images; one image is always held. */
  itkSetMacro(MemoryBudget, SizeValueType);
  itkGetConstMacro(MemoryBudget, SizeValueType);

  /** Directory that checkpoints are written to; if it is empty, none are written. An update that does not resume needs
   * a directory without checkpoints. */
  itkSetStringMacro(CheckpointDirectory);
  itkGetStringMacro(CheckpointDirectory);

  /** A checkpoint to resume from, or a directory, whose last written readable checkpoint is used; all checkpoints in a
   * directory must belong to one training. */
  itkSetStringMacro(ResumeFrom);
  itkGetStringMacro(ResumeFrom);

  /** Name of a process group created by `torch.distributed`; all its processes must update their filters. */
  itkSetStringMacro(ProcessGroup);
  itkGetStringMacro(ProcessGroup);

  /** The trained model; grafted, so that it can be connected before it is trained. */
  ArSSRModel *
  GetOutput();
  const ArSSRModel *
  GetOutput() const;

  /** The current weights, for use in an observer while the training runs. */
  ArSSRModel::Pointer
  GetCurrentModel() const;

  /** The state of the training, for use in observers: see ArSSRTrainingStatus. */
  const ArSSRTrainingStatus &
  GetStatus() const
  {
    return m_Trainer->GetStatus();
  }
  SizeValueType
  GetEpoch() const
  {
    return this->GetStatus().epoch;
  }
  SizeValueType
  GetStep() const
  {
    return this->GetStatus().step;
  }
  SizeValueType
  GetNumberOfEpochs() const
  {
    return this->GetStatus().numberOfEpochs;
  }
  SizeValueType
  GetNumberOfSteps() const
  {
    return this->GetStatus().numberOfSteps;
  }
  double
  GetLoss() const
  {
    return this->GetStatus().loss;
  }
  double
  GetEpochLoss() const
  {
    return this->GetStatus().epochLoss;
  }
  double
  GetValidationLoss() const
  {
    return this->GetStatus().validationLoss;
  }
  double
  GetValidationPSNR() const
  {
    return this->GetStatus().validationPSNR;
  }
  double
  GetBestValidationPSNR() const
  {
    return this->GetStatus().bestValidationPSNR;
  }
  SizeValueType
  GetBestEpoch() const
  {
    return this->GetStatus().bestEpoch;
  }
  double
  GetLearningRate() const
  {
    return this->GetStatus().learningRate;
  }
  double
  GetGradientNorm() const
  {
    return this->GetStatus().gradientNorm;
  }
  double
  GetSamplesPerSecond() const
  {
    return this->GetStatus().samplesPerSecond;
  }
  double
  GetWaitingShare() const
  {
    return this->GetStatus().waitingShare;
  }
  double
  GetSecondsLeft() const
  {
    return this->GetStatus().secondsLeft;
  }
  SizeValueType
  GetRevivals() const
  {
    return this->GetStatus().revivals;
  }

  /** Whether the current event is that of an epoch. */
  itkGetConstMacro(EpochEnded, bool);

  /** What was left out in the last update, such as images without foreground. */
  std::vector<std::string>
  GetWarnings() const;

  /** Leaves the filter ready for use when something upstream throws. */
  itkArSSRPipelineMacro();

  using DataObjectPointerArraySizeType = ProcessObject::DataObjectPointerArraySizeType;
  using Superclass::MakeOutput;
  DataObject::Pointer
  MakeOutput(DataObjectPointerArraySizeType index) override;

protected:
  ArbitraryScaleSuperResolutionTrainingFilter();
  ~ArbitraryScaleSuperResolutionTrainingFilter() override = default;

  void
  VerifyPreconditions() const override;

  /** Images have their own grids, which no output takes over. */
  void
  GenerateOutputInformation() override
  {}

  void
  GenerateData() override;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

private:
  void
  PrepareOutputData()
  {}

  std::vector<ArSSRTrainingImage>
  DescribeImages(const std::string & prefix, const std::vector<std::string> & names);

  /** Brings an image up to date, copies its voxels and releases them where its source can make them again. */
  static void
  ReadImage(ImageType * image, float * buffer);

  /** Makes an image an input of which nothing is requested before GenerateData(), which pulls one image at a time. */
  void
  AddImage(const char *               prefix,
           const ImageType *          image,
           const std::string &        name,
           const std::string &        unnamed,
           std::vector<std::string> & names);

  static std::string
  GetInputName(const std::string & prefix, std::size_t number);

  std::vector<std::string> m_TrainingNames;
  std::vector<std::string> m_ValidationNames;
  std::vector<std::string> m_LabelNames;

  ArSSRTrainingRecipe m_Recipe;
  std::string         m_Device{ "auto" };
  unsigned int        m_NumberOfThreads{ 0 };
  SizeValueType       m_MemoryBudget{ 4096 };
  std::string         m_CheckpointDirectory;
  std::string         m_ResumeFrom;
  std::string         m_ProcessGroup;

  ArSSRTrainer::Pointer    m_Trainer;
  bool                     m_EpochEnded{ false };
  std::vector<std::string> m_Warnings;
  mutable std::mutex       m_WarningsMutex; // samples, and so images, are prepared in threads of their own
};
} // end namespace itk

#ifndef ITK_MANUAL_INSTANTIATION
#  include "itkArbitraryScaleSuperResolutionTrainingFilter.hxx"
#endif

#endif // itkArbitraryScaleSuperResolutionTrainingFilter_h
