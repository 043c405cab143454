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
// Simulation and data consistency with an acquisition: against what is known of a point, an edge and a wave.
#include "itkSliceProfileDataConsistencyImageFilter.h"
#include "itkSliceProfileSimulationImageFilter.h"

#include "acquisition/ArSSRSliceProfileTestHelpers.h"

#include <cmath>

namespace
{
using namespace itk::arssr::test;
using itk::ArSSRAcquisition;
using itk::ArSSRPointSpread;
using SimulationType = itk::SliceProfileSimulationImageFilter<FloatImage>;
using ConsistencyType = itk::SliceProfileDataConsistencyImageFilter<FloatImage>;

constexpr double Pi = 3.14159265358979323846;

// 160 mm along z, with 0 mm in their middle, in voxels of 0.5 mm; of 1 mm along x and y.
constexpr double Length = 160.0;
constexpr double Spacing = 0.5;

double
PlaceOf(itk::IndexValueType z, double spacing = Spacing)
{
  return spacing * (static_cast<double>(z) + 0.5) - 0.5 * Length;
}

template <typename TFunction>
FloatImage::Pointer
LineImage(const TFunction & intensity, double spacing = Spacing)
{
  auto image = FloatImage::New();
  image->SetRegions(FloatImage::SizeType{ { 3, 3, static_cast<itk::SizeValueType>(Length / spacing) } });
  image->SetSpacing(FloatImage::SpacingType(std::vector<double>{ 1.0, 1.0, spacing }.data()));
  image->SetOrigin(FloatImage::PointType(std::vector<double>{ 0.0, 0.0, PlaceOf(0, spacing) }.data()));
  image->Allocate();
  for (itk::ImageRegionIteratorWithIndex<FloatImage> it(image, image->GetLargestPossibleRegion()); !it.IsAtEnd(); ++it)
  {
    it.Set(static_cast<float>(intensity(PlaceOf(it.GetIndex()[2], spacing))));
  }
  return image;
}

// Slices of 2 mm.
SimulationType::Pointer
Simulation(FloatImage * image, const std::string & acquisition)
{
  auto                        filter = SimulationType::New();
  SimulationType::FactorsType factors;
  factors.Fill(1.0);
  factors[2] = 2.0 / image->GetSpacing()[2];
  filter->SetInput(image);
  filter->SetShrinkFactors(factors);
  filter->SetAcquisition(acquisition);
  return filter;
}

// Place and intensity of each slice in the middle half of the image.
std::vector<std::pair<double, double>>
MiddleOf(const FloatImage & scan)
{
  std::vector<std::pair<double, double>> line;
  for (itk::IndexValueType z = 20; z < 60; ++z)
  {
    const FloatImage::IndexType index{ { 1, 1, z } };
    FloatImage::PointType       place;
    scan.TransformIndexToPhysicalPoint(index, place);
    line.emplace_back(place[2], scan.GetPixel(index));
  }
  return line;
}

const char * const Profiles[] = { "gaussian:2",    "gaussian:3.1",
                                  "box:2",         "box:2.6",
                                  "box:1.4",       "sinc:2",
                                  "sinc:2.5:hann", "sinc:2:tukey:0.5",
                                  "sinc:4",        "measured:0.5:0.2/0.7/1/1/1/0.7/0.2" };
} // namespace


TEST(SliceProfileAcquisition, AWaveIsModulatedByTheTransformOfThePointSpread)
{
  for (const std::string profile : Profiles)
  {
    const auto spread = ArSSRPointSpread::FromText(profile);
    for (const double frequency : { 0.0, 0.03, 0.08, 0.15, 0.24, 0.4 }) // in 1 / mm; that of the slices ends at 0.25
    {
      const bool isSinc = spread.GetKind() == ArSSRPointSpread::Kind::Sinc;
      const auto largest = 0.5 / spread.GetWidth();
      if (isSinc && spread.GetTaper() == 0.0 && frequency > 0.8 * largest && frequency < 1.2 * largest)
      {
        continue; // its edge is as wide as its support is short
      }
      const auto wave = [frequency](double place) {
        return 10.0 + std::cos(2.0 * Pi * frequency * place + 0.7);
      };
      const auto filter = Simulation(LineImage(wave, 0.125), "z=" + profile); // voxels much smaller than any width
      filter->Update();
      const double modulation = spread.GetModulation(frequency);
      for (const auto & slice : MiddleOf(*filter->GetOutput()))
      {
        const double expected = 10.0 + modulation * std::cos(2.0 * Pi * frequency * slice.first + 0.7);
        ASSERT_NEAR(slice.second, expected, isSinc ? 0.012 : 0.005)
          << profile << " at " << frequency << " / mm, " << slice.first << " mm";
      }
    }
  }
}

