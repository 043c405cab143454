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
// Upscales an image file. Only a piece of the output is in memory at a time when it is written in several divisions to
// a format that ITK writes in pieces (MetaImage without compression).

#include "itkArbitraryScaleSuperResolutionImageFilter.h"

#include "itkImageFileReader.h"
#include "itkImageFileWriter.h"

#include <cstdlib>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace
{
using ImageType = itk::Image<float, 3>;
using FilterType = itk::ArbitraryScaleSuperResolutionImageFilter<ImageType>;

template <typename TNumber>
TNumber
ParseNumber(const std::string & text, const std::string & name)
{
  std::istringstream stream(text);
  TNumber            number;
  if (!(stream >> number) || !(stream >> std::ws).eof())
  {
    throw std::invalid_argument("The " + name + " is '" + text + "'; a number is expected.");
  }
  return number;
}

void
PrintProgress(FilterType & filter)
{
  // Observers are called from the thread that called Update(). Each division is an execution of its own.
  filter.AddObserver(itk::StartEvent(), [](const itk::EventObject &) { std::cout << "Computing" << std::flush; });
  filter.AddObserver(itk::ProgressEvent(), [&filter](const itk::EventObject &) {
    std::cout << ' ' << static_cast<int>(100.0F * filter.GetProgress()) << '%' << std::flush;
  });
  filter.AddObserver(itk::EndEvent(), [](const itk::EventObject &) { std::cout << std::endl; });
}

void
Upscale(const std::string & inputName,
        const std::string & outputName,
        double              scale,
        unsigned int        divisions,
        const std::string & modelName)
{
  const auto reader = itk::ImageFileReader<ImageType>::New();
  reader->SetFileName(inputName);

  const auto filter = FilterType::New();
  filter->SetInput(reader->GetOutput());
  filter->SetScaleFactors(scale);
  filter->SetModelFileName(modelName);
  PrintProgress(*filter);

  const auto writer = itk::ImageFileWriter<ImageType>::New();
  writer->SetInput(filter->GetOutput());
  writer->SetFileName(outputName);
  writer->SetNumberOfStreamDivisions(divisions);
  writer->Update();

  const ImageType & output = *filter->GetOutput();
  std::cout << "Wrote " << outputName << ": " << output.GetLargestPossibleRegion().GetSize() << " voxels of "
            << output.GetSpacing() << " mm, computed on " << filter->GetResolvedDevice() << std::endl;
}
} // namespace

int
main(int argc, char * argv[])
{
  if (argc < 4 || argc > 6)
  {
    std::cerr << "Usage: " << argv[0] << " input output scale [divisions [model]]" << std::endl;
    return EXIT_FAILURE;
  }
  try
  {
    const auto scale = ParseNumber<double>(argv[3], "scale");
    const auto divisions = ParseNumber<unsigned int>(argc > 4 ? argv[4] : "1", "number of divisions");
    Upscale(argv[1], argv[2], scale, divisions, argc > 5 ? argv[5] : "");
  }
  catch (const std::exception & error) // itk::ExceptionObject is one
  {
    std::cerr << "Error: " << error.what() << std::endl;
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
