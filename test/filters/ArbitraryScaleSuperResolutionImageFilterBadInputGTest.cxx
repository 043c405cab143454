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
#include "filters/ArSSRFilterTestHelpers.h"
#include "support/ArSSRSanitized.h"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <limits>
#include <memory>

// What a user may do wrong, in a table: each row works as documented, or names the value, what was expected and what
// to do.

namespace
{
using namespace itk::arssr::test;
using FilterType = itk::ArbitraryScaleSuperResolutionImageFilter<FloatImage>;

constexpr double NaN = std::numeric_limits<double>::quiet_NaN();
constexpr double Infinity = std::numeric_limits<double>::infinity();
constexpr auto   LargestIndex = std::numeric_limits<itk::IndexValueType>::max();

/** The things that a row may spoil. */
struct Scene
{
  FloatImage::Pointer image = SyntheticImage({ { 8, 7, 6 } });
  FilterType::Pointer filter = FilterType::New();
};

struct BadInput
{
  const char *                 name;
  std::function<void(Scene &)> spoil;
  std::vector<const char *>    expected; // parts of the message; none: it works
  bool                         exhaustsMemory{ false };
};

std::ostream &
operator<<(std::ostream & stream, const BadInput & row)
{
  return stream << row.name;
}

FloatImage::Pointer
ImageOf(const FloatImage::SizeType & size)
{
  auto image = FloatImage::New();
  image->SetRegions(size);
  return image;
}

void
UseReference(Scene & scene, const FloatImage::SizeType & size, double origin = 0.0)
{
  const auto   reference = ImageOf(size);
  const double place[] = { origin, origin, origin };
  reference->SetOrigin(place);
  scene.filter->SetReferenceImage(reference);
  scene.filter->UseReferenceImageOn();
}

/** A setting of the image with one bad value along axis 1. */
template <typename TMethod>
std::function<void(Scene &)>
ImageValue(TMethod method, double value)
{
  return [=](Scene & scene) {
    const double values[] = { 1.0, value, 1.0 };
    ((*scene.image).*method)(values);
  };
}

std::function<void(Scene &)>
Spacing(double value)
{
  return ImageValue<void (FloatImage::*)(const double *)>(&FloatImage::SetSpacing, value);
}

std::function<void(Scene &)>
Direction(double first, double second)
{
  return [=](Scene & scene) {
    FloatImage::DirectionType direction;
    direction.SetIdentity();
    direction[0][0] = first;
    direction[1][1] = second;
    scene.image->SetDirection(direction);
  };
}

std::function<void(Scene &)>
Voxel(double value)
{
  return [=](Scene & scene) {
    scene.image->SetPixel({ { 2, 3, 4 } }, static_cast<float>(value));
  };
}

std::function<void(Scene &)>
Every(double value)
{
  return [=](Scene & scene) {
    scene.image->FillBuffer(static_cast<float>(value));
  };
}

std::function<void(Scene &)>
Scale(double value)
{
  return [=](Scene & scene) {
    scene.filter->SetScaleFactors(value);
  };
}

std::function<void(Scene &)>
Resized(const FloatImage::SizeType & size)
{
  return [=](Scene & scene) {
    scene.image = SyntheticImage(size);
  };
}

/** A model file of some bytes of the default one. */
void
UseModelFileOf(Scene & scene, std::size_t bytes)
{
  static std::unique_ptr<TemporaryDirectory> directory;
  directory = std::make_unique<TemporaryDirectory>();
  const std::string path = directory->File("cut.safetensors");
  SmallModel(Encoder::Residual)->WriteFile(path);
  std::filesystem::resize_file(path, bytes);
  scene.filter->SetModel(nullptr);
  scene.filter->SetModelFileName(path);
}

const std::vector<BadInput> &
AllBadInputs()
{
  static const std::vector<BadInput> all = {
    { "NoInput", [](Scene & scene) { scene.image = nullptr; }, { "Input" } },
    { "NoVoxels",
      [](Scene & scene) {
        scene.image = ImageOf({ { 0, 0, 0 } });
      },
      { "[0, 0, 0]", "1 to 1048576" } },
    { "NoVoxelsAlongAnAxis",
      [](Scene & scene) {
        scene.image = ImageOf({ { 4, 0, 4 } });
      },
      { "[4, 0, 4]", "1 to" } },
    { "OneVoxel", Resized({ { 1, 1, 1 } }), {} },
    { "OneSlice", Resized({ { 9, 8, 1 } }), {} },
    { "OneLine", Resized({ { 1, 9, 1 } }), {} },
    { "TooLong",
      [](Scene & scene) {
        scene.image = ImageOf({ { 1, 1 << 21, 1 } });
      },
      { "2097152", "1 to 1048576" } },
    { "NaNVoxel", Voxel(NaN), { "[2, 3, 4]", "nan", "Finite intensities", "replace" } },
    { "InfiniteVoxel", Voxel(-Infinity), { "[2, 3, 4]", "-inf", "Finite intensities", "replace" } },
    { "LargestVoxel", Voxel(3e38), {} },
    { "Constant", Every(5.0), {} },
    { "Zeros", Every(0.0), {} },
    { "OnlyNaN", Every(NaN), { "[0, 0, 0]", "nan", "replace" } },
    { "Negative",
      [](Scene & scene) {
        scene.image->FillBuffer(-1000.0F), scene.image->SetPixel({ { 1, 1, 1 } }, -1.0F);
      },
      {} },
    { "HugeSpacing", Spacing(1e200), {} },
    { "TinySpacing", Spacing(1e-200), {} },
    { "ZeroSpacing", Spacing(0.0), { "pacing", "0" } },
    { "NegativeSpacing", Spacing(-1.0), { "pacing", "-1" } },
    { "NaNSpacing", Spacing(NaN), { "input spacing along axis 1 is nan", "positive finite" } },
    { "InfiniteSpacing", Spacing(Infinity), { "input spacing along axis 1 is inf", "positive finite" } },
    { "SpacingThatRunsOver",
      [](Scene & scene) { Spacing(1e308)(scene), scene.filter->SetScaleFactors(0.25); },
      { "output spacing along axis 1 is inf", "positive finite" } },
    { "NaNOrigin",
      ImageValue<void (FloatImage::*)(const double *)>(&FloatImage::SetOrigin, NaN),
      { "input origin is [1, nan, 1]", "finite", "ChangeInformationImageFilter" } },
    { "FarOrigin", ImageValue<void (FloatImage::*)(const double *)>(&FloatImage::SetOrigin, 1e12), {} },
    { "SingularDirection", Direction(1.0, 0.0), { "determinant", "0" } },
    { "NearlySingularDirection",
      Direction(1.0, 1e-9),
      { "input direction", "determinant 1e-09", "independent columns", "ChangeInformationImageFilter" } },
    { "NaNDirection", Direction(1.0, NaN), { "direction", "nan" } },
    { "LeftHandedDirection", Direction(1.0, -1.0), {} },
    { "ScaleZero", Scale(0.0), { "ScaleFactors", "[0, 0, 0]", "positive finite" } },
    { "ScaleBelowZero", Scale(-1.0), { "ScaleFactors", "[-1, -1, -1]", "positive finite" } },
    { "ScaleNaN", Scale(NaN), { "ScaleFactors", "nan", "positive finite" } },
    { "ScaleInfinite", Scale(Infinity), { "ScaleFactors", "inf", "positive finite" } },
    { "ScaleOfABillion", Scale(1e9), { "8e+09 voxels along axis 0", "at most 1048576", "smaller scale" } },
    { "ScaleThatLeavesOneVoxel", Scale(1e-9), {} },
    { "MoreVoxelsThanMemory", Scale(5e4), { "[400000, 350000, 300000]", "memory", "stream the output" }, true },
    { "SpacingOfTheOutput",
      [](Scene & scene) { scene.filter->SetOutputSpacing(itk::MakeVector(1.0, -1.0, 1.0)); },
      { "OutputSpacing", "-1", "positive finite" } },
    { "SizeZero",
      [](Scene & scene) {
        scene.filter->SetSize({ { 4, 0, 4 } });
      },
      { "[4, 0, 4]", "at least one voxel" } },
    { "SizeThatOverflows",
      [](Scene & scene) {
        scene.filter->SetSize({ { itk::SizeValueType{ 1 } << 40, 1 << 20, 1 << 20 } });
      },
      { "output is too large", "1099511627776", "1 to 1048576" } },
    { "StartIndexThatOverflows",
      [](Scene & scene) {
        scene.filter->SetSize({ { 4, 4, 4 } });
        scene.filter->SetOutputStartIndex({ { 0, LargestIndex, 0 } });
      },
      { "output starts at index [0, 9223372036854775807, 0]", "smaller start index" } },
    { "OriginOfTheOutput",
      [](Scene & scene) {
        scene.filter->SetSize({ { 4, 4, 4 } });
        scene.filter->SetOutputOrigin(itk::MakePoint(0.0, NaN, 0.0));
      },
      { "output origin is [0, nan, 0]", "finite" } },
    { "DirectionOfTheOutput",
      [](Scene & scene) {
        scene.filter->SetSize({ { 4, 4, 4 } });
        scene.filter->SetOutputDirection(FilterType::DirectionType());
      },
      { "output direction", "determinant 0", "independent columns" } },
    { "ReferenceElsewhere",
      [](Scene & scene) {
        UseReference(scene, { { 5, 4, 3 } }, 1e4);
      },
      {} },
    { "ReferenceWithoutVoxels",
      [](Scene & scene) {
        UseReference(scene, { { 5, 0, 3 } });
      },
      { "[5, 0, 3]", "1 to" } },
    { "ReferenceTooLong",
      [](Scene & scene) {
        UseReference(scene, { { 1, 1, itk::SizeValueType{ 1 } << 50 } });
      },
      { "1125899906842624", "1 to 1048576" } },
    { "ReferenceTooFar",
      [](Scene & scene) {
        UseReference(scene, { { 5, 4, 3 } }, 1e300), Spacing(1e-200)(scene);
      },
      { "too far from the input's", "1e+300" } },
    { "ReferenceMissing",
      [](Scene & scene) { scene.filter->UseReferenceImageOn(); },
      { "no ReferenceImage", "Set one" } },
    { "UnknownDevice", [](Scene & scene) { scene.filter->SetDevice("gpu"); }, { "'gpu'", "expected 'auto', 'cpu'" } },
    { "DeviceThatIsNotThere",
      [](Scene & scene) { scene.filter->SetDevice("cuda:99"); },
      { "'cuda:99' is not available", "Use 'auto' or 'cpu'" } },
    { "UnknownPrecision", [](Scene & scene) { scene.filter->SetPrecision("float8"); }, { "'float8'", "bfloat16" } },
    { "NoBudget", [](Scene & scene) { scene.filter->SetMemoryBudget(0); }, { "0 MiB", "at least", "larger budget" } },
    { "SmallBudget",
      [](Scene & scene) { scene.filter->SetModel(SmallModel(Encoder::RDN)), scene.filter->SetMemoryBudget(1); },
      { "1 MiB", "at least", "larger budget" } },
    { "WindowUpsideDown",
      [](Scene & scene) { scene.filter->SetIntensityWindow(5.0, 1.0); },
      { "[5, 1]", "the lower one first" } },
    { "WindowNaN", [](Scene & scene) { scene.filter->SetIntensityWindow(0.0, NaN); }, { "[0, nan]", "finite" } },
    { "ModelMissing",
      [](Scene & scene) { scene.filter->SetModel(nullptr), scene.filter->SetModelFileName("no/such.pkl"); },
      { "no/such.pkl", "no such file", "Check the path" } },
    { "ModelEmpty", [](Scene & scene) { scene.filter->SetModel(itk::ArSSRModel::New()); }, { "empty", "ReadFile()" } },
    { "ModelFileOfNoBytes",
      [](Scene & scene) { UseModelFileOf(scene, 0); },
      { "cut.safetensors", "it is empty", "save it again" } },
    { "ModelFileCut", [](Scene & scene) { UseModelFileOf(scene, 5000); }, { "cut.safetensors", "bytes" } },
    { "ModelFileIsAFolder",
      [](Scene & scene) { scene.filter->SetModel(nullptr), scene.filter->SetModelFileName("."); },
      { "\".\"", "it is a directory", "Give the path" } },
  };
  return all;
}
} // namespace


