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
#ifndef ArSSRCudaTestScene_h
#define ArSSRCudaTestScene_h

#include "cuda/ArSSRCudaTestNetwork.h"

#include "cuda/ArSSRFusedDecoderFormats.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <vector>

namespace itk::arssr
{
/** Values as the kernel reads them in a format. */
inline std::vector<std::uint8_t>
ToFormat(CudaFormat format, const std::vector<float> & values)
{
  return DispatchFormat(format, [&](auto type) {
    using Format = decltype(type);
    constexpr std::size_t     bytes = sizeof(typename Format::Element);
    std::vector<std::uint8_t> result(values.size() * bytes);
    for (std::size_t n = 0; n < values.size(); ++n)
    {
      StoreAs(&result[n * bytes], Format::FromFloat(values[n]));
    }
    return result;
  });
}

/** \brief An LR image with features, output voxels on it, and the decoder in plain loops in double precision: what the
 * CUDA decoder is compared with. Everything is (z, y, x) but for the index map, as in CudaDecodeArguments. */
struct CudaTestScene
{
  using Rounding = std::function<double(double)>;
  using Position = std::array<double, 3>;

  std::array<int, 3>                   imageSize{ 7, 6, 9 };
  std::array<std::array<double, 3>, 3> matrix{ { { 0.47, 0, 0 }, { 0, 0.41, 0 }, { 0, 0, 0.31 } } };
  std::array<double, 3>                offset{ { -0.265, -0.295, -0.345 } };
  std::array<double, 3>                voxelSize{ { 0.31, 0.41, 0.47 } };
  std::vector<CudaSpan>                spans;
  std::int64_t                         voxelCount{ 0 };
  std::vector<float>                   features;    // [z, y, x, channel], of the whole image, values of the format
  std::vector<float>                   intensities; // [z, y, x], of the whole image

  CudaTestScene(int channels, CudaFormat format, unsigned int seed)
  {
    std::mt19937                          generator(seed);
    std::uniform_real_distribution<float> values(-1.0F, 1.0F);
    const auto                            voxels = static_cast<std::size_t>(imageSize[0]) * imageSize[1] * imageSize[2];
    features.resize(voxels * channels);
    std::generate(
      features.begin(), features.end(), [&] { return static_cast<float>(Round(format, values(generator))); });
    intensities.resize(voxels);
    std::generate(intensities.begin(), intensities.end(), [&] { return values(generator); });
  }

  void
  AddSpan(int x, int y, int z, int count)
  {
    spans.push_back({ { x, y, z }, count, voxelCount });
    voxelCount += count;
  }

  /** Lines of different lengths up to a number of voxels, in a box of the output that begins at an index. */
  void
  AddLines(int voxels, std::array<int, 3> start, std::array<int, 3> size)
  {
    for (int line = 0; voxelCount < voxels; ++line)
    {
      const int length = std::min<int>(1 + line * 5 % size[0], voxels - static_cast<int>(voxelCount));
      const int shift = line % (size[0] - length + 1);
      this->AddSpan(start[0] + shift, start[1] + line % size[1], start[2] + line / size[1] % size[2], length);
    }
  }

  static double
  Round(CudaFormat format, double value)
  {
    return DispatchFormat(format, [&](auto type) {
      using Format = decltype(type);
      return static_cast<double>(Format::ToFloat(Format::FromFloat(static_cast<float>(value))));
    });
  }

  std::vector<Position>
  GetPositions() const
  {
    std::vector<Position> positions;
    for (const CudaSpan & span : spans)
    {
      for (int n = 0; n < span.count; ++n)
      {
        Position position;
        for (int row = 0; row < 3; ++row)
        {
          double sum = offset[row];
          sum += matrix[row][0] * (span.start[0] + n);
          sum += matrix[row][1] * span.start[1];
          sum += matrix[row][2] * span.start[2];
          position[2 - row] = sum;
        }
        positions.push_back(position);
      }
    }
    return positions;
  }

  std::size_t
  GetVoxel(const std::array<int, 3> & index) const
  {
    return (static_cast<std::size_t>(index[0]) * imageSize[1] + index[1]) * imageSize[2] + index[2];
  }

