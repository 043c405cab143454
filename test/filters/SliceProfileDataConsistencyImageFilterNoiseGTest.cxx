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
// The iterations that StopAtNoise of the data consistency filter chooses.
#include "itkSliceProfileDataConsistencyImageFilter.h"

#include "acquisition/ArSSRSliceProfileTestHelpers.h"
#include "itkArSSRAcquisitionNoise.h"
#include "itkCommand.h"
#include "itkSliceProfileSimulationImageFilter.h"

namespace
{
using namespace itk::arssr::test;
using FilterType = itk::SliceProfileDataConsistencyImageFilter<FloatImage>;
using NoiseEnum = FilterType::NoiseEnum;

constexpr double Factor = itk::ArSSRDiscrepancyPrinciple::Factor;

FilterType::Pointer
MakeFilter(FloatImage * high, FloatImage * low, double noise, NoiseEnum kind = NoiseEnum::Gaussian)
{
  itk::ArSSRAcquisition acquisition;
  acquisition.SetNoise(noise, kind);
  auto filter = FilterType::New();
  filter->SetInput(high);
  filter->SetLowResolutionImage(low);
  filter->SetAcquisition(acquisition);
  filter->StopAtNoiseOn();
  return filter;
}

// Root mean squares of the residual after 0 to `most` iterations, of filters that are told their number.
std::vector<double>
ResidualsOfPlainIterations(FloatImage * high, FloatImage * low, unsigned int most)
{
  std::vector<double> sizes;
  auto                filter = FilterType::New();
  filter->SetInput(high);
  filter->SetLowResolutionImage(low);
  for (unsigned int iterations = 0; iterations <= most; ++iterations)
  {
    filter->SetNumberOfIterations(iterations);
    filter->UpdateLargestPossibleRegion();
    sizes.push_back(filter->GetResidualRootMeanSquare());
  }
  return sizes;
}

std::string
UpdateMessage(FilterType & filter)
{
  return MessageOf([&filter] { filter.UpdateLargestPossibleRegion(); });
}

const GridPair &
PairNamed(const std::string & name)
{
  static const auto pairs = GridPairs();
  return *std::find_if(pairs.begin(), pairs.end(), [&](const GridPair & pair) { return pair.name == name; });
}

// A noise that some iterations come down to.
double
NoiseBetween(const std::vector<double> & residuals, unsigned int iterations)
{
  return 0.5 * (residuals[iterations - 1] + residuals[iterations]) / Factor;
}
} // namespace


class SliceProfileDataConsistencyNoise : public ::testing::TestWithParam<GridPair>
{};

TEST_P(SliceProfileDataConsistencyNoise, StopsWhereAPlainLoopComesDownToTheNoise)
{
  const auto high = ImageOn(GetParam().high);
  const auto low = ImageOn(GetParam().low);
  const auto residuals = ResidualsOfPlainIterations(high, low, 4);
  for (unsigned int iterations = 1; iterations <= 4; ++iterations)
  {
    const double noise = NoiseBetween(residuals, iterations);
    const auto   filter = MakeFilter(high, low, noise);
    filter->Update();
    ASSERT_EQ(filter->GetNumberOfElapsedIterations(), iterations);
    ASSERT_GT(filter->GetLastStep(), 0.0);
    ASSERT_LT(filter->GetLastStep(), 1.0);
    ASSERT_NEAR(filter->GetResidualRootMeanSquare(), Factor * noise, 1e-5 * noise);
    ASSERT_DOUBLE_EQ(filter->GetDiscrepancy(), Factor * noise);
    ASSERT_NEAR(filter->GetInitialDiscrepancy(), residuals[0], 1e-12 * residuals[0]); // sums in another order
    ASSERT_EQ(filter->GetNoise(), noise);
    ASSERT_EQ(filter->GetNoiseKind(), NoiseEnum::Gaussian);
  }
}

