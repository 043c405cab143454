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
#ifndef ArSSRFilterTestHelpers_h
#define ArSSRFilterTestHelpers_h

#include "support/ArSSRTestHelpers.h"

#include "itkArSSRModel.h"
#include "itkArbitraryScaleSuperResolutionImageFilter.h"

#include "itkImageAlgorithm.h"
#include "itkImageRegionIteratorWithIndex.h"
#include "itkImageToImageFilter.h"
#include "itkOutputWindow.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

namespace itk::arssr::test
{
using FloatImage = Image<float, 3>;
using RegionType = FloatImage::RegionType;
using Encoder = ArSSRModelEnums::Encoder;

/** A network with a small MLP whose output on SyntheticImage() is neither constant nor cut off by the last ReLU. */
inline ArSSRModel::Pointer
SmallModel(Encoder encoder)
{
  // Found by trial: for a third of all seeds the last ReLU is always zero.
  const unsigned int seed = encoder == Encoder::RDN ? 14 : encoder == Encoder::ResCNN ? 9 : 12;
  auto               model = ArSSRModel::New();
  if (encoder == Encoder::Residual)
  {
    model->SetRandomLocalNetwork(4, 2, 8, 3, 16, seed);
    return model;
  }
  model->SetRandomNetwork(encoder, 8, 4, 16, seed);
  return model;
}

/** The filter's whole output, which stays as it is when the filter runs again. */
inline FloatImage::Pointer
ComputeWhole(ArbitraryScaleSuperResolutionImageFilter<FloatImage> & filter)
{
  filter.UpdateLargestPossibleRegion();
  FloatImage::Pointer output = filter.GetOutput();
  output->DisconnectPipeline();
  return output;
}

/** Over the voxels of the left image. */
inline double
LargestDifference(const FloatImage & left, const FloatImage & right)
{
  double largest = 0.0;
  for (ImageRegionConstIteratorWithIndex<FloatImage> it(&left, left.GetBufferedRegion()); !it.IsAtEnd(); ++it)
  {
    largest = std::max(largest, std::abs(static_cast<double>(it.Get()) - right.GetPixel(it.GetIndex())));
  }
  return largest;
}

/** The least budget, in MiB, with which the image is cut into at most so many tiles. */
inline SizeValueType
BudgetForTiles(const ArSSRModel * model, const ArSSRTileLattice::SizeType & imageSize, SizeValueType mostTiles)
{
  const auto engine = ArSSREngine::New();
  engine->SetModel(model);
  engine->SetDevice("cpu");
  for (SizeValueType budget = 1;; ++budget)
  {
    engine->SetMemoryBudget(budget);
    try
    {
      const auto tiles = engine->PlanTiles(imageSize).GetNumberOfTiles();
      if (tiles[0] * tiles[1] * tiles[2] <= mostTiles)
      {
        return budget;
      }
    }
    catch (const ExceptionObject &)
    {
      continue; // too small
    }
  }
}

/** Smooth pattern plus deterministic noise: every voxel differs from its neighbours. */
template <typename TImage = FloatImage>
typename TImage::Pointer
SyntheticImage(const typename TImage::SizeType & size, const typename TImage::IndexType & start = { { 0, 0, 0 } })
{
  auto image = TImage::New();
  image->SetRegions(typename TImage::RegionType(start, size));
  image->Allocate();
  unsigned int state = 12345;
  for (ImageRegionIteratorWithIndex<TImage> it(image, image->GetLargestPossibleRegion()); !it.IsAtEnd(); ++it)
  {
    state = state * 1664525U + 1013904223U;
    const auto   index = it.GetIndex();
    const double wave = std::sin(0.7 * static_cast<double>(index[0])) + std::cos(0.5 * static_cast<double>(index[1])) +
                        std::sin(0.3 * static_cast<double>(index[2]) + 1.0);
    const double noise = static_cast<double>(state >> 16) / 65536.0;
    it.Set(static_cast<typename TImage::PixelType>(60.0 + 15.0 * wave + 10.0 * noise));
  }
  return image;
}

/** Oblique, left-handed and away from the origin. */
template <typename TImage>
void
SetObliqueGeometry(TImage & image)
{
  image.SetOrigin(std::vector<double>{ -31.5, 12.25, 140.0 }.data());
  image.SetSpacing(std::vector<double>{ 0.9, 1.1, 2.3 }.data());
  const double                   angle = 0.4;
  typename TImage::DirectionType direction;
  direction.SetIdentity();
  direction[0][0] = std::cos(angle);
  direction[0][1] = -std::sin(angle);
  direction[1][0] = std::sin(angle);
  direction[1][1] = std::cos(angle);
  direction[2][2] = -1.0;
  image.SetDirection(direction);
}

/** Copies its input, region by region, and remembers what was asked of it. */
class RegionRecorder : public ImageToImageFilter<FloatImage, FloatImage>
{
public:
  using Self = RegionRecorder;
  using Pointer = SmartPointer<Self>;
  itkNewMacro(Self);
  itkOverrideGetNameOfClassMacro(RegionRecorder);

