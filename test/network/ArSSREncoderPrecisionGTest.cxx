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
#include "network/ArSSRNetwork.h"
#include "platform/ArSSRDevice.h"
#include "platform/ArSSRPrecision.h"

#include "network/ArSSRGoldenData.h"

#include <c10/core/InferenceMode.h>

namespace
{
using namespace itk::arssr;
using itk::ArSSRModelEnums;
using itk::arssr::test::AllEncoders;
using itk::arssr::test::EncoderTestName;
using itk::arssr::test::GoldenData;

/** \brief Features of an encoder in a precision, against those in float32 of the same device.
 *
 * Some versions of cuDNN give wrong values in parts of a large volume, without an error. So each slice is compared on
 * its own, where a wrong part is not lost in the mean of all others.
 */
class ArSSREncoderPrecision : public ::testing::TestWithParam<ArSSRModelEnums::Encoder>
{
protected:
  ArSSREncoderPrecision()
    : m_Network(Architecture{ GetParam() })
  {
    m_Network.SetWeights(GoldenData::Read(GetParam()).MakeWeights());
  }

  at::Tensor
  Encode(const at::Tensor & volume, const at::Device & device, Precision precision) const
  {
    const PrecisionScope scope(device, precision);
    const auto           network = m_Network.CopyTo(device, GetScalarType(precision));
    return network->Encode(volume.to(device, GetScalarType(precision))).to(at::kFloat);
  }

  /** The largest difference of a slice, in units of the slice's norm. */
  double
  GetLargestError(std::int64_t size, const at::Device & device, Precision precision) const
  {
    at::manual_seed(5);
    const at::Tensor volume = at::rand({ size, size, size });
    const at::Tensor expected = this->Encode(volume, device, Precision::Float32).flatten(1);
    const at::Tensor values = this->Encode(volume, device, precision).flatten(1);
    return ((values - expected).norm(2, 1) / expected.norm(2, 1)).max().item<double>();
  }

  static constexpr double BFloat16Tolerance = 0.02; // of 8 bits, rounded in each of up to 76 layers
  static constexpr double Float16Tolerance = BFloat16Tolerance / 8;

  c10::InferenceMode m_InferenceMode;
  Network            m_Network;
};
} // namespace

// A layer that sums in bfloat16 would lose digits with every channel.
TEST_P(ArSSREncoderPrecision, BFloat16GivesTheFeaturesOfFloat32)
{
  // Few voxels: torch multiplies bfloat16 one by one on a processor without it.
  const double error = this->GetLargestError(5, at::kCPU, Precision::BFloat16);
  EXPECT_GT(error, 1e-4); // it is another precision
  EXPECT_LT(error, BFloat16Tolerance);
}

// Some errors of cuDNN show in large volumes only.
TEST_P(ArSSREncoderPrecision, EachGivesTheFeaturesOfFloat32OnLargeVolumesOnCUDA)
{
  const at::Device device = ResolveDevice("auto");
  if (!device.is_cuda())
  {
    GTEST_SKIP() << "no CUDA device";
  }
  for (const std::int64_t size : { 40, 96, 130 })
  {
    EXPECT_LT(this->GetLargestError(size, device, Precision::BFloat16), BFloat16Tolerance) << size;
    EXPECT_LT(this->GetLargestError(size, device, Precision::Float16), Float16Tolerance) << size;
    EXPECT_LT(this->GetLargestError(size, device, Precision::TensorFloat32), Float16Tolerance) << size;
  }
}

INSTANTIATE_TEST_SUITE_P(ForEachEncoder, ArSSREncoderPrecision, ::testing::ValuesIn(AllEncoders), EncoderTestName);