// The number of iterations is the whole scan's: chosen per part, parts would not fit together.
TEST_P(SliceProfileDataConsistencyNoise, EveryDivisionOfEitherOutputGivesTheSameBits)
{
  auto high = RegionRecorder::New();
  auto low = RegionRecorder::New();
  high->SetInput(ImageOn(GetParam().high));
  low->SetInput(ImageOn(GetParam().low));
  high->ReleaseDataFlagOn();
  low->ReleaseDataFlagOn();
  const auto residuals = ResidualsOfPlainIterations(ImageOn(GetParam().high), ImageOn(GetParam().low), 2);
  const auto whole = MakeFilter(high->GetOutput(), low->GetOutput(), NoiseBetween(residuals, 2), NoiseEnum::Rician);
  whole->Update();
  ASSERT_GT(whole->GetNumberOfElapsedIterations(), 0U);

  // Parts of another filter, which has to find the number before the first of them, in slabs of a slice each.
  const auto parts = MakeFilter(high->GetOutput(), low->GetOutput(), whole->GetNoise(), NoiseEnum::Rician);
  parts->SetVoxelsPerSlab(1);
  ExpectSameInEveryDivision(*parts->GetOutput(), *whole->GetOutput());
  ExpectSameInEveryDivision(*parts->GetResidualMap(), *whole->GetResidualMap());
  EXPECT_EQ(parts->GetLastStep(), whole->GetLastStep());
  EXPECT_EQ(parts->GetInitialDiscrepancy(), whole->GetInitialDiscrepancy());
  EXPECT_EQ(parts->GetDiscrepancy(), whole->GetDiscrepancy());
}

INSTANTIATE_TEST_SUITE_P(InEveryWay,
                         SliceProfileDataConsistencyNoise,
                         ::testing::ValuesIn(GridPairs()),
                         [](const ::testing::TestParamInfo<GridPair> & info) { return info.param.name; });


TEST(SliceProfileDataConsistencyImageFilter, KeepsAnImageThatAgreesToTheNoise)
{
  const auto & pair = PairNamed("Shifted");
  const auto   high = ImageOn(pair.high);
  const auto   low = ImageOn(pair.low);
  const auto   residuals = ResidualsOfPlainIterations(high, low, 0);
  const auto   filter = MakeFilter(high, low, residuals[0]);
  filter->Update();
  EXPECT_EQ(filter->GetNumberOfElapsedIterations(), 0U);
  EXPECT_NEAR(filter->GetDiscrepancy(), residuals[0], 1e-12 * residuals[0]);
  EXPECT_TRUE(SameBits(*filter->GetOutput(), *high, high->GetLargestPossibleRegion()));
  EXPECT_EQ(filter->GetHaloRadius(), itk::Size<3>{});
}

TEST(SliceProfileDataConsistencyImageFilter, DoesAllIterationsWithoutNoise)
{
  const auto & pair = PairNamed("Oblique");
  const auto   high = ImageOn(pair.high);
  const auto   low = ImageOn(pair.low);
  const auto   filter = MakeFilter(high, low, 0.0);
  filter->SetNumberOfIterations(4);
  filter->Update();
  EXPECT_EQ(filter->GetNumberOfElapsedIterations(), 4U);
  EXPECT_EQ(filter->GetLastStep(), 1.0);
  const auto stopped = Copied(*filter->GetOutput());
  filter->StopAtNoiseOff();
  filter->Update();
  EXPECT_TRUE(SameBits(*filter->GetOutput(), *stopped, high->GetLargestPossibleRegion()));
}

TEST(SliceProfileDataConsistencyImageFilter, EstimatesUnknownNoiseFromTheScan)
{
  const auto truth = SyntheticImage({ { 24, 24, 24 } });
  const auto grid = GeometryType::FromImage(*truth);
  auto       simulation = itk::SliceProfileSimulationImageFilter<FloatImage>::New();
  simulation->SetInput(truth);
  simulation->SetReferenceImage(ImageOn(grid.ResizedTo({ { 12, 12, 12 } })));
  simulation->UseReferenceImageOn();
  simulation->SetAcquisition("noise=4:rician");
  simulation->Update();
  const auto low = Copied(*simulation->GetOutput());
  auto       estimator = itk::ArSSRNoiseEstimator<FloatImage>::New();
  estimator->SetImage(low);
  estimator->Compute();
  ASSERT_GT(estimator->GetNoise(), 1.0);

  auto filter = FilterType::New();
  filter->SetInput(truth);
  filter->SetLowResolutionImage(low);
  filter->StopAtNoiseOn();
  filter->Update();
  EXPECT_EQ(filter->GetNoise(), estimator->GetNoise());
  EXPECT_EQ(filter->GetNoiseKind(), NoiseEnum::Rician);

  // A kind that is not known is found, too.
  const auto known = MakeFilter(truth, low, 5.0, NoiseEnum::Auto);
  known->Update();
  EXPECT_EQ(known->GetNoise(), 5.0);
  EXPECT_EQ(known->GetNoiseKind(), NoiseEnum::Rician);
}