TEST(SliceProfileAcquisition, APointIsSeenUnderThePointSpread)
{
  const itk::IndexValueType voxel = 161;
  for (const std::string profile : Profiles)
  {
    const auto spread = ArSSRPointSpread::FromText(profile);
    const auto filter =
      Simulation(LineImage([](double place) { return place == PlaceOf(161) ? 1000.0 : 0.0; }), "z=" + profile);
    filter->Update();
    // The area under a point spread by Riemann's sum, in mm.
    double area = 0.0;
    for (double u = -60.0; u < 60.0; u += 0.01)
    {
      area += 0.01 * spread.Scaled(1.0 / Spacing).Evaluate(u / Spacing);
    }
    for (const auto & slice : MiddleOf(*filter->GetOutput()))
    {
      const double seen = spread.Scaled(1.0 / Spacing).Evaluate((PlaceOf(voxel) - slice.first) / Spacing);
      ASSERT_NEAR(slice.second, 1000.0 * seen * Spacing / area, 0.9) << profile << " at " << slice.first;
    }
  }
}

TEST(SliceProfileAcquisition, AnEdgeIsSeenUnderTheIntegralOfThePointSpread)
{
  const auto edge = [](double place) {
    return place > 0.0 ? 100.0 : 0.0; // at the face between two voxels
  };
  const auto box = Simulation(LineImage(edge), "z=box:3");
  box->Update();
  for (const auto & slice : MiddleOf(*box->GetOutput()))
  {
    const double expected = 100.0 * std::min(std::max(slice.first / 3.0 + 0.5, 0.0), 1.0);
    ASSERT_NEAR(slice.second, expected, 1e-3) << slice.first << " mm";
  }
  const auto gaussian = Simulation(LineImage(edge), "z=gaussian:3");
  gaussian->Update();
  for (const auto & slice : MiddleOf(*gaussian->GetOutput()))
  {
    const double sigma = 3.0 / (2.0 * std::sqrt(2.0 * std::log(2.0)));
    const double expected = 50.0 * (1.0 + std::erf(slice.first / sigma / std::sqrt(2.0)));
    ASSERT_NEAR(slice.second, expected, 0.35) << slice.first << " mm"; // of an image of steps, not of the edge
  }
  // The sine integral's overshoot, 8.95 % of the step, one acquired voxel from the edge: Gibbs.
  const auto sinc = Simulation(LineImage(edge), "z=sinc:4");
  sinc->Update();
  double largest = 0.0;
  for (const auto & slice : MiddleOf(*sinc->GetOutput()))
  {
    largest = std::max(largest, slice.second);
  }
  EXPECT_GT(largest, 105.0);
  EXPECT_LT(largest, 109.5);
}

// Slices with gaps or overlap are common: a width taken from the spacing would simulate another protocol.
TEST(SliceProfileAcquisition, SeparatesThicknessFromSpacing)
{
  // A plate of one voxel in a gap between slices of 1 mm every 2 mm is seen by none of them.
  const auto plate = [](itk::IndexValueType voxel) {
    return LineImage([voxel](double place) { return place == PlaceOf(voxel) ? 100.0 : 0.0; });
  };
  const auto sumOf = [](const SimulationType::Pointer & filter) {
    filter->Update();
    double sum = 0.0;
    for (const auto & slice : MiddleOf(*filter->GetOutput()))
    {
      sum += slice.second;
    }
    return sum;
  };
  EXPECT_EQ(sumOf(Simulation(plate(160), "z=box:1")), 0.0);                // the first voxel of a slice's four
  EXPECT_NEAR(sumOf(Simulation(plate(161), "z=box:1")), 50.0, 1e-4);       // of the two in its middle
  EXPECT_NEAR(sumOf(Simulation(plate(160), "z=box:2")), 25.0, 1e-4);       // contiguous slices
  EXPECT_NEAR(sumOf(Simulation(plate(160), "z=box:4")), 2.0 * 12.5, 1e-4); // slices that overlap
}

