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
#ifndef ArSSROptimizer_h
#define ArSSROptimizer_h

#include "network/ArSSRNetwork.h"

#include <memory>
#include <vector>

namespace itk::arssr
{
/** Values of a recipe that control the optimiser and its schedule. */
struct OptimizerSettings
{
  double        learningRate{ 1e-4 };
  double        finalShare{ 0.0 };  /**< share of the learning rate that is left at the last step */
  double        warmupSteps{ 0.0 }; /**< over which the learning rate rises from 0 */
  SizeValueType halveEvery{ 0 };    /**< epochs after which it is halved; zero: a half cosine down to the final share */
  SizeValueType epochs{ 1 };
  double        beta1{ 0.9 };
  double        beta2{ 0.999 };
  double        weightDecay{ 0.0 };
  double        averageDecay{ 0.0 }; /**< of the moving average of the weights; zero: there is none */
  double        largestNorm{ 0.0 };  /**< of the gradient; zero: any */
};

/** Learning rate of a step, counted from 0 over all epochs. */
double
GetLearningRate(const OptimizerSettings & settings, SizeValueType step, SizeValueType stepsPerEpoch);

/** \brief Adam on a network's weights, with clipped gradients and a moving average of the weights. */
class Optimizer
{
public:
  /** \param network whose weights are leaves of the autograd graph; they are changed in place. */
  Optimizer(const OptimizerSettings & settings, std::shared_ptr<Network> network);
  ~Optimizer();
  Optimizer(const Optimizer &) = delete;
  Optimizer &
  operator=(const Optimizer &) = delete;

  void
  ZeroGradients();

  /** The weights' gradients, to be averaged over processes. */
  std::vector<at::Tensor>
  GetGradients() const;

  /** Changes the weights by their gradients. \return the gradient's norm before it was clipped. */
  double
  Step(double learningRate);

  /** A network that has the moving average of the weights, or the weights themselves where the recipe has none. */
  std::shared_ptr<const Network>
  GetAverage() const
  {
    return m_Average;
  }

  /** Gives the last layer a weight of zero and a bias, in the weights and their average. */
  void
  ResetLastLayer(double bias);

  /** Weights, average and both moments by name, for a checkpoint: `weights.*`, `average.*`, `first.*`, `second.*`. */
  std::vector<NamedTensor>
  GetState() const;

  /** \throws ExceptionObject when tensors are missing or of another shape. \param steps that were done. */
  void
  SetState(const std::vector<NamedTensor> & state, SizeValueType steps);

private:
  class Implementation;

  std::unique_ptr<Implementation> m_Implementation;
  std::shared_ptr<Network>        m_Network;
  std::shared_ptr<Network>        m_Average;
  OptimizerSettings               m_Settings;
};
} // namespace itk::arssr

#endif