  std::vector<RegionType> requested;

  /** When set, the next execution throws. */
  bool fail{ false };

protected:
  RegionRecorder()
  {
    this->DynamicMultiThreadingOn();
  }
  void
  BeforeThreadedGenerateData() override
  {
    requested.push_back(this->GetOutput()->GetRequestedRegion());
    if (fail)
    {
      itkExceptionMacro("asked to fail");
    }
  }
  void
  DynamicThreadedGenerateData(const RegionType & region) override
  {
    ImageAlgorithm::Copy(this->GetInput(), this->GetOutput(), region, region);
  }
};

/** Collects warnings instead of printing them. */
class WarningCollector : public OutputWindow
{
public:
  using Self = WarningCollector;
  using Pointer = SmartPointer<Self>;
  itkNewMacro(Self);
  itkOverrideGetNameOfClassMacro(WarningCollector);

  void
  DisplayText(const char * text) override
  {
    collected += text;
  }
  std::string collected;
};

/** The warnings that a function gives. */
template <typename TFunction>
std::string
WarningsOf(const TFunction & function)
{
  const bool display = Object::GetGlobalWarningDisplay();
  const auto previous = OutputWindow::Pointer(OutputWindow::GetInstance());
  const auto collector = WarningCollector::New();
  OutputWindow::SetInstance(collector);
  Object::SetGlobalWarningDisplay(true);
  function();
  Object::SetGlobalWarningDisplay(display);
  OutputWindow::SetInstance(previous);
  return collector->collected;
}

/** A grid that lies obliquely in that of an image, with its centre at one of the image's voxels: it sticks out on all
 * sides. */
inline Image<float, 3>::Pointer
RotatedReference(const Image<float, 3> & image, const Index<3> & centreVoxel)
{
  using ImageType = Image<float, 3>;
  auto reference = ImageType::New();
  reference->SetRegions(ImageType::RegionType({ { 4, -2, 1 } }, { { 17, 15, 19 } }));
  reference->SetSpacing(std::vector<double>{ 0.7, 0.6, 1.1 }.data());
  const double             angle = 0.9;
  ImageType::DirectionType direction;
  direction.SetIdentity();
  direction[0][0] = std::cos(angle);
  direction[0][2] = std::sin(angle);
  direction[2][0] = -std::sin(angle);
  direction[2][2] = std::cos(angle);
  reference->SetDirection(direction);
  ImageType::PointType voxel;
  image.TransformIndexToPhysicalPoint(centreVoxel, voxel);
  ImageType::PointType centre;
  reference->TransformIndexToPhysicalPoint({ { 12, 5, 10 } }, centre);
  reference->SetOrigin(reference->GetOrigin() + (voxel - centre));
  return reference;
}

/** Whether two images have the same bits in a region. */
template <typename TImage>
bool
SameBits(const TImage & left, const TImage & right, const typename TImage::RegionType & region)
{
  for (ImageRegionConstIteratorWithIndex<TImage> it(&left, region); !it.IsAtEnd(); ++it)
  {
    const auto a = it.Get();
    const auto b = right.GetPixel(it.GetIndex());
    if (std::memcmp(&a, &b, sizeof(a)) != 0)
    {
      return false;
    }
  }
  return true;
}

/** Largest minus smallest value: a test that compares images first makes sure that there is something to compare. */
template <typename TImage>
double
ValueRange(const TImage & image)
{
  double lowest = std::numeric_limits<double>::max();
  double highest = std::numeric_limits<double>::lowest();
  for (ImageRegionConstIteratorWithIndex<TImage> it(&image, image.GetBufferedRegion()); !it.IsAtEnd(); ++it)
  {
    lowest = std::min(lowest, static_cast<double>(it.Get()));
    highest = std::max(highest, static_cast<double>(it.Get()));
  }
  return highest - lowest;
}
} // namespace itk::arssr::test

#endif