TEST(SliceProfileAcquisition, UsesTheDefaultGaussianWhenUnknown)
{
  const auto image = SyntheticImage({ { 12, 10, 8 } });
  const auto filter = SimulationType::New();
  filter->SetInput(image);
  filter->Update();
  const auto byDefault = Copied(*filter->GetOutput());
  filter->SetAcquisition("gaussian:2");
  filter->Update();
  EXPECT_TRUE(SameBits(*filter->GetOutput(), *byDefault, byDefault->GetLargestPossibleRegion()));
  filter->SetAcquisition(ArSSRAcquisition());
  filter->SetFullWidthAtHalfMaximum(2.0);
  filter->Update();
  EXPECT_TRUE(SameBits(*filter->GetOutput(), *byDefault, byDefault->GetLargestPossibleRegion()));
}

TEST(SliceProfileAcquisition, RefusesAWidthThatContradictsTheAcquisition)
{
  const auto filter = SimulationType::New();
  filter->SetInput(SyntheticImage({ { 12, 10, 8 } }));
  filter->SetAcquisition("z=box:3");
  filter->SetFullWidthAtHalfMaximum(2.0);
  EXPECT_TRUE(Contains(MessageOf([&] { filter->Update(); }), "also has a point spread along it"));
  SimulationType::WidthsType widths;
  widths.Fill(2.0);
  widths[2] = 0.0;
  filter->SetFullWidthAtHalfMaximum(widths);
  EXPECT_EQ(MessageOf([&] { filter->Update(); }), "");
  EXPECT_TRUE(Contains(MessageOf([&] { filter->SetAcquisition("z=bax"); }), "bax"));
  std::ostringstream printed;
  filter->Print(printed);
  EXPECT_TRUE(Contains(printed.str(), "Acquisition: z=box:3"));
}

TEST(SliceProfileAcquisition, ConsistencyWithTheScansOwnPointSpreadExplainsTheScan)
{
  const auto truth = SyntheticImage({ { 24, 22, 20 } });
  for (const std::string acquisition : { "box", "sinc", "sinc:hann", "xy=sinc,z=box:3", "gaussian:1.2" })
  {
    const auto simulation = SimulationType::New();
    simulation->SetInput(truth);
    simulation->SetAcquisition(acquisition);
    simulation->Update();
    const auto residualWith = [&](const std::string & assumed) {
      const auto consistency = ConsistencyType::New();
      consistency->SetInput(truth);
      consistency->SetLowResolutionImage(simulation->GetOutput());
      consistency->SetAcquisition(assumed);
      consistency->SetNumberOfIterations(0);
      consistency->Update();
      return consistency->GetResidualRootMeanSquare();
    };
    EXPECT_LT(residualWith(acquisition), 1e-4) << acquisition;
    EXPECT_GT(residualWith("auto"), 0.02) << acquisition;
  }
}

class SliceProfileAcquisitionStreaming : public ::testing::TestWithParam<GridPair>
{};

TEST_P(SliceProfileAcquisitionStreaming, GivesTheSameBitsInEveryDivisionNoiseIncluded)
{
  const auto filter = SimulationType::New();
  filter->SetInput(ImageOn(GetParam().high));
  filter->SetReferenceImage(ImageOn(GetParam().low));
  filter->UseReferenceImageOn();
  filter->SetAcquisition("x=box,y=sinc:3:hann,noise=4:rician");
  filter->Update();
  const auto whole = Copied(*filter->GetOutput());
  ExpectSameInEveryDivision(*filter->GetOutput(), *whole);
  filter->SetNoiseSeed(1);
  filter->UpdateLargestPossibleRegion();
  EXPECT_FALSE(SameBits(*filter->GetOutput(), *whole, whole->GetLargestPossibleRegion()));
}

INSTANTIATE_TEST_SUITE_P(InEveryWay,
                         SliceProfileAcquisitionStreaming,
                         ::testing::ValuesIn(GridPairs()),
                         [](const ::testing::TestParamInfo<GridPair> & info) { return info.param.name; });
