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
// Super-resolution in the middle of a pipeline: a median filter before it, a conversion to 8 bits after it, and an
// output grid that is that of another image, rotated or shifted as it may be.

#include "itkArbitraryScaleSuperResolutionImageFilter.h"

#include "itkImageFileReader.h"
#include "itkImageFileWriter.h"
#include "itkMedianImageFilter.h"
#include "itkRescaleIntensityImageFilter.h"

#include <cstdlib>
#include <iostream>
#include <string>

namespace
{
using ImageType = itk::Image<float, 3>;
using OutputImageType = itk::Image<unsigned char, 3>;

void
RunPipeline(const std::string & inputName, const std::string & referenceName, const std::string & outputName)
{
  const auto reader = itk::ImageFileReader<ImageType>::New();
  reader->SetFileName(inputName);

  const auto median = itk::MedianImageFilter<ImageType, ImageType>::New();
  median->SetInput(reader->GetOutput());
  median->SetRadius(1);

  // Only the reference's grid is used: its voxels are not read.
  const auto referenceReader = itk::ImageFileReader<ImageType>::New();
  referenceReader->SetFileName(referenceName);

  const auto superResolution = itk::ArbitraryScaleSuperResolutionImageFilter<ImageType>::New();
  superResolution->SetInput(median->GetOutput());
  superResolution->SetReferenceImage(referenceReader->GetOutput());
  superResolution->UseReferenceImageOn();

  const auto rescale = itk::RescaleIntensityImageFilter<ImageType, OutputImageType>::New();
  rescale->SetInput(superResolution->GetOutput());
  rescale->SetOutputMinimum(0);
  rescale->SetOutputMaximum(255);

  const auto writer = itk::ImageFileWriter<OutputImageType>::New();
  writer->SetInput(rescale->GetOutput());
  writer->SetFileName(outputName);
  writer->Update();

  std::cout << "Wrote " << outputName << ": intensities " << rescale->GetInputMinimum() << " to "
            << rescale->GetInputMaximum() << " became 0 to 255" << std::endl;
}
} // namespace

int
main(int argc, char * argv[])
{
  if (argc != 4)
  {
    std::cerr << "Usage: " << argv[0] << " input reference output" << std::endl;
    return EXIT_FAILURE;
  }
  try
  {
    RunPipeline(argv[1], argv[2], argv[3]);
  }
  catch (const std::exception & error) // itk::ExceptionObject is one
  {
    std::cerr << "Error: " << error.what() << std::endl;
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
