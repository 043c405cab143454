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
#ifndef ArSSRCudaTestDecode_h
#define ArSSRCudaTestDecode_h

#include "cuda/ArSSRCudaTestScene.h"

#include "cuda/ArSSRCudaDecoderPlan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace itk::arssr
{
struct Box
{
  std::array<int, 3> begin;
  std::array<int, 3> end;
};

/** The voxels of the image that samples read, up to `reach` below and above them. */
inline Box
FindBox(const CudaTestScene & scene, int below, int above)
{
  Box box{ scene.imageSize, { 0, 0, 0 } };
  for (const auto & position : scene.GetPositions())
  {
    for (int axis = 0; axis < 3; ++axis)
    {
      const int base = static_cast<int>(std::floor(position[axis]));
      const int last = scene.imageSize[axis] - 1;
      box.begin[axis] = std::min(box.begin[axis], std::clamp(base - below, 0, last));
      box.end[axis] = std::max(box.end[axis], std::clamp(base + above, 0, last) + 1);
    }
  }
  return box;
}

/** What a tile holds of the image's voxels. */
inline std::vector<float>
Crop(const CudaTestScene & scene, const std::vector<float> & values, int channels, const Box & box)
{
  std::vector<float> result;
  for (int z = box.begin[0]; z < box.end[0]; ++z)
  {
    for (int y = box.begin[1]; y < box.end[1]; ++y)
    {
      for (int x = box.begin[2]; x < box.end[2]; ++x)
      {
        const auto first = values.begin() + static_cast<std::ptrdiff_t>(scene.GetVoxel({ z, y, x }) * channels);
        result.insert(result.end(), first, first + channels);
      }
    }
  }
  return result;
}

/** What decodes: returns why it cannot. */
using CudaTestDecoder = std::function<std::string(const CudaDecoderPlan & plan, const CudaDecodeArguments & arguments)>;

/** The output voxels of a scene, given the tile of features and intensities that they need and no more. */
inline std::vector<float>
DecodeScene(const CudaTestNetwork & network,
            const CudaTestScene &   scene,
            CudaFormat              format,
            std::int64_t            sharedBytes,
            const CudaTestDecoder & decode)
{
  CudaDecoderPlan plan;
  EXPECT_EQ(PlanCudaDecoder(network.perceptron, format, sharedBytes, plan), "");
  const std::vector<std::uint8_t> weights = PackCudaWeights(network.perceptron, plan);
  const int                       channels = network.shape.channels;
  const Box                       featureBox = FindBox(scene, 0, 1);
  const Box                       intensityBox = FindBox(scene, 1, 2);
  const std::vector<std::uint8_t> features = ToFormat(format, Crop(scene, scene.features, channels, featureBox));
  const std::vector<float>        intensities = Crop(scene, scene.intensities, 1, intensityBox);
  std::vector<float>              output(static_cast<std::size_t>(scene.voxelCount), std::nanf(""));

  CudaDecodeArguments arguments{};
  arguments.features = features.data();
  arguments.intensities = intensities.data();
  arguments.spans = scene.spans.data();
  arguments.weights = weights.data();
  arguments.output = output.data();
  arguments.voxelCount = scene.voxelCount;
  arguments.spanCount = static_cast<std::int64_t>(scene.spans.size());
  for (int axis = 0; axis < 3; ++axis)
  {
    arguments.imageSize[axis] = scene.imageSize[axis];
    arguments.featureOrigin[axis] = featureBox.begin[axis];
    arguments.featureExtent[axis] = featureBox.end[axis] - featureBox.begin[axis];
    arguments.intensityOrigin[axis] = intensityBox.begin[axis];
    arguments.intensityExtent[axis] = intensityBox.end[axis] - intensityBox.begin[axis];
    arguments.offset[axis] = scene.offset[axis];
    arguments.voxelSize[axis] = scene.voxelSize[axis];
    std::copy_n(scene.matrix[axis].begin(), 3, arguments.matrix[axis]);
  }
  arguments.borderPadding = network.shape.borderPadding ? 1 : 0;
  arguments.skipTaps = network.shape.skipTaps;
  EXPECT_EQ(decode(plan, arguments), "");
  return output;
}
} // namespace itk::arssr

#endif
