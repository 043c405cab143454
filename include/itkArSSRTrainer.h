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
#ifndef itkArSSRTrainer_h
#define itkArSSRTrainer_h

#include "ArbitraryScaleSuperResolutionExport.h"
#include "itkArSSRModel.h"
#include "itkArSSRTrainingImage.h"
#include "itkArSSRTrainingRecipe.h"

#include "itkObject.h"
#include "itkObjectFactory.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace itk
{
namespace arssr
{
class TrainingSession;
}

/** \class ArSSRTrainingStatus
 * \brief The state of a training.
 * \ingroup ArbitraryScaleSuperResolution
 */
struct ArbitraryScaleSuperResolution_EXPORT ArSSRTrainingStatus
{
  SizeValueType epoch{ 0 }; /**< epochs done */
  SizeValueType step{ 0 };  /**< steps done, over all epochs */
  SizeValueType numberOfEpochs{ 0 };
  SizeValueType numberOfSteps{ 0 };
  double        loss{ 0.0 };               /**< of the last step */
  double        epochLoss{ 0.0 };          /**< mean over the steps of the last epoch that is done */
  double        validationLoss{ 0.0 };     /**< mean absolute error; NaN before the first validation */
  double        validationPSNR{ 0.0 };     /**< dB, for a range of 1; NaN before the first validation */
  double        bestValidationPSNR{ 0.0 }; /**< dB; NaN before the first validation */
  SizeValueType bestEpoch{ 0 };
  double        learningRate{ 0.0 };
  double        gradientNorm{ 0.0 };     /**< of the last step, before clipping */
  double        samplesPerSecond{ 0.0 }; /**< LR patches, over the last epoch or its part so far */
  double        waitingShare{ 0.0 };     /**< share of that time spent waiting for samples */
  double        secondsLeft{ 0.0 };      /**< estimate */
  SizeValueType revivals{ 0 };           /**< times that the guard revived a dead output */
};

/** \class ArSSRTrainer
 * \brief Trains a network on HR images by a recipe.
 *
 * A step draws a batch of samples: an LR patch made from a part of an HR image, and HR intensities at points in it; the
 * training minimises the network's error at these points. LR patches of a batch have one size, whatever their scales,
 * and the same number of points, so that a batch is one tensor; scales, offsets and voxel sizes differ from sample to
 * sample. Each sample is drawn from its own random numbers, derived from the seed and its number alone: samples do not
 * depend on threads, processes or interruptions.
 *
 * On the CPU the same images, recipe and number of threads give the same model, bit for bit, also over a checkpoint.
 *
 * Intensities are scaled so that the window of ArSSRIntensityStatistics becomes [0, 1], as
 * ArbitraryScaleSuperResolutionImageFilter does.
 *
 * Under `torch.distributed` each process trains on its share of every batch and gradients are averaged over the named
 * process group; only the process with rank 0 writes files.
 *
 * \sa ArbitraryScaleSuperResolutionTrainingFilter
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSRTrainer : public Object
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(ArSSRTrainer);

  using Self = ArSSRTrainer;
  using Superclass = Object;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;

  itkNewMacro(Self);
  itkOverrideGetNameOfClassMacro(ArSSRTrainer);

  /** What to train, and how. */
  struct Job
  {
    ArSSRTrainingRecipe             recipe;
    std::vector<ArSSRTrainingImage> trainingImages;
    std::vector<ArSSRTrainingImage> validationImages; /**< without them the last weights are kept, else the best */

    /** Label maps, whose voxels are whole numbers that identify tissues: volumes of random contrast are made from them,
     * as the recipe says. 0 is the background. */
    std::vector<ArSSRTrainingImage> labelMaps;

    /** Weights to start from, instead of random ones; the recipe's network is then that of the model. */
    ArSSRModel::ConstPointer initialModel;

    std::string   device{ "auto" };     /**< `auto`, `cpu`, `cuda` or `cuda:N` */
    unsigned int  numberOfThreads{ 0 }; /**< that torch may use on the CPU; 0: its own setting */
    SizeValueType memoryBudget{ 4096 }; /**< MiB for the images' voxels; one image is always held */
    std::string   checkpointDirectory;  /**< where checkpoints are written, one training's alone; empty: nowhere */
    std::string   resumeFrom;           /**< a checkpoint file or the directory of checkpoints to resume from */
    std::string   processGroup;         /**< name of a `torch.distributed` process group; empty: one process */

    /** Called after each step, and after each epoch with `epochEnded`, from the thread that called Run(). Returns
     * whether to continue; if not, a checkpoint is written and the best model so far is the result. */
    std::function<bool(const ArSSRTrainingStatus & status, bool epochEnded)> report;

    /** Receives a message about what is left out, such as an image without any foreground. */
    std::function<void(const std::string & message)> warn;
  };

  /** Trains until the last epoch is done or `report` says no.
   * \throws ExceptionObject for bad settings, images and checkpoints; nothing is written then. */
  ArSSRModel::Pointer
  Run(const Job & job);

  /** The current weights, averaged over time as the recipe says; for use while Run() reports.
   * \throws ExceptionObject when no training is running. */
  ArSSRModel::Pointer
  GetCurrentModel() const;

  const ArSSRTrainingStatus &
  GetStatus() const
  {
    return m_Status;
  }

protected:
  ArSSRTrainer();
  ~ArSSRTrainer() override;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

private:
  ArSSRTrainingStatus            m_Status;
  const arssr::TrainingSession * m_Session{ nullptr };
};
} // end namespace itk

#endif // itkArSSRTrainer_h
