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
#include "grid/ArSSRGridTestHelpers.h"
#include "support/ArSSRSanitized.h"

#include <gtest/gtest.h>

#include <sstream>

// Whatever the grids, the scale, the budget and the order of requests: a region has the bits of the whole result.

namespace
{
using namespace itk::arssr::test;
using FilterType = itk::ArbitraryScaleSuperResolutionImageFilter<FloatImage>;

constexpr int RegionsPerCase = 3;

struct Property
{
  Encoder            encoder;
  int                cases;
  itk::SizeValueType longest;    // LR voxels along an axis
  itk::SizeValueType mostVoxels; // of the LR image
};

// The published encoders take a thousand times longer than the residual one of SmallModel().
constexpr Property Properties[] = { { Encoder::RDN, 40, 12, 300 },
                                    { Encoder::ResCNN, 60, 16, 600 },
                                    { Encoder::SRResnet, 60, 16, 500 },
                                    { Encoder::Residual, 150, 60, 12000 } };

itk::ArSSRModel::Pointer
MakeModel(Encoder encoder)
{
  if (encoder != Encoder::Residual)
  {
    return SmallModel(encoder);
  }
  // So many features that the budget makes tiles of the larger images.
  auto model = itk::ArSSRModel::New();
  model->SetRandomLocalNetwork(8, 2, 32, 3, 16, 12);
  return model;
}

std::ostream &
operator<<(std::ostream & stream, const Property & property)
{
  return stream << property.encoder;
}

class Case
{
public:
  Case(const Property & property, int number)
    : m_Property(property)
    , m_IsBounded(number % 2 == 0)
    , m_Random(number)
    , m_Model(MakeModel(property.encoder))
    , m_Input(this->MakeInput())
  {
    this->ChooseOutput();
  }

  /** A filter of its own, which has nothing in store. */
  FilterType::Pointer
  MakeFilter() const
  {
    auto filter = FilterType::New();
    filter->SetInput(m_Input);
    filter->SetModel(m_Model);
    filter->SetDevice("cpu");
    filter->SetDefaultPixelValue(-7.0F);
    filter->SetBoundToNeighborhood(m_IsBounded);
    filter->SetGlobalWarningDisplay(false); // of scales below one
    if (m_Reference)
    {
      filter->SetReferenceImage(m_Reference);
      filter->UseReferenceImageOn();
    }
    else
    {
      filter->SetScaleFactors(m_Factors);
    }
    return filter;
  }

  /** The least budget that the image can be computed in, or one with which it takes a few tiles. */
  itk::SizeValueType
  MakeBudget()
  {
    return BudgetForTiles(
      m_Model, m_Input->GetLargestPossibleRegion().GetSize(), static_cast<itk::SizeValueType>(m_Random.Integer(1, 64)));
  }

  RegionType
  MakePart(const RegionType & whole)
  {
    return m_Random.MakePart(whole);
  }

  std::string
  Describe() const
  {
    std::ostringstream text;
    text << m_Property.encoder << (m_IsBounded ? ", bounded" : "") << ", input " << m_Input->GetLargestPossibleRegion()
         << "spacing " << m_Input->GetSpacing();
    m_Reference ? text << ", a reference image of " << m_Reference->GetLargestPossibleRegion()
                : text << ", scale " << m_Factors;
    return text.str();
  }

private:
  FloatImage::Pointer
  MakeInput()
  {
    auto geometry = m_Random.MakeGeometry(m_Property.longest);
    auto size = geometry.region.GetSize();
    while (size[0] * size[1] * size[2] > m_Property.mostVoxels)
    {
      auto & longest = *std::max_element(size.begin(), size.end());
      longest = (longest + 1) / 2;
    }
    const auto image = SyntheticImage(size, geometry.region.GetIndex());
    image->SetOrigin(geometry.origin);
    image->SetSpacing(geometry.spacing);
    image->SetDirection(geometry.direction);
    return image;
  }

  /** Factors, or a grid of any direction that meets the input somewhere. */
  void
  ChooseOutput()
  {
    for (double & factor : m_Factors)
    {
      factor = m_Random.Integer(0, 3) == 0 ? static_cast<double>(m_Random.Integer(1, 3)) : m_Random.Uniform(0.4, 3.5);
    }
    if (m_Random.Integer(0, 2) > 0)
    {
      return;
    }
    const auto geometry = m_Random.MakeGeometry(20);
    m_Reference = FloatImage::New();
    m_Reference->SetRegions(geometry.region);
    m_Reference->SetSpacing(geometry.spacing);
    m_Reference->SetDirection(geometry.direction);
    m_Reference->SetOrigin(geometry.origin);
    const auto middle = this->Middle(*m_Reference);
    const auto wanted = this->Middle(*m_Input);
    m_Reference->SetOrigin(geometry.origin + (wanted - middle));
  }

  static FloatImage::PointType
  Middle(const FloatImage & image)
  {
    const auto                      region = image.GetLargestPossibleRegion();
    itk::ContinuousIndex<double, 3> index;
    for (unsigned int axis = 0; axis < 3; ++axis)
    {
      index[axis] = static_cast<double>(region.GetIndex(axis)) + 0.5 * static_cast<double>(region.GetSize(axis) - 1);
    }
    return image.TransformContinuousIndexToPhysicalPoint<double, double>(index);
  }

  Property                     m_Property;
  bool                         m_IsBounded;
  Randomness                   m_Random;
  itk::ArSSRModel::Pointer     m_Model;
  FloatImage::Pointer          m_Input;
  FloatImage::Pointer          m_Reference;
  FilterType::ScaleFactorsType m_Factors;
};
} // namespace


class StreamingProperty : public ::testing::TestWithParam<Property>
{};

TEST_P(StreamingProperty, AnyRegionHasTheBitsOfTheWhole)
{
  int       telling = 0; // cases whose results differ from voxel to voxel
  int       tiled = 0;
  const int cases = Sanitized ? GetParam().cases / 4 : GetParam().cases; // a case then takes several times as long
  for (int number = 0; number < cases; ++number)
  {
    Case test(GetParam(), number);
    SCOPED_TRACE("case " + std::to_string(number) + ": " + test.Describe());
    const auto whole = test.MakeFilter();
    whole->Update();
    telling += ValueRange(*whole->GetOutput()) > 0.1 ? 1 : 0;

    const auto parts = test.MakeFilter();
    parts->SetMemoryBudget(test.MakeBudget());
    for (int region = 0; region < RegionsPerCase; ++region)
    {
      const RegionType part = test.MakePart(whole->GetOutput()->GetLargestPossibleRegion());
      parts->UpdateOutputInformation();
      parts->GetOutput()->SetRequestedRegion(part);
      parts->Update();
      // What an earlier request has given already is not computed again.
      ASSERT_TRUE(parts->GetOutput()->GetBufferedRegion().IsInside(part));
      ASSERT_TRUE(SameBits(*parts->GetOutput(), *whole->GetOutput(), part)) << part;
    }
    tiled += parts->GetNumberOfEncodedTiles() > 1 ? 1 : 0;
  }
  EXPECT_GT(telling, cases / 2);
  if (GetParam().encoder == Encoder::Residual) // whose halo is small beside the images
  {
    EXPECT_GT(tiled, cases / 20);
  }
}

INSTANTIATE_TEST_SUITE_P(ForEachEncoder,
                         StreamingProperty,
                         ::testing::ValuesIn(Properties),
                         [](const ::testing::TestParamInfo<Property> & info) {
                           std::ostringstream name;
                           name << info.param.encoder;
                           return name.str();
                         });
