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
#include "ArSSRPrecision.h"

#include "ArSSRTestHelpers.h"

namespace
{
using namespace itk::arssr;
using namespace itk::arssr::test;
} // namespace

TEST(ArSSRPrecision, IsReadFromItsNameAndWritten)
{
  for (const char * name : { "auto", "float32", "tensorfloat32", "bfloat16", "float16" })
  {
    EXPECT_EQ(ToText(ParsePrecision(name)), name);
  }
  ExpectError([] { ParsePrecision("fp8"); }, "'fp8' is unknown; expected 'auto', 'float32'");
  ExpectError([] { ParsePrecision(""); }, "'' is unknown");
}

TEST(ArSSRPrecision, IsSingleOnTheCPUUnlessAskedOtherwise)
{
  EXPECT_EQ(ResolvePrecision(Precision::Auto, at::kCPU), Precision::Float32);
  EXPECT_EQ(ResolvePrecision(Precision::Float32, at::kCPU), Precision::Float32);
}

TEST(ArSSRPrecision, IsRefusedWhereTheDeviceDoesNotHaveIt)
{
  const std::string remedy = "Use 'float32' or 'auto'.";
  ExpectError([] { ResolvePrecision(Precision::Float16, at::kCPU); }, remedy);
  ExpectError([] { ResolvePrecision(Precision::TensorFloat32, at::kCPU); }, remedy);
  ExpectError([] { ResolvePrecision(Precision::TensorFloat32, at::kCPU); }, "'tensorfloat32'");
}

TEST(ArSSRPrecision, HasAWidth)
{
  EXPECT_EQ(GetScalarType(Precision::Float32), at::kFloat);
  EXPECT_EQ(GetScalarType(Precision::TensorFloat32), at::kFloat);
  EXPECT_EQ(GetScalarType(Precision::BFloat16), at::kBFloat16);
  EXPECT_EQ(GetScalarType(Precision::Float16), at::kHalf);
}

TEST(ArSSRPrecision, IsSetAndPutBack)
{
  at::Context & context = at::globalContext();
  const auto    get = [&] {
    return context.float32Precision(at::Float32Backend::MKLDNN, at::Float32Op::MATMUL);
  };
  const auto before = get();
  context.setFloat32Precision(at::Float32Backend::MKLDNN, at::Float32Op::MATMUL, at::Float32Precision::BF16);
  {
    const PrecisionScope scope(at::kCPU, Precision::Float32);
    EXPECT_EQ(get(), at::Float32Precision::IEEE);
  }
  EXPECT_EQ(get(), at::Float32Precision::BF16);
  context.setFloat32Precision(at::Float32Backend::MKLDNN, at::Float32Op::MATMUL, before);
}