TEST(SliceProfileDataConsistencyImageFilter, AssumesNoNoiseInAScanTooSmallToEstimateIt)
{
  const auto grid = MakeGrid({ { 6, 6, 6 } }, { 1.0, 1.0, 1.0 });
  auto       filter = FilterType::New();
  filter->SetInput(ImageOn(grid));
  filter->SetLowResolutionImage(ImageOn(grid.ResizedTo({ { 3, 3, 3 } })));
  filter->SetNumberOfIterations(3);
  filter->StopAtNoiseOn();
  filter->Update();
  EXPECT_EQ(filter->GetNoise(), 0.0);
  EXPECT_EQ(filter->GetNumberOfElapsedIterations(), 3U);
}

// Corrected there, the image would take over the mean of the noise as a grey background.
TEST(SliceProfileDataConsistencyImageFilter, KeepsABackgroundOfRicianNoise)
{
  // The left of the scan is a signal that the image lacks a part of, the right is what noise leaves of nothing.
  const auto grid = MakeGrid({ { 48, 12, 12 } }, { 1.0, 1.0, 1.0 });
  auto       high = ImageOn(grid);
  auto       low = ImageOn(grid.ResizedTo({ { 24, 6, 6 } }));
  for (itk::ImageRegionIteratorWithIndex<FloatImage> it(high, high->GetLargestPossibleRegion()); !it.IsAtEnd(); ++it)
  {
    it.Set(it.GetIndex()[0] < 20 ? 80.0F : 0.0F);
  }
  for (itk::ImageRegionIteratorWithIndex<FloatImage> it(low, low->GetLargestPossibleRegion()); !it.IsAtEnd(); ++it)
  {
    it.Set(it.GetIndex()[0] < 10 ? it.Get() + 40.0F : 5.0F + static_cast<float>(it.GetIndex()[1] % 2));
  }
  const auto filter = MakeFilter(high, low, 4.0, NoiseEnum::Rician);
  filter->Update();
  EXPECT_GT(filter->GetNumberOfElapsedIterations(), 0U);
  const auto output = filter->GetOutput();
  for (itk::ImageRegionConstIteratorWithIndex<FloatImage> it(output, output->GetLargestPossibleRegion()); !it.IsAtEnd();
       ++it)
  {
    if (it.GetIndex()[0] < 16)
    {
      ASSERT_NE(it.Get(), 80.0F) << it.GetIndex();
    }
    if (it.GetIndex()[0] > 30)
    {
      ASSERT_EQ(it.Get(), 0.0F) << it.GetIndex();
    }
  }
}

// The choice reads both images once: repeated for each part, streaming would take a multiple of the time.
TEST(SliceProfileDataConsistencyImageFilter, ChoosesAgainOnlyWhenSomethingHasChanged)
{
  const auto & pair = PairNamed("KeptFieldOfView");
  const auto   image = ImageOn(pair.high);
  const auto   low = ImageOn(pair.low);
  const auto   residuals = ResidualsOfPlainIterations(image, low, 3);
  auto         high = RegionRecorder::New();
  high->SetInput(image);
  const auto filter = MakeFilter(high->GetOutput(), low, NoiseBetween(residuals, 3));
  const auto output = filter->GetOutput();
  filter->UpdateOutputInformation();
  const auto haloOfAll = filter->GetHaloRadius();
  output->SetRequestedRegion(Piece(pair.high.region, 2, 0, 3));
  filter->Update();
  EXPECT_EQ(filter->GetNumberOfElapsedIterations(), 3U);
  EXPECT_EQ(10U * filter->GetHaloRadius()[0], 3U * haloOfAll[0]);
  const auto runs = high->requested.size();
  output->SetRequestedRegion(Piece(pair.high.region, 2, 1, 3));
  filter->Update();
  EXPECT_LE(high->requested.size(), runs + 1);

  for (itk::ImageRegionIteratorWithIndex<FloatImage> it(low, low->GetLargestPossibleRegion()); !it.IsAtEnd(); ++it)
  {
    it.Set(it.Get() + 500.0F);
  }
  low->Modified();
  filter->Update();
  EXPECT_GT(filter->GetNumberOfElapsedIterations(), 3U);
}

