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
#include "cpu/ArSSRPackedMatrix.h"

#include "cpu/ArSSRCpuTestHelpers.h"

#include <cmath>

namespace
{
using namespace itk::arssr;
using namespace itk::arssr::test;

// Sums of up to a few hundred products of numbers in [-1, 1], each rounded to 2^-24.
constexpr double Tolerance = 2e-5;

class ArSSRCpuKernelsOfEachKind : public ::testing::TestWithParam<const CpuKernels *>
{
protected:
  const CpuKernels & m_Kernels{ *GetParam() };
  RandomTensors      m_Random;
};

MatrixProduct
ProductOf(const PackedMatrix & b, const at::Tensor & a, at::Tensor & c)
{
  MatrixProduct product = b.MakeProduct();
  product.rows = a.size(0);
  product.a = a.const_data_ptr<float>();
  product.aStride = a.size(1);
  product.c = c.mutable_data_ptr<float>();
  product.cStride = c.size(1);
  return product;
}
} // namespace

// Each number of remaining rows and each width of a last panel is an instantiation of its own.
TEST_P(ArSSRCpuKernelsOfEachKind, MultiplyRowsOfAnyNumberByColumnsOfAnyNumber)
{
  for (const std::int64_t columns : { 1, 8, 16, 23, 70, 131 })
  {
    const at::Tensor   weight = m_Random({ columns, 37 });
    const PackedMatrix packed(m_Kernels, weight, 37, m_Kernels.lanes);
    for (std::int64_t rows = 1; rows <= 2 * m_Kernels.rows + 1; ++rows)
    {
      const at::Tensor a = m_Random({ rows, 40 }); // three columns more than count
      at::Tensor       c = at::empty({ rows, packed.GetColumns() }, at::kFloat);
      m_Kernels.multiply(ProductOf(packed, a, c));
      const at::Tensor expected = a.narrow(1, 0, 37).mm(weight.t());
      ASSERT_LT(LargestDifference(c.narrow(1, 0, columns), expected), Tolerance) << rows << " × " << columns;
      EXPECT_TRUE(c.narrow(1, columns, c.size(1) - columns).eq(0.0).all().item<bool>());
    }
  }
}

TEST_P(ArSSRCpuKernelsOfEachKind, AddBiasAndInitialBeforeTheReLUAndTheRestAfterIt)
{
  const at::Tensor   weight = m_Random({ 32, 20 });
  const PackedMatrix packed(m_Kernels, weight, 20);
  const at::Tensor   a = m_Random({ 9, 20 });
  const at::Tensor   bias = m_Random({ 32 });
  const at::Tensor   initial = m_Random({ 9, 32 });
  const at::Tensor   added = m_Random({ 9, 32 });
  at::Tensor         c = added.clone();
  MatrixProduct      product = ProductOf(packed, a, c);
  product.bias = bias.const_data_ptr<float>();
  product.initial = initial.const_data_ptr<float>();
  product.initialStride = 32;
  product.added = c.const_data_ptr<float>(); // where the result goes
  product.addedStride = 32;
  product.relu = true;
  m_Kernels.multiply(product);
  EXPECT_LT(LargestDifference(c, (a.mm(weight.t()) + bias + initial).relu() + added), Tolerance);
}

// CpuPerceptron leaves out the coordinates' weights in this way.
TEST_P(ArSSRCpuKernelsOfEachKind, UseTheFirstPartOfTheDepthOnRequest)
{
  const at::Tensor   weight = m_Random({ 40, 20 });
  const PackedMatrix packed(m_Kernels, weight, 20);
  const at::Tensor   a = m_Random({ 5, 20 });
  at::Tensor         c = at::empty({ 5, packed.GetColumns() }, at::kFloat);
  MatrixProduct      product = ProductOf(packed, a, c);
  product.depth = 13;
  m_Kernels.multiply(product);
  EXPECT_LT(LargestDifference(c.narrow(1, 0, 40), a.narrow(1, 0, 13).mm(weight.narrow(1, 0, 13).t())), Tolerance);
}

// Tiles, threads and batches put a voxel beside other rows each time, and in full blocks or in the remainder.
TEST_P(ArSSRCpuKernelsOfEachKind, GiveARowTheSameBitsAtAnyPosition)
{
  const PackedMatrix packed(m_Kernels, m_Random({ 48, 50 }), 50);
  const at::Tensor   a = m_Random({ 3 * m_Kernels.rows + 2, 50 });
  at::Tensor         all = at::empty({ a.size(0), 48 }, at::kFloat);
  m_Kernels.multiply(ProductOf(packed, a, all));
  for (std::int64_t first = 0; first < a.size(0); ++first)
  {
    const std::int64_t count = 1 + first % (a.size(0) - first);
    const at::Tensor   part = a.narrow(0, first, count);
    at::Tensor         c = at::empty({ count, 48 }, at::kFloat);
    m_Kernels.multiply(ProductOf(packed, part, c));
    ASSERT_TRUE(c.equal(all.narrow(0, first, count))) << count << " rows from " << first;
  }
}