class FilterWithBadInput : public ::testing::TestWithParam<BadInput>
{};

TEST_P(FilterWithBadInput, WorksOrExplainsTheError)
{
  const BadInput & row = GetParam();
  if (row.exhaustsMemory && Sanitized)
  {
    GTEST_SKIP() << "Sanitizers end the program where memory runs out.";
  }
  Scene scene;
  scene.filter->SetModel(SmallModel(Encoder::Residual));
  scene.filter->SetDevice("cpu");
  scene.filter->SetGlobalWarningDisplay(false);
  const std::string message = MessageOf([&] {
    row.spoil(scene);
    scene.filter->SetInput(scene.image);
    scene.filter->Update();
  });
  if (row.expected.empty())
  {
    EXPECT_EQ(message, "");
    const auto * output = scene.filter->GetOutput();
    for (itk::ImageRegionConstIteratorWithIndex<FloatImage> it(output, output->GetBufferedRegion()); !it.IsAtEnd();
         ++it)
    {
      ASSERT_TRUE(std::isfinite(it.Get())) << it.GetIndex();
    }
    return;
  }
  EXPECT_FALSE(message.empty()) << "no exception";
  for (const char * part : row.expected)
  {
    EXPECT_TRUE(Contains(message, part)) << "'" << part << "' is not in: " << message;
  }

  // Nothing of it stays with the filter.
  scene.filter->ResetOutputGrid();
  scene.filter->SetInput(SyntheticImage({ { 8, 7, 6 } }));
  scene.filter->SetModelFileName("");
  scene.filter->SetModel(SmallModel(Encoder::Residual));
  scene.filter->SetDevice("cpu");
  scene.filter->SetPrecision("float32");
  scene.filter->SetMemoryBudget(256);
  EXPECT_EQ(MessageOf([&] { scene.filter->UpdateLargestPossibleRegion(); }), "") << "after: " << message;
}