TEST(SliceProfileDataConsistencyImageFilter, ReportsProgressThatOnlyGrowsWhileItChooses)
{
  const auto & pair = PairNamed("Oblique");
  const auto   filter = MakeFilter(ImageOn(pair.high), ImageOn(pair.low), 1e-3);
  filter->SetVoxelsPerSlab(1);
  filter->SetNumberOfIterations(3);
  filter->GetOutput()->SetRequestedRegion(Piece(pair.high.region, 2, 0, 3));

  std::vector<float> reported;
  filter->AddObserver(itk::ProgressEvent(),
                      [&](const itk::EventObject &) { reported.push_back(filter->GetProgress()); });
  filter->Update();
  EXPECT_EQ(filter->GetNumberOfElapsedIterations(), 3U);
  EXPECT_GE(reported.size(), 16U);
  EXPECT_TRUE(std::is_sorted(reported.begin(), reported.end()));
  EXPECT_LT(reported.front(), 0.2F);
  EXPECT_EQ(reported.back(), 1.0F);
}

TEST(SliceProfileDataConsistencyImageFilter, HonoursAbortWhileItChooses)
{
  const auto & pair = PairNamed("Oblique");
  const auto   high = ImageOn(pair.high);
  const auto   low = ImageOn(pair.low);
  const auto   filter = MakeFilter(high, low, NoiseBetween(ResidualsOfPlainIterations(high, low, 1), 1));
  bool         isAborted = false;
  filter->AddObserver(itk::AbortEvent(), [&](const itk::EventObject &) { isAborted = true; });
  const auto tag =
    filter->AddObserver(itk::ProgressEvent(), [&](const itk::EventObject &) { filter->AbortGenerateDataOn(); });
  EXPECT_THROW(filter->Update(), itk::ProcessAborted);
  EXPECT_TRUE(isAborted);
  filter->RemoveObserver(tag);
  EXPECT_EQ(UpdateMessage(*filter), "");
  EXPECT_EQ(filter->GetNumberOfElapsedIterations(), 1U);
}

// An error in the middle must not leave a choice for inputs that have changed since.
TEST(SliceProfileDataConsistencyImageFilter, ChoosesTheSameAfterErrors)
{
  const auto & pair = PairNamed("KeptFieldOfView");
  const auto   image = ImageOn(pair.high);
  const auto   scan = ImageOn(pair.low);
  auto         high = RegionRecorder::New();
  auto         low = RegionRecorder::New();
  high->SetInput(image);
  low->SetInput(scan);
  const double noise = NoiseBetween(ResidualsOfPlainIterations(image, scan, 2), 2);
  const auto   filter = MakeFilter(high->GetOutput(), low->GetOutput(), noise);
  for (auto & recorder : { high, low })
  {
    recorder->fail = true;
    recorder->Modified();
    EXPECT_TRUE(Contains(UpdateMessage(*filter), "asked to fail"));
    recorder->fail = false;
    EXPECT_EQ(UpdateMessage(*filter), "");
    EXPECT_EQ(filter->GetNumberOfElapsedIterations(), 2U);
  }
  const auto index = pair.low.region.GetUpperIndex();
  const auto voxel = scan->GetPixel(index);
  scan->SetPixel(index, std::numeric_limits<float>::quiet_NaN());
  scan->Modified();
  EXPECT_TRUE(Contains(UpdateMessage(*filter), "voxel of the low-resolution image at index [5, 4, 3]"));
  scan->SetPixel(index, voxel);
  scan->Modified();
  EXPECT_EQ(UpdateMessage(*filter), "");
  EXPECT_EQ(filter->GetNumberOfElapsedIterations(), 2U);
}