TEST_P(ArSSRCpuKernelsOfEachKind, BlendRows)
{
  const at::Tensor rows = m_Random({ 2, 48 });
  at::Tensor       result = at::empty({ 48 }, at::kFloat);
  RowBlend         blend;
  blend.count = 48;
  blend.row0 = rows[0].const_data_ptr<float>();
  blend.row1 = rows[1].const_data_ptr<float>();
  blend.weight0 = 0.3F;
  blend.weight1 = 0.7F;
  blend.result = result.mutable_data_ptr<float>();
  m_Kernels.blend(blend);
  EXPECT_LT(LargestDifference(result, 0.3F * rows[0] + 0.7F * rows[1]), Tolerance);
}

TEST_P(ArSSRCpuKernelsOfEachKind, BlendALineOfVoxels)
{
  // More columns than are taken together, and fewer; all, none and some of them with a ReLU.
  for (const std::int64_t columns : { 16, 80, 144 })
  {
    const at::Tensor                    rows = m_Random({ 3, columns });
    const at::Tensor                    affine = m_Random({ 2, columns });
    const std::vector<LineBlend::Voxel> voxels = { { 0, 1, 0.3F, 0.7F, -0.4F },
                                                   { 2, 2, 1.0F, 0.0F, 0.0F },
                                                   { 2, 1, 0.0F, 0.5F, 1.0F } };
    for (const std::int64_t activated : { std::int64_t{ 0 }, std::int64_t{ 16 }, columns })
    {
      at::Tensor result = at::empty({ static_cast<std::int64_t>(voxels.size()), columns }, at::kFloat);
      LineBlend  blend;
      blend.count = result.size(0);
      blend.voxels = voxels.data();
      blend.columns = columns;
      blend.activated = activated;
      blend.rows = rows.const_data_ptr<float>();
      blend.bias = affine[0].const_data_ptr<float>();
      blend.slope = affine[1].const_data_ptr<float>();
      blend.result = result.mutable_data_ptr<float>();
      m_Kernels.blendLine(blend);
      for (std::size_t n = 0; n < voxels.size(); ++n)
      {
        const LineBlend::Voxel & voxel = voxels[n];
        at::Tensor               expected =
          affine[0] + voxel.x * affine[1] + voxel.weight0 * rows[voxel.row0] + voxel.weight1 * rows[voxel.row1];
        expected.narrow(0, 0, activated).relu_();
        EXPECT_LT(LargestDifference(result[static_cast<std::int64_t>(n)], expected), Tolerance)
          << "voxel " << n << ", " << columns << " columns, " << activated << " activated";
      }
    }
  }
}

TEST_P(ArSSRCpuKernelsOfEachKind, InterpolateALine)
{
  // Lines longer than a vector and shorter; voxels from the repeated border before to the one behind.
  for (const int taps : { 2, 4 })
  {
    for (const std::int64_t size : { 1, 3, 16, 37 })
    {
      const std::int64_t         lines = std::int64_t{ taps } * taps;
      const at::Tensor           values = m_Random({ lines, size });
      const at::Tensor           lineWeights = m_Random({ lines });
      std::vector<const float *> rows;
      for (std::int64_t line = 0; line < lines; ++line)
      {
        rows.push_back(values[line].const_data_ptr<float>());
      }
      LineInterpolation interpolation;
      interpolation.taps = taps;
      interpolation.lines = static_cast<int>(lines);
      interpolation.values = rows.data();
      interpolation.lineWeights = lineWeights.const_data_ptr<float>();
      interpolation.size = size;
      interpolation.before = 2;
      interpolation.after = 1;
      interpolation.count = interpolation.before + size + interpolation.after - taps + 1;
      if (interpolation.count < 1)
      {
        continue;
      }
      const at::Tensor                      weights = m_Random({ interpolation.count, taps });
      std::vector<LineInterpolation::Voxel> voxels;
      for (std::int64_t n = 0; n < interpolation.count; ++n)
      {
        LineInterpolation::Voxel voxel{ n, {} };
        std::copy_n(weights[n].const_data_ptr<float>(), taps, voxel.weights);
        voxels.push_back(voxel);
      }
      std::vector<float> sums(static_cast<std::size_t>(interpolation.before + size + interpolation.after));
      at::Tensor         result = at::empty({ interpolation.count }, at::kFloat);
      interpolation.voxels = voxels.data();
      interpolation.sums = sums.data();
      interpolation.result = result.mutable_data_ptr<float>();
      m_Kernels.interpolateLine(interpolation);

      const at::Tensor sum = lineWeights.matmul(values);
      const at::Tensor continued = at::cat({ sum[0].expand({ 2 }), sum, sum[size - 1].expand({ 1 }) });
      const at::Tensor expected = (continued.unfold(0, taps, 1) * weights).sum(1);
      EXPECT_LT(LargestDifference(result, expected), Tolerance) << taps << " taps, " << size << " intensities";

      // An intensity has the same bits wherever the line begins.
      if (size > 1)
      {
        const std::vector<float> all = sums;
        for (const float *& row : rows)
        {
          ++row;
        }
        --interpolation.size;
        interpolation.count = 0;
        m_Kernels.interpolateLine(interpolation);
        for (std::int64_t x = 0; x < interpolation.size; ++x)
        {
          EXPECT_EQ(sums[static_cast<std::size_t>(2 + x)], all[static_cast<std::size_t>(3 + x)]) << x << " of " << size;
        }
      }
    }
  }
}

