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
#ifndef ArSSRGoldenData_h
#define ArSSRGoldenData_h

#include "model/ArSSRTensorFile.h"
#include "support/ArSSRTestHelpers.h"

#include <ATen/ATen.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <vector>

#ifndef ARSSR_TEST_BASELINE_DIRECTORY
#  error                                                                                                               \
    "define ARSSR_TEST_BASELINE_DIRECTORY as the folder with golden_RDN.txt, golden_ResCNN.txt and golden_SRResnet.txt"
#endif

namespace itk::arssr::test
{
/** \brief Outputs of the published PyTorch modules (torch 2.11, CPU, float32) with weights made by a formula.
 *
 * \f$ u(k, i) = \lfloor splitmix64(2^{32} k + i) / 2^{11} \rfloor / 2^{53} \f$ is the element i of stream k. Parameter
 * k of the `state_dict` takes stream k, the input a stream of its own.
 */
struct GoldenData
{
  using Size = std::array<std::int64_t, 3>; // (z, y, x)

  struct Parameter
  {
    std::string               name;
    std::vector<std::int64_t> shape;
  };

  struct Output
  {
    double             scale;
    Size               size;
    std::vector<float> values; // x fastest
  };

  Size                   inputSize;
  std::uint64_t          inputStream;
  double                 gain;
  std::vector<Parameter> parameters; // in `state_dict` order
  double                 featureMeanAbs;
  std::vector<float>     featureFirstVoxel;
  std::vector<Output>    outputs;

  static GoldenData
  Read(ArSSRModelEnums::Encoder encoder)
  {
    const std::string name = std::string(ARSSR_TEST_BASELINE_DIRECTORY) + "/golden_" + NameOf(encoder) + ".txt";
    std::ifstream     file(name);
    GoldenData        result;
    Expect(file, "input");
    file >> result.inputSize[0] >> result.inputSize[1] >> result.inputSize[2];
    Expect(file, "stream");
    file >> result.inputStream;
    Expect(file, "gain");
    file >> result.gain;
    result.parameters.resize(ReadCount(file, "parameters"));
    for (Parameter & parameter : result.parameters)
    {
      std::size_t dimensions = 0;
      file >> parameter.name >> dimensions;
      parameter.shape = ReadNumbers<std::int64_t>(file, dimensions);
    }
    Expect(file, "feature_mean_abs");
    file >> result.featureMeanAbs;
    result.featureFirstVoxel = ReadNumbers<float>(file, ReadCount(file, "feature_first_voxel"));
    result.outputs.resize(ReadCount(file, "outputs"));
    for (Output & output : result.outputs)
    {
      Expect(file, "scale");
      file >> output.scale;
      Expect(file, "size");
      file >> output.size[0] >> output.size[1] >> output.size[2];
      output.values = ReadNumbers<float>(file, output.size[0] * output.size[1] * output.size[2]);
    }
    itkAssertOrThrowMacro(file, "the file '" + name + "' is missing or damaged");
    return result;
  }

  /** The LR volume, [z, y, x]. */
  at::Tensor
  MakeInput() const
  {
    at::Tensor input = at::empty(inputSize, at::kFloat);
    for (std::int64_t i = 0; i < input.numel(); ++i)
    {
      input.mutable_data_ptr<float>()[i] = static_cast<float>(Uniform(inputStream, i));
    }
    return input;
  }

  std::vector<NamedTensor>
  MakeWeights() const
  {
    std::vector<NamedTensor> weights;
    for (std::size_t k = 0; k < parameters.size(); ++k)
    {
      at::Tensor   tensor = at::empty(parameters[k].shape, at::kFloat);
      const bool   isBias = tensor.dim() == 1;
      const double fanIn = static_cast<double>(tensor.numel() / tensor.size(0));
      const double bound = isBias ? 0.1 : std::sqrt(3.0 / fanIn) * gain;
      float *      values = tensor.mutable_data_ptr<float>();
      for (std::int64_t i = 0; i < tensor.numel(); ++i)
      {
        values[i] = static_cast<float>((2.0 * Uniform(k, i) - 1.0) * bound);
      }
      weights.push_back({ parameters[k].name, tensor });
    }
    weights.back().tensor += 1.0F; // the last bias: keeps the last ReLU from cutting the output off
    return weights;
  }

  /** LR continuous indices [K, 3] of an output's samples, which the published scripts spread evenly over the volume. */
  at::Tensor
  MakeSamples(const Output & output) const
  {
    std::vector<at::Tensor> axes;
    for (int axis = 0; axis < 3; ++axis)
    {
      const double step = static_cast<double>(inputSize[axis]) / static_cast<double>(output.size[axis]);
      axes.push_back((at::arange(output.size[axis], at::kDouble) + 0.5) * step - 0.5);
    }
    return at::stack(at::meshgrid(axes, "ij"), -1).reshape({ -1, 3 }).contiguous();
  }

private:
  static double
  Uniform(std::uint64_t stream, std::uint64_t i)
  {
    std::uint64_t z = (stream << 32 | i) + 0x9E3779B97F4A7C15U;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return static_cast<double>((z ^ (z >> 31)) >> 11) / 9007199254740992.0; // 2^53
  }

  static void
  Expect(std::istream & file, const std::string & word)
  {
    std::string found;
    file >> found;
    itkAssertOrThrowMacro(found == word, "'" + word + "' expected in the golden data, found '" + found + "'");
  }

  static std::size_t
  ReadCount(std::istream & file, const std::string & word)
  {
    std::size_t count = 0;
    Expect(file, word);
    file >> count;
    return count;
  }

  template <typename TNumber>
  static std::vector<TNumber>
  ReadNumbers(std::istream & file, std::size_t count)
  {
    std::vector<TNumber> numbers(count);
    for (TNumber & number : numbers)
    {
      file >> number;
    }
    return numbers;
  }
};
} // namespace itk::arssr::test

#endif
