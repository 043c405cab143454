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
#include "training/ArSSROptimizer.h"

#include "itkMacro.h"
#include "itkMath.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/optim/adam.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace itk::arssr
{
double
GetLearningRate(const OptimizerSettings & settings, SizeValueType step, SizeValueType stepsPerEpoch)
{
  // Linear from 1 / warmupSteps at the first step, as a rate of 0 would waste it, to 1. The warm-up multiplies the
  // schedule, which runs from the first step all the same.
  const double rise =
    settings.warmupSteps > 0.0 ? std::min((static_cast<double>(step) + 1.0) / settings.warmupSteps, 1.0) : 1.0;
  if (settings.halveEvery > 0)
  {
    // Whole epochs, then whole periods: the rate changes at the end of an epoch alone.
    const SizeValueType halvings = step / stepsPerEpoch / settings.halveEvery;
    return settings.learningRate * rise * std::pow(0.5, static_cast<double>(halvings));
  }
  // SGDR without restarts (Loshchilov and Hutter, ICLR 2017): half a cosine from 1 at step 0 to the final share at the
  // last step, total - 1.
  const double total = static_cast<double>(settings.epochs) * static_cast<double>(stepsPerEpoch);
  const double done = std::min(static_cast<double>(step) / std::max(total - 1.0, 1.0), 1.0);
  const double least = settings.finalShare;
  return settings.learningRate * rise * (least + (1.0 - least) * 0.5 * (1.0 + std::cos(Math::pi * done)));
}

namespace
{
torch::optim::AdamOptions
MakeAdamOptions(const OptimizerSettings & settings)
{
  // Torch's Adam adds the weight decay to the gradient (L2), before the moments; it is not AdamW.
  torch::optim::AdamOptions options(settings.learningRate);
  options.betas({ settings.beta1, settings.beta2 });
  options.weight_decay(settings.weightDecay);
  return options;
}
} // namespace

class Optimizer::Implementation
{
public:
  Implementation(const OptimizerSettings & settings, std::vector<at::Tensor> parameters)
    : weights(std::move(parameters))
    , adam(weights, MakeAdamOptions(settings))
  {}

  /** Adam's memory of a weight; made when it is first asked for, as Adam itself does. */
  torch::optim::AdamParamState &
  GetMoments(const at::Tensor & weight)
  {
    // Torch keys the state by the tensor object: weights must be changed in place and never be replaced.
    auto & all = adam.state();
    auto & state = all[weight.unsafeGetTensorImpl()];
    if (!state)
    {
      auto moments = std::make_unique<torch::optim::AdamParamState>();
      moments->step(0);
      moments->exp_avg(at::zeros_like(weight));
      moments->exp_avg_sq(at::zeros_like(weight));
      state = std::move(moments);
    }
    return static_cast<torch::optim::AdamParamState &>(*state);
  }

  std::vector<at::Tensor> weights;
  torch::optim::Adam      adam;
};

namespace
{
std::vector<at::Tensor>
GetWeights(const Network & network)
{
  std::vector<at::Tensor> weights;
  for (const auto & entry : network.GetParameters().GetEntries())
  {
    weights.push_back(entry.value);
  }
  return weights;
}
} // namespace

Optimizer::Optimizer(const OptimizerSettings & settings, std::shared_ptr<Network> network)
  : m_Implementation(std::make_unique<Implementation>(settings, GetWeights(*network)))
  , m_Network(std::move(network))
  , m_Settings(settings)
{
  // Without an average both are one network, so that validation and checkpoints need not tell the cases apart.
  m_Average = m_Network;
  if (m_Settings.averageDecay > 0.0)
  {
    // In single precision and on the device, so that the average is updated there; it has no gradient.
    m_Average = m_Network->CopyForTraining(m_Implementation->weights.front().device());
    for (const at::Tensor & weight : GetWeights(*m_Average))
    {
      weight.requires_grad_(false);
    }
  }
}

Optimizer::~Optimizer() = default;

void
Optimizer::ZeroGradients()
{
  m_Implementation->adam.zero_grad();
}

std::vector<at::Tensor>
Optimizer::GetGradients() const
{
  std::vector<at::Tensor> gradients;
  for (at::Tensor & weight : m_Implementation->weights)
  {
    if (!weight.grad().defined()) // a layer that the loss does not depend on
    {
      weight.mutable_grad() = at::zeros_like(weight);
    }
    gradients.push_back(weight.grad());
  }
  return gradients;
}

double
Optimizer::Step(double learningRate)
{
  // 1. The gradient's norm over all weights, summed in double, as squares of small gradients are lost in float. 2. All
  // gradients are scaled by one factor, which keeps their direction. 3. Adam. 4. The average. After Average() gradients
  // are the same in all processes, and so are norm, exception and weights.
  const at::NoGradGuard         noGradient;
  const std::vector<at::Tensor> gradients = this->GetGradients();
  at::Tensor                    sum = at::zeros({}, gradients.front().options().dtype(at::kDouble));
  for (const at::Tensor & gradient : gradients)
  {
    sum += gradient.square().sum(at::kDouble);
  }
  // Waits for the device.
  const double norm = std::sqrt(sum.item<double>());
  // Before Adam: a single NaN would stay in its moments for good. The last checkpoint is still sound.
  if (!std::isfinite(norm))
  {
    itkGenericExceptionMacro("The gradient is no longer finite at a learning rate of "
                             << learningRate << ". Train with a smaller learning_rate, or set gradient_clip.");
  }
  if (m_Settings.largestNorm > 0.0 && norm > m_Settings.largestNorm)
  {
    for (const at::Tensor & gradient : gradients)
    {
      gradient.mul_(m_Settings.largestNorm / norm);
    }
  }
  torch::optim::Adam & adam = m_Implementation->adam;
  static_cast<torch::optim::AdamOptions &>(adam.param_groups().front().options()).lr(learningRate);
  adam.step();

  // average = decay * average + (1 - decay) * weights. It starts from the initial weights and is not corrected for
  // that: after some 1 / (1 - decay) steps they no longer count.
  if (m_Average != m_Network)
  {
    const std::vector<at::Tensor> averages = GetWeights(*m_Average);
    for (std::size_t i = 0; i < averages.size(); ++i)
    {
      averages[i].lerp_(m_Implementation->weights[i], 1.0 - m_Settings.averageDecay);
    }
  }
  return norm;
}

void
Optimizer::ResetLastLayer(double bias)
{
  const at::NoGradGuard noGradient;
  // Adam's moments stay: they decay within some 1 / (1 - beta) steps.
  const Linear & last = m_Network->GetDecoder().GetLastLayer();
  for (const auto & network : { m_Network, m_Average })
  {
    network->GetParameters()[last.GetWeight()].zero_();
    network->GetParameters()[last.GetBias()].fill_(bias);
  }
}

std::vector<NamedTensor>
Optimizer::GetState() const
{
  const at::NoGradGuard    noGradient;
  const auto &             entries = m_Network->GetParameters().GetEntries();
  const auto &             averages = m_Average->GetParameters().GetEntries();
  std::vector<NamedTensor> state;
  // Copies, as the next step changes the weights in place; on the CPU to() and contiguous() alone would share memory.
  const auto add = [&state](const std::string & name, const at::Tensor & value) {
    state.push_back({ name, value.detach().to(at::kCPU).contiguous().clone() });
  };
  for (std::size_t i = 0; i < entries.size(); ++i)
  {
    const auto & moments = m_Implementation->GetMoments(entries[i].value);
    add("weights." + entries[i].name, entries[i].value);
    add("average." + entries[i].name, averages[i].value);
    add("first." + entries[i].name, moments.exp_avg());
    add("second." + entries[i].name, moments.exp_avg_sq());
  }
  return state;
}

void
Optimizer::SetState(const std::vector<NamedTensor> & state, SizeValueType steps)
{
  std::map<std::string, at::Tensor> byName;
  for (const NamedTensor & tensor : state)
  {
    byName[tensor.name] = tensor.tensor;
  }
  const at::NoGradGuard noGradient;
  // In place: Adam and the network go on with the tensors that they hold. A shape is checked first, as copy_() would
  // broadcast a smaller tensor.
  const auto copy = [&byName](const std::string & name, const at::Tensor & target) {
    const auto found = byName.find(name);
    if (found == byName.end() || found->second.sizes() != target.sizes())
    {
      itkGenericExceptionMacro("The checkpoint has no tensor '" << name << "' of shape " << target.sizes()
                                                                << "; it belongs to another network or is damaged.");
    }
    target.copy_(found->second);
  };
  const auto & entries = m_Network->GetParameters().GetEntries();
  const auto & averages = m_Average->GetParameters().GetEntries();
  for (std::size_t i = 0; i < entries.size(); ++i)
  {
    auto & moments = m_Implementation->GetMoments(entries[i].value);
    copy("weights." + entries[i].name, entries[i].value);
    copy("average." + entries[i].name, averages[i].value);
    copy("first." + entries[i].name, moments.exp_avg());
    copy("second." + entries[i].name, moments.exp_avg_sq());
    // Adam's bias correction depends on the step: with 0 the first steps after resuming would have the wrong size.
    moments.step(static_cast<std::int64_t>(steps));
  }
}
} // namespace itk::arssr