INSTANTIATE_TEST_SUITE_P(Table,
                         FilterWithBadInput,
                         ::testing::ValuesIn(AllBadInputs()),
                         [](const ::testing::TestParamInfo<BadInput> & info) { return std::string(info.param.name); });


TEST(FilterWithBadInput, PlansTwoToThe31VoxelsByArithmeticOnly)
{
  const auto filter = FilterType::New();
  filter->SetModel(SmallModel(Encoder::Residual));
  filter->SetInput(ImageOf({ { 1 << 11, 1 << 10, 1 << 10 } })); // without a pixel
  filter->SetScaleFactors(4.0);
  filter->UpdateOutputInformation();
  const auto region = filter->GetOutput()->GetLargestPossibleRegion();
  EXPECT_EQ(region.GetNumberOfPixels(), itk::SizeValueType{ 1 } << 37);

  // The last voxel of it needs the last voxels of the input.
  filter->GetOutput()->SetRequestedRegion(RegionType(region.GetUpperIndex(), { { 1, 1, 1 } }));
  filter->GetOutput()->PropagateRequestedRegion();
  const auto needed = filter->GetInput()->GetRequestedRegion();
  EXPECT_EQ(needed.GetUpperIndex(), filter->GetInput()->GetLargestPossibleRegion().GetUpperIndex());
  EXPECT_LT(needed.GetNumberOfPixels(), itk::SizeValueType{ 1 } << 28);
}
