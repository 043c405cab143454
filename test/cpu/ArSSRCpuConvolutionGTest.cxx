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
#include "cpu/ArSSRCpuConvolution.h"

#include "cpu/ArSSRCpuTestHelpers.h"

namespace
{
using namespace itk::arssr;
using namespace itk::arssr::test;
using Method = CpuConvolution::Method;

// [z, y, x, channel], channels padded with zeros.
at::Tensor
Padded(const at::Tensor & values)
{
  at::Tensor padded = at::zeros({ values.size(0), values.size(1), values.size(2), PaddedChannels(values.size(3)) });
  padded.narrow(3, 0, values.size(3)).copy_(values);
  return padded;
}

at::Tensor
Reference(const at::Tensor & input, const at::Tensor & weight, const at::Tensor & bias)
{
  const at::Tensor result = at::conv3d(input.permute({ 3, 0, 1, 2 }).unsqueeze(0).to(at::kDouble),
                                       weight.to(at::kDouble),
                                       bias.to(at::kDouble),
                                       1,
                                       weight.size(2) / 2);
  return result.squeeze(0).permute({ 1, 2, 3, 0 });
}

GridBox
Whole(const at::Tensor & buffer)
{
  return { {}, { buffer.size(0), buffer.size(1), buffer.size(2) } };
}

CpuConvolution::Call
CallOf(const at::Tensor & input, at::Tensor & output)
{
  CpuConvolution::Call call;
  call.size = Whole(input).end;
  call.box = Whole(input);
  call.frame = Whole(input);
  call.input = input.const_data_ptr<float>();
  call.inputStride = input.size(3);
  call.output = output.mutable_data_ptr<float>();
  call.outputStride = output.size(3);
  return call;
}

class ArSSRCpuConvolutionOfEachKind : public ::testing::TestWithParam<const CpuKernels *>
{
protected:
  const CpuKernels & m_Kernels{ *GetParam() };
  RandomTensors      m_Random;
};
} // namespace

// Most channel counts are no multiple of a vector's: the padding must come out as zeros, as the next layer reads it.
TEST_P(ArSSRCpuConvolutionOfEachKind, AgreesWithTorch)
{
  struct Shape
  {
    std::int64_t inputs;
    std::int64_t outputs;
    std::int64_t kernel;
  };
  for (const Shape & shape :
       { Shape{ 1, 20, 3 }, Shape{ 5, 16, 3 }, Shape{ 20, 33, 3 }, Shape{ 64, 64, 3 }, Shape{ 40, 20, 1 } })
  {
    const at::Tensor weight = m_Random({ shape.outputs, shape.inputs, shape.kernel, shape.kernel, shape.kernel });
    const at::Tensor bias = m_Random({ shape.outputs });
    const at::Tensor values = m_Random({ 5, 6, 7, shape.inputs });
    const at::Tensor input = shape.inputs == 1 ? values : Padded(values);
    const at::Tensor expected = Reference(values, weight, bias);
    for (const Method method : { Method::Fastest, Method::Direct })
    {
      at::Tensor output = at::empty({ 5, 6, 7, PaddedChannels(shape.outputs) }, at::kFloat);
      CpuConvolution::New(m_Kernels, weight, bias, method)->Run(CallOf(input, output));
      const double difference = LargestDifference(output.narrow(3, 0, shape.outputs), expected);
      EXPECT_LT(difference, 2e-6 * expected.abs().max().item<double>())
        << shape.inputs << " to " << shape.outputs << " channels, kernel " << shape.kernel;
      EXPECT_TRUE(output.narrow(3, shape.outputs, output.size(3) - shape.outputs).eq(0.0).all().item<bool>());
    }
  }
}

// Residual blocks write their last layer to the buffer that holds the block's input, which is added.
TEST_P(ArSSRCpuConvolutionOfEachKind, AddsAfterTheReLUAlsoToItsOutput)
{
  const at::Tensor weight = m_Random({ 16, 16, 3, 3, 3 });
  const at::Tensor bias = m_Random({ 16 });
  const at::Tensor input = m_Random({ 4, 5, 3, 16 });
  const at::Tensor added = m_Random({ 4, 5, 3, 16 });
  at::Tensor       output = added.clone();
  auto             call = CallOf(input, output);
  call.relu = true;
  call.added = output.const_data_ptr<float>();
  call.addedStride = 16;
  CpuConvolution::New(m_Kernels, weight, bias)->Run(call);
  EXPECT_LT(LargestDifference(output, Reference(input, weight, bias).relu() + added), 5e-5);
}