TEST_P(ArSSRCpuKernelsOfEachKind, MultiplyByAColumn)
{
  const at::Tensor a = m_Random({ 5, 90 }); // ten columns more than count
  const at::Tensor weights = m_Random({ 80 });
  at::Tensor       result = at::empty({ 5 }, at::kFloat);
  ColumnProduct    product;
  product.rows = 5;
  product.depth = 80;
  product.a = a.const_data_ptr<float>();
  product.aStride = 90;
  product.weights = weights.const_data_ptr<float>();
  product.bias = 0.1F;
  product.result = result.mutable_data_ptr<float>();
  m_Kernels.multiplyColumn(product);
  const at::Tensor expected = a.narrow(1, 0, 80).mv(weights) + 0.1F;
  ASSERT_TRUE(expected.lt(0.0F).any().item<bool>());
  EXPECT_LT(LargestDifference(result, expected), Tolerance);
  product.relu = true;
  m_Kernels.multiplyColumn(product);
  EXPECT_LT(LargestDifference(result, expected.relu()), Tolerance);
}

// Four rows share a loop and the remaining rows do not; both must add the lanes in the same order.
TEST_P(ArSSRCpuKernelsOfEachKind, GiveARowTimesAColumnTheSameBitsAtAnyPosition)
{
  const at::Tensor a = m_Random({ 11, 48 });
  const at::Tensor weights = m_Random({ 48 });
  at::Tensor       all = at::empty({ 11 }, at::kFloat);
  ColumnProduct    product;
  product.rows = 11;
  product.depth = 48;
  product.a = a.const_data_ptr<float>();
  product.aStride = 48;
  product.weights = weights.const_data_ptr<float>();
  product.result = all.mutable_data_ptr<float>();
  m_Kernels.multiplyColumn(product);
  for (std::int64_t row = 0; row < 11; ++row)
  {
    at::Tensor single = at::empty({ 1 }, at::kFloat);
    product.rows = 1;
    product.a = a[row].const_data_ptr<float>();
    product.result = single.mutable_data_ptr<float>();
    m_Kernels.multiplyColumn(product);
    EXPECT_EQ(single.item<float>(), all[row].item<float>()) << "row " << row;
  }
}

TEST_P(ArSSRCpuKernelsOfEachKind, KeepNaN)
{
  // A NaN that a network makes must not become a zero, neither in the product nor in the ReLU; torch keeps it too.
  const PackedMatrix packed(m_Kernels, m_Random({ 16, 4 }), 4);
  at::Tensor         a = m_Random({ 1, 4 });
  a[0][2] = std::nanf("");
  at::Tensor    c = at::empty({ 1, 16 }, at::kFloat);
  MatrixProduct product = ProductOf(packed, a, c);
  m_Kernels.multiply(product);
  EXPECT_TRUE(c.isnan().all().item<bool>());
  product.relu = true;
  m_Kernels.multiply(product);
  EXPECT_TRUE(c.isnan().all().item<bool>());
}

INSTANTIATE_TEST_SUITE_P(ArSSR, ArSSRCpuKernelsOfEachKind, ::testing::ValuesIn(AllCpuKernels()), KernelsTestName);

// Without portable kernels, processors without AVX2 would have none.
TEST(ArSSRCpuKernels, ArePortableAtLeast)
{
  ASSERT_FALSE(GetSupportedCpuKernels().empty());
  EXPECT_STREQ(GetSupportedCpuKernels().front()->name, "portable");
  EXPECT_EQ(&GetCpuKernels(), GetSupportedCpuKernels().back());
}
