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
#ifndef ArSSRCudaTestNetwork_h
#define ArSSRCudaTestNetwork_h

#include "cuda/ArSSRCudaDecoderPlan.h"

#include <cmath>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

namespace itk::arssr
{
/** \brief A decoder with weights of its own, for tests of the CUDA decoder without torch. */
struct CudaTestNetwork
{
  struct Shape
  {
    int  channels;
    int  coordinates;
    int  width;
    int  layersPerStage;
    bool twoStages;
    bool borderPadding;
    int  skipTaps;
  };
  static constexpr Shape Published{ 128, 3, 256, 4, true, false, 0 };
  static constexpr Shape Local{ 64, 6, 64, 4, false, true, 4 };

  Shape                           shape;
  CudaPerceptron                  perceptron;
  std::vector<std::vector<float>> values; // of weights and biases, which the perceptron points to

  /** \param draw gives the value of a weight, or of a bias, of a layer with a number of inputs. */
  CudaTestNetwork(const Shape & networkShape, const std::function<std::vector<float>(int inputs, int outputs)> & draw)
    : shape(networkShape)
  {
    perceptron.channels = shape.channels;
    perceptron.coordinates = shape.coordinates;
    perceptron.endsWithReLU = shape.skipTaps == 0;
    const int inputs = shape.channels + shape.coordinates;
    if (shape.twoStages)
    {
      this->AddStage(perceptron.stageOne, inputs, draw);
    }
    this->AddStage(perceptron.stageTwo, 1, draw);
  }
  CudaTestNetwork(const CudaTestNetwork &) = delete; // its pointers are to its own values
  CudaTestNetwork(CudaTestNetwork &&) = default;

private:
  template <typename TDraw>
  void
  AddStage(std::vector<CudaLinear> & stage, int outputs, const TDraw & draw)
  {
    int inputs = shape.channels + shape.coordinates;
    for (int layer = 0; layer < shape.layersPerStage; ++layer)
    {
      CudaLinear linear;
      linear.inputs = inputs;
      linear.outputs = layer + 1 == shape.layersPerStage ? outputs : shape.width;
      values.push_back(draw(inputs, static_cast<int>(linear.outputs)));
      linear.weight = values.back().data();
      values.push_back(draw(1, static_cast<int>(linear.outputs)));
      linear.bias = values.back().data();
      stage.push_back(linear);
      inputs = static_cast<int>(linear.outputs);
    }
  }
};

/** Weights that keep the size of a signal from layer to layer (He et al. 2015), so that every layer counts. */
inline CudaTestNetwork
MakeRandomCudaNetwork(const CudaTestNetwork::Shape & shape, unsigned int seed)
{
  std::mt19937 generator(seed);
  return CudaTestNetwork(shape, [&](int inputs, int outputs) {
    const double                          bound = inputs == 1 ? 0.1 : std::sqrt(6.0 / inputs);
    std::uniform_real_distribution<float> values(static_cast<float>(-bound), static_cast<float>(bound));
    std::vector<float>                    result(static_cast<std::size_t>(inputs) * outputs);
    for (float & value : result)
    {
      value = values(generator);
    }
    return result;
  });
}
} // namespace itk::arssr

#endif
