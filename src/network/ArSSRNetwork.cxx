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
#include "network/ArSSRNetwork.h"

#include "network/ArSSRBatchSampling.h"
#include "network/ArSSRInterpolationSkip.h"

#include "itkMacro.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cmath>
#include <map>
#include <sstream>

namespace itk::arssr
{
namespace
{
// An error message lists as many problems and counts the others: weights of another encoder miss dozens of tensors.
constexpr int MaximumNamesInMessage = 5;

class ProblemList
{
public:
  void
  Add(const std::string & problem)
  {
    if (++m_Count <= MaximumNamesInMessage)
    {
      m_Text << "\n  " << problem;
    }
  }
  bool
  IsEmpty() const
  {
    return m_Count == 0;
  }
  std::string
  GetText() const
  {
    const int more = m_Count - MaximumNamesInMessage;
    return m_Text.str() + (more > 0 ? "\n  and " + std::to_string(more) + " more" : "");
  }

private:
  int                m_Count{ 0 };
  std::ostringstream m_Text;
};

std::string
ShapeText(at::IntArrayRef shape)
{
  std::ostringstream text;
  text << shape;
  return text.str();
}
} // namespace

// The architecture is verified before the first layer is declared. Encoder before decoder, by the order of the members:
// it is the order of the published `state_dict`.
Network::Network(const Architecture & architecture)
  : m_Architecture((architecture.Verify(), architecture))
  , m_Encoder(Encoder::New(architecture, m_Parameters))
  , m_Decoder(architecture, m_Parameters)
{}

void
Network::SetWeights(const std::vector<NamedTensor> & tensors)
{
  // All tensors are checked first, and all problems listed in one message. Only then are values replaced: a refused
  // `state_dict` leaves no network of half its weights.
  std::map<std::string, at::Tensor> byName;
  for (const NamedTensor & tensor : tensors)
  {
    byName[tensor.name] = tensor.tensor;
  }
  const auto & entries = m_Parameters.GetEntries();
  ProblemList  problems;
  for (const auto & entry : entries)
  {
    const auto found = byName.find(entry.name);
    if (found == byName.end())
    {
      problems.Add("missing: " + entry.name + ' ' + ShapeText(entry.shape));
    }
    else if (found->second.sizes() != at::IntArrayRef(entry.shape))
    {
      problems.Add("wrong shape: " + entry.name + " is " + ShapeText(found->second.sizes()) + ", expected " +
                   ShapeText(entry.shape));
    }
  }
  std::map<std::string, at::Tensor> unexpected = byName;
  for (const auto & entry : entries)
  {
    unexpected.erase(entry.name);
  }
  for (const auto & tensor : unexpected)
  {
    problems.Add("unexpected: " + tensor.first + ' ' + ShapeText(tensor.second.sizes()));
  }
  if (!problems.IsEmpty())
  {
    itkGenericExceptionMacro("The tensors do not form an ArSSR network with " << m_Architecture.Describe() << ':'
                                                                              << problems.GetText());
  }
  for (std::size_t slot = 0; slot < entries.size(); ++slot)
  {
    // Always float32, contiguous: kernels repack these weights, and CopyTo() rounds from them.
    m_Parameters.SetValue(slot, byName[entries[slot].name].to(at::kFloat).contiguous());
  }
}

void
Network::InitializeWeights(std::uint64_t seed, LastLayer lastLayer)
{
  // A generator of its own: torch's global one has no say and is not advanced. Parameters are drawn in the order in
  // which they are declared, which thereby is part of what a seed means.
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const auto &  entries = m_Parameters.GetEntries();
  double        bound = 0.0;
  for (std::size_t slot = 0; slot < entries.size(); ++slot)
  {
    const auto & shape = entries[slot].shape;
    at::Tensor   value = at::empty(shape, at::kFloat);
    // torch bounds a layer's bias by the fan-in of its weight, which is declared just before the bias.
    if (shape.size() > 1)
    {
      const std::int64_t fanIn = value.numel() / shape[0];
      bound = 1.0 / std::sqrt(static_cast<double>(fanIn));
    }
    m_Parameters.SetValue(slot, value.uniform_(-bound, bound, generator));
  }
  if (m_Architecture.skip != ArSSRModelEnums::Skip::None && lastLayer == LastLayer::ZeroWithSkip)
  {
    // With zeros in the last layer the first gradient reaches that layer alone; the others follow in the next step.
    const Linear & last = m_Decoder.GetLastLayer();
    for (const std::size_t slot : { last.GetWeight(), last.GetBias() })
    {
      m_Parameters.SetValue(slot, at::zeros(entries[slot].shape, at::kFloat));
    }
  }
}

std::shared_ptr<const Network>
Network::CopyTo(const at::Device & device, at::ScalarType type) const
{
  auto         copy = std::make_shared<Network>(m_Architecture);
  const auto & entries = m_Parameters.GetEntries();
  for (std::size_t slot = 0; slot < entries.size(); ++slot)
  {
    const at::Tensor & value = entries[slot].value;
    // Weights of convolutions have 5 dimensions. Channels last, cuDNN and oneDNN run without reordering, and the
    // features come out as sampling reads them: a voxel's channels side by side.
    const auto format = value.dim() == 5 ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::Contiguous;
    copy->m_Parameters.SetValue(slot, value.to(device, type).contiguous(format));
  }
  return copy;
}

std::shared_ptr<Network>
Network::CopyForTraining(const at::Device & device) const
{
  auto         copy = std::make_shared<Network>(m_Architecture);
  const auto & entries = m_Parameters.GetEntries();
  for (std::size_t slot = 0; slot < entries.size(); ++slot)
  {
    const at::Tensor & value = entries[slot].value;
    const auto         format = value.dim() == 5 ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::Contiguous;
    // clone() even where nothing is converted: the optimiser updates in place, and must not reach this network's
    // weights.
    copy->m_Parameters.SetValue(slot, value.detach().to(device, at::kFloat).clone(format).requires_grad_());
  }
  return copy;
}

at::Tensor
Network::Encode(const at::Tensor & lowResolution) const
{
  // A batch of one volume with one channel, [1, 1, z, y, x].
  const at::Tensor batch = lowResolution.unsqueeze(0).unsqueeze(0).contiguous(at::MemoryFormat::ChannelsLast3d);
  const at::Tensor features = m_Encoder->Forward(m_Parameters, batch);
  // [channel, z, y, x] in channels last is [z, y, x, channel] in memory: a view then, a copy for other formats.
  return features.squeeze(0).permute({ 1, 2, 3, 0 }).contiguous();
}

SamplingOptions
Network::GetSamplingOptions(const GridLengths & voxelSize) const
{
  return { m_Architecture.padding, m_Architecture.coordinates, voxelSize };
}

at::Tensor
Network::Decode(const FeatureTile & tile, const at::Tensor & samples, const GridLengths & voxelSize) const
{
  const at::Tensor rows = SampleFeatures(tile, samples, this->GetSamplingOptions(voxelSize));
  // Rows are sampled in float32 and rounded for the MLP once. The skip is added in float32: in half the width,
  // interpolated intensities would lose digits that the scan has.
  at::Tensor output = m_Decoder.Forward(m_Parameters, rows.to(tile.features.scalar_type())).to(at::kFloat);
  if (m_Architecture.skip == ArSSRModelEnums::Skip::None)
  {
    return output;
  }
  return output + InterpolateIntensities(tile, samples, m_Architecture.skip);
}

at::Tensor
Network::Predict(const at::Tensor & lowResolution, const at::Tensor & samples, const at::Tensor & voxelSizes) const
{
  const at::Tensor batch = lowResolution.unsqueeze(1).contiguous(at::MemoryFormat::ChannelsLast3d);
  // Under autocast, features come in bfloat16. Sampling and its gradient, which adds many samples to a voxel, are in
  // single precision.
  const at::Tensor features = m_Encoder->Forward(m_Parameters, batch).to(at::kFloat);
  const at::Tensor rows =
    SampleFeatureBatch(features, { samples, voxelSizes, m_Architecture.padding, m_Architecture.coordinates });
  at::Tensor output = m_Decoder.Forward(m_Parameters, rows).to(at::kFloat).view({ samples.size(0), samples.size(1) });
  if (m_Architecture.skip == ArSSRModelEnums::Skip::None)
  {
    return output;
  }
  return output + InterpolateIntensityBatch(lowResolution, samples, m_Architecture.skip);
}

std::int64_t
Network::GetNumberOfParameters() const
{
  std::int64_t count = 0;
  for (const auto & entry : m_Parameters.GetEntries())
  {
    std::int64_t elements = 1;
    for (const std::int64_t extent : entry.shape)
    {
      // From the shapes, and not numel() of the values: weights may not be set yet.
      elements *= extent;
    }
    count += elements;
  }
  return count;
}

std::int64_t
Network::GetEncodeBytesPerVoxel() const
{
  return static_cast<std::int64_t>(sizeof(float)) * m_Encoder->GetPeakChannels();
}

std::int64_t
Network::GetDecodeBytesPerSample() const
{
  // The sample; the MLP's input and the residual of stage one, which live until the end; a layer's input and output.
  const std::int64_t inputs = m_Architecture.featureDimension + m_Architecture.GetNumberOfCoordinates();
  const std::int64_t floats = 2 * inputs + 2 * std::max(m_Architecture.width, inputs);
  return static_cast<std::int64_t>(3 * sizeof(double)) + static_cast<std::int64_t>(sizeof(float)) * floats;
}
} // namespace itk::arssr