  /** Input of the MLP, [channel, coordinate, what the rounding of the coordinates left]. */
  std::vector<double>
  Sample(const CudaTestNetwork::Shape & shape, const Position & position, const Rounding & round) const
  {
    std::vector<double> row(static_cast<std::size_t>(shape.channels), 0.0);
    for (int corner = 0; corner < 8; ++corner)
    {
      double             weight = 1.0;
      std::array<int, 3> index;
      for (int axis = 0; axis < 3; ++axis)
      {
        const double fraction = position[axis] - std::floor(position[axis]);
        const int    high = (corner >> axis) & 1;
        const int    voxel = static_cast<int>(std::floor(position[axis])) + high;
        index[axis] = std::clamp(voxel, 0, imageSize[axis] - 1);
        weight *= high == 1 ? fraction : 1.0 - fraction;
        weight *= shape.borderPadding || voxel == index[axis] ? 1.0 : 0.0;
      }
      for (int channel = 0; channel < shape.channels; ++channel)
      {
        row[channel] += weight * features[this->GetVoxel(index) * shape.channels + channel];
      }
    }
    std::transform(row.begin(), row.end(), row.begin(), round);
    std::vector<double> coordinates;
    for (int axis = 0; axis < 3; ++axis)
    {
      const double image = (2.0 * position[axis] + 1.0) / imageSize[axis] - 1.0;
      const double local = 2.0 * (position[axis] - std::floor(position[axis] + 0.5 + 1e-4));
      coordinates.push_back(shape.coordinates == 3 ? image : local);
    }
    if (shape.coordinates == 6)
    {
      coordinates.insert(coordinates.end(), voxelSize.begin(), voxelSize.end());
    }
    for (const double coordinate : coordinates)
    {
      row.push_back(round(coordinate));
    }
    for (const double coordinate : coordinates)
    {
      row.push_back(round(coordinate - round(coordinate)));
    }
    return row;
  }

  double
  Interpolate(int taps, const Position & position) const
  {
    const auto weigh = [&](double distance) {
      const double d = std::abs(distance);
      if (taps == 2)
      {
        return std::max(0.0, 1.0 - d);
      }
      return d < 1.0 ? (1.5 * d - 2.5) * d * d + 1.0 : d < 2.0 ? ((-0.5 * d + 2.5) * d - 4.0) * d + 2.0 : 0.0;
    };
    double sum = 0.0;
    for (int tap = 0; tap < taps * taps * taps; ++tap)
    {
      const int          tapOfAxis[] = { tap / taps / taps, tap / taps % taps, tap % taps };
      double             weight = 1.0;
      std::array<int, 3> index;
      for (int axis = 0; axis < 3; ++axis)
      {
        const int voxel = static_cast<int>(std::floor(position[axis])) + tapOfAxis[axis] - (taps / 2 - 1);
        weight *= weigh(position[axis] - voxel);
        index[axis] = std::clamp(voxel, 0, imageSize[axis] - 1);
      }
      sum += weight * intensities[this->GetVoxel(index)];
    }
    return sum;
  }

  /** Intensities at the spans' voxels. \param round what becomes of each number that the kernel keeps in its format. */
  std::vector<double>
  Decode(const CudaTestNetwork & network, const Rounding & round) const
  {
    const CudaPerceptron & perceptron = network.perceptron;
    const auto             inputs = static_cast<std::size_t>(perceptron.channels + perceptron.coordinates);
    // A layer that reads the inputs has the weights of a coordinate for what its rounding left too.
    const auto multiply = [&](const CudaLinear & layer, const std::vector<double> & row, const Rounding & roundWeight) {
      std::vector<double> result(static_cast<std::size_t>(layer.outputs));
      for (std::size_t output = 0; output < result.size(); ++output)
      {
        double sum = layer.bias[output];
        for (std::size_t input = 0; input < row.size(); ++input)
        {
          const auto column = input < static_cast<std::size_t>(layer.inputs) ? input : input - perceptron.coordinates;
          sum += roundWeight(layer.weight[output * layer.inputs + column]) * row[input];
        }
        result[output] = sum;
      }
      return result;
    };
    const auto rectify = [](double value) {
      return std::max(value, 0.0);
    };
    const auto exactly = [](double value) {
      return value;
    };

    std::vector<double> outputs;
    for (const Position & position : this->GetPositions())
    {
      std::vector<double> row = this->Sample(network.shape, position, round);
      std::vector<double> current = row;
      for (std::size_t number = 0; number < perceptron.stageOne.size(); ++number)
      {
        current = multiply(perceptron.stageOne[number], current, round);
        const bool last = number + 1 == perceptron.stageOne.size();
        std::transform(current.begin(), current.end(), current.begin(), [&](double value) {
          return last ? rectify(value) : round(rectify(value));
        });
      }
      for (std::size_t input = 0; !perceptron.stageOne.empty() && input < inputs; ++input)
      {
        row[input] = round(row[input] + current[input]);
      }
      current = row;
      const std::size_t hidden = perceptron.stageTwo.size() - 1;
      for (std::size_t number = 0; number < hidden; ++number)
      {
        current = multiply(perceptron.stageTwo[number], current, round);
        std::transform(current.begin(), current.end(), current.begin(), [&](double value) {
          return number + 1 == hidden ? rectify(value) : round(rectify(value));
        });
      }
      const double output = multiply(perceptron.stageTwo.back(), current, exactly)[0];
      outputs.push_back((perceptron.endsWithReLU ? rectify(output) : output) +
                        this->Interpolate(network.shape.skipTaps, position));
    }
    return outputs;
  }
};
} // namespace itk::arssr

#endif
