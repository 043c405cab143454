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
// Trains a small network on image files and upscales the last of them with it at once. Images are read when their
// voxels are needed, so that any number of them can be given.

#include "itkArbitraryScaleSuperResolutionImageFilter.h"
#include "itkArbitraryScaleSuperResolutionTrainingFilter.h"

#include "itkImageFileReader.h"
#include "itkImageFileWriter.h"

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

namespace
{
using ImageType = itk::Image<float, 3>;
using ReaderType = itk::ImageFileReader<ImageType>;
using TrainerType = itk::ArbitraryScaleSuperResolutionTrainingFilter<ImageType>;
using UpscalerType = itk::ArbitraryScaleSuperResolutionImageFilter<ImageType>;

// So small that it trains in seconds; without these lines the recipe is the one of the bundled model.
void
MakeSmall(TrainerType & trainer)
{
  trainer.SetRecipeValue("channels", 8);
  trainer.SetRecipeValue("blocks", 1);
  trainer.SetRecipeValue("feature_dim", 8);
  trainer.SetRecipeValue("width", 16);
  trainer.SetRecipeValue("patch_size", 4);
  trainer.SetRecipeValue("samples", 200);
  trainer.SetRecipeValue("scale_max", 2);
  trainer.SetRecipeValue("slice_scale_max", 2);
  trainer.SetRecipeValue("resolution_levels", 1);
  trainer.SetRecipeValue("procedural_volumes", 2);
  trainer.SetRecipeValue("procedural_size", 32);
  trainer.SetRecipeValue("validation_scales", 2);
  trainer.SetRecipeValue("steps_per_epoch", 10);
  trainer.SetRecipeValue("epochs", 3);
  trainer.SetRecipeValue("warmup_steps", 5);
}

void
PrintEpochs(TrainerType & trainer)
{
  trainer.AddObserver(itk::IterationEvent(), [&trainer](const itk::EventObject &) {
    if (trainer.GetEpochEnded())
    {
      std::cout << "Epoch " << trainer.GetEpoch() << " of " << trainer.GetNumberOfEpochs() << ": loss "
                << trainer.GetEpochLoss() << ", PSNR " << trainer.GetValidationPSNR() << " dB, "
                << trainer.GetSamplesPerSecond() << " patches/s" << std::endl;
    }
  });
}

void
Train(const std::string & modelName, const std::string & upscaledName, const std::vector<std::string> & imageNames)
{
  const auto                       trainer = TrainerType::New();
  std::vector<ReaderType::Pointer> readers;
  for (const std::string & name : imageNames)
  {
    readers.push_back(ReaderType::New());
    readers.back()->SetFileName(name);
    if (readers.size() < imageNames.size())
    {
      trainer->AddTrainingImage(readers.back()->GetOutput(), name);
    }
    else
    {
      trainer->AddValidationImage(readers.back()->GetOutput(), name);
    }
  }
  MakeSmall(*trainer);
  PrintEpochs(*trainer);

  // The model goes from filter to filter; updating the last one trains it.
  const auto upscaler = UpscalerType::New();
  upscaler->SetInput(readers.back()->GetOutput());
  upscaler->SetModel(trainer->GetOutput());
  upscaler->SetScaleFactors(1.5);
  const auto writer = itk::ImageFileWriter<ImageType>::New();
  writer->SetInput(upscaler->GetOutput());
  writer->SetFileName(upscaledName);
  writer->Update();

  trainer->GetOutput()->WriteFile(modelName);
  std::cout << "Wrote " << modelName << " and " << upscaledName << std::endl;
}
} // namespace

int
main(int argc, char * argv[])
{
  if (argc < 5)
  {
    std::cerr << "Usage: " << argv[0] << " model.safetensors upscaled training-image... validation-image" << std::endl;
    return EXIT_FAILURE;
  }
  try
  {
    Train(argv[1], argv[2], { argv + 3, argv + argc });
  }
  catch (const std::exception & error) // itk::ExceptionObject is one
  {
    std::cerr << "Error: " << error.what() << std::endl;
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