// The RDN encoder fuses channels in place and adds up its global fusion block by block: a result written before its
// voxel is read for the last time, or a bias added twice, would be wrong features.
TEST_P(ArSSRCpuConvolutionOfEachKind, WritesOneByOneByOneWhereItReadsAndAddsUpParts)
{
  const at::Tensor weight = m_Random({ 32, 64, 1, 1, 1 });
  const at::Tensor bias = m_Random({ 32 });
  const at::Tensor values = m_Random({ 3, 4, 5, 64 });
  const at::Tensor expected = Reference(values, weight, bias) + values.narrow(3, 0, 32);
  at::Tensor       inPlace = values.clone();
  auto             call = CallOf(inPlace, inPlace);
  call.added = inPlace.const_data_ptr<float>();
  call.addedStride = 64;
  CpuConvolution::New(m_Kernels, weight, bias)->Run(call);
  EXPECT_LT(LargestDifference(inPlace.narrow(3, 0, 32), expected), 5e-5);
  EXPECT_TRUE(inPlace.narrow(3, 32, 32).equal(values.narrow(3, 32, 32)));

  at::Tensor sum = at::empty({ 3, 4, 5, 32 }, at::kFloat);
  auto       part = CallOf(values, sum);
  CpuConvolution::New(m_Kernels, weight.narrow(1, 0, 16), bias)->Run(part);
  part.input += 16;
  CpuConvolution::New(m_Kernels, weight.narrow(1, 16, 48), at::Tensor())->Run(part);
  EXPECT_LT(LargestDifference(sum, Reference(values, weight, bias)), 5e-5);
}

// A voxel's value depends, in no bit, on the box, on where the buffers begin or on what lies beyond its neighbours,
// even if that is infinite: otherwise tiles would have seams.
TEST_P(ArSSRCpuConvolutionOfEachKind, GivesAVoxelTheSameBitsInAnyBoxAndBuffer)
{
  for (const std::int64_t inputs : { 3, 16 })
  {
    const at::Tensor weight = m_Random({ 16, inputs, 3, 3, 3 });
    const auto       convolution = CpuConvolution::New(m_Kernels, weight, m_Random({ 16 }));
    const at::Tensor input = Padded(m_Random({ 9, 8, 10, inputs }));
    at::Tensor       whole = at::empty({ 9, 8, 10, 16 }, at::kFloat);
    convolution->Run(CallOf(input, whole));
    for (std::int64_t begin = 1; begin <= 3; ++begin)
    {
      // A buffer that begins at voxel (begin, begin - 1, begin), of which all but the outermost voxels are computed.
      const GridIndex origin{ begin, begin - 1, begin };
      at::Tensor      part =
        input.narrow(0, origin[0], 5).narrow(1, origin[1], 5).narrow(2, origin[2], 6).contiguous().clone();
      at::Tensor output = at::full({ 5, 5, 6, 16 }, -7.0F);
      auto       call = CallOf(part, output);
      call.origin = origin;
      call.box = { { 1, 1, 1 }, { 4, 4, 5 } };
      convolution->Run(call);
      const at::Tensor computed = output.narrow(0, 1, 3).narrow(1, 1, 3).narrow(2, 1, 4);
      const at::Tensor expected =
        whole.narrow(0, origin[0] + 1, 3).narrow(1, origin[1] + 1, 3).narrow(2, origin[2] + 1, 4);
      EXPECT_TRUE(computed.equal(expected)) << inputs << " channels, from voxel " << begin;
      EXPECT_TRUE(output.select(0, 0).eq(-7.0F).all().item<bool>()) << "outside the box";
      EXPECT_TRUE(output.select(2, 5).eq(-7.0F).all().item<bool>()) << "outside the box";

      // The same box into a buffer of its own, two voxels away from infinite ones.
      at::Tensor framed = at::empty({ 1, 3, 2, 16 }, at::kFloat);
      part.select(0, 4).fill_(std::numeric_limits<float>::infinity());
      part.select(2, 0).fill_(std::numeric_limits<float>::infinity());
      call.box = { { 2, 1, 2 }, { 3, 4, 4 } };
      call.frame = call.box;
      call.output = framed.mutable_data_ptr<float>();
      convolution->Run(call);
      EXPECT_TRUE(framed.equal(expected.narrow(0, 1, 1).narrow(2, 1, 2))) << inputs << " channels, from " << begin;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(ArSSR, ArSSRCpuConvolutionOfEachKind, ::testing::ValuesIn(AllCpuKernels()), KernelsTestName);
