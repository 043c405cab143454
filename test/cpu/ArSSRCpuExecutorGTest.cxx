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
#include "cpu/ArSSRCpuExecutor.h"
#include "network/ArSSRTorchExecutor.h"

#include "cpu/ArSSRCpuTestHelpers.h"
#include "grid/ArSSRGridTestHelpers.h"

#include <map>
#include <mutex>

namespace
{
using namespace itk::arssr;
using namespace itk::arssr::test;
using itk::ArSSRImageGeometry;
using itk::ArSSRIndexMap;
using itk::ArSSRTileLattice;
using IndexType = ArSSRIndexMap::IndexType;

/** Values by output index (z, y, x). */
using Values = std::map<std::array<itk::IndexValueType, 3>, float>;

struct Grids
{
  ArSSRImageGeometry input;
  ArSSRImageGeometry output;
};

Values
Decode(const Executor & executor, const FeatureTile & tile, const Grids & grids, const itk::ImageRegion<3> & region)
{
  const ArSSRIndexMap    map(grids.input, grids.output);
  const auto &           size = grids.input.region.GetSize();
  const ArSSRTileLattice lattice(size, size, 1);
  OutputSpans            spans(map, lattice, region, { { 0, 0, 0 } });
  Values                 values;
  std::mutex             mutex;
  const auto             all = spans.GetNext(1 << 20);
  executor.Decode(tile, { map, all, [&](const IndexType & first, const float * row, itk::SizeValueType count) {
                           const std::lock_guard<std::mutex> lock(mutex);
                           for (itk::SizeValueType n = 0; n < count; ++n)
                           {
                             const auto x = first[0] + static_cast<itk::IndexValueType>(n);
                             values[{ first[2], first[1], x }] = row[n];
                           }
                         } });
  return values;
}

Grids
MakeGrids(const std::array<double, 3> & factors)
{
  Grids grids;
  grids.input.region.SetSize({ { 9, 6, 5 } });
  grids.input.spacing.Fill(1.5);
  grids.input.direction.SetIdentity();
  ArSSRImageGeometry::ScaleFactorsType scale;
  std::copy(factors.begin(), factors.end(), scale.begin());
  grids.output = grids.input.ScaledBy(scale);
  return grids;
}

/** The output's grid turned about the middle, so that its corners stick out. */
Grids
MakeRotatedGrids()
{
  Randomness                      random;
  Grids                           grids = MakeGrids({ { 1.7, 1.7, 1.7 } });
  itk::ContinuousIndex<double, 3> middle;
  for (unsigned int axis = 0; axis < 3; ++axis)
  {
    middle[axis] = 0.5 * static_cast<double>(grids.output.region.GetSize(axis));
  }
  const auto before = PhysicalPoint(grids.output, middle);
  grids.output.direction = random.MakeDirection();
  grids.output.origin += before - PhysicalPoint(grids.output, middle);
  return grids;
}

std::vector<Grids>
AllGrids()
{
  std::vector<Grids> grids{ MakeGrids({ { 1.0, 1.0, 1.0 } }),
                            MakeGrids({ { 2.0, 2.0, 2.0 } }),
                            MakeGrids({ { 2.5, 1.7, 3.3 } }),
                            MakeGrids({ { 1.0, 1.0, 4.0 } }),
                            MakeGrids({ { 0.6, 0.5, 1.2 } }),  // fewer voxels: voxel by voxel
                            MakeGrids({ { 31.0, 1.0, 1.0 } }), // lines longer than what is done at once
                            MakeRotatedGrids() };
  // A grid that runs against the input's axes.
  Grids      flipped = MakeGrids({ { 2.0, 1.5, 2.0 } });
  const auto corner = PhysicalPoint(flipped.output, flipped.output.region.GetUpperIndex());
  flipped.output.direction *= -1.0;
  flipped.output.origin = corner;
  grids.push_back(flipped);
  return grids;
}

class ArSSRCpuExecutorOfEachKind : public ::testing::TestWithParam<const CpuKernels *>
{
protected:
  EncodeJob
  MakeJob(const at::Tensor & volume)
  {
    EncodeJob job;
    job.lowResolution = volume;
    job.imageSize = { volume.size(0), volume.size(1), volume.size(2) };
    job.featureBox.end = job.imageSize;
    job.report = [](double) {
    };
    return job;
  }

  const CpuKernels & m_Kernels{ *GetParam() };
  RandomTensors      m_Random;
  c10::InferenceMode m_InferenceMode;
};
} // namespace

// The grids take both samplers, flipped axes, lines longer than one call and samples beyond the outermost voxels.
TEST_P(ArSSRCpuExecutorOfEachKind, AgreesWithOperationsOfTorchOnAnyGrid)
{
  const at::Tensor volume = 30.0 * m_Random({ 5, 6, 9 }); // so that the features matter beside the biases
  for (const Architecture & architecture : SmallArchitectures())
  {
    Network network(architecture);
    network.InitializeWeights(5, Network::LastLayer::Random);
    const CpuExecutor   executor(network, m_Kernels);
    const TorchExecutor reference(network, at::kCPU, Precision::Float32);
    const FeatureTile   tile = executor.Encode(this->MakeJob(volume));
    const FeatureTile   referenceTile = reference.Encode(this->MakeJob(volume));
    for (const Grids & grids : AllGrids())
    {
      const Values values = Decode(executor, tile, grids, grids.output.region);
      const Values expected = Decode(reference, referenceTile, grids, grids.output.region);
      ASSERT_EQ(values.size(), expected.size());
      float lowest = 0.0F;
      float highest = 0.0F;
      for (const auto & entry : expected)
      {
        lowest = std::min(lowest, entry.second);
        highest = std::max(highest, entry.second);
      }
      const double tolerance = 1e-5 * (highest - lowest);
      ASSERT_GT(tolerance, 1e-6);
      for (const auto & [index, value] : expected)
      {
        ASSERT_NEAR(values.at(index), value, tolerance)
          << architecture.Describe() << ", size " << grids.output.region.GetSize();
      }
    }
  }
}

// An output that is streamed in regions would have seams if the start of a span or the rows of a batch changed a bit.
TEST_P(ArSSRCpuExecutorOfEachKind, GivesAVoxelTheSameBitsInAnyRegion)
{
  const at::Tensor volume = 30.0 * m_Random({ 5, 6, 9 }); // so that the features matter beside the biases
  for (const Architecture & architecture : SmallArchitectures())
  {
    Network network(architecture);
    network.InitializeWeights(5, Network::LastLayer::Random);
    const CpuExecutor executor(network, m_Kernels);
    const FeatureTile tile = executor.Encode(this->MakeJob(volume));
    for (const Grids & grids : AllGrids())
    {
      const Values whole = Decode(executor, tile, grids, grids.output.region);
      auto         region = grids.output.region;
      for (unsigned int axis = 0; axis < 3; ++axis)
      {
        region.SetIndex(axis, static_cast<itk::IndexValueType>(region.GetSize(axis) / 3));
        region.SetSize(axis, (region.GetSize(axis) + 1) / 2);
      }
      for (const auto & [index, value] : Decode(executor, tile, grids, region))
      {
        ASSERT_EQ(whole.at(index), value) << architecture.Describe() << ", size " << grids.output.region.GetSize();
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(ArSSR, ArSSRCpuExecutorOfEachKind, ::testing::ValuesIn(AllCpuKernels()), KernelsTestName);
