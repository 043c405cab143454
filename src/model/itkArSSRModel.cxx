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
#include "itkArSSRModel.h"

#include "model/ArSSRBundledModels.h"
#include "model/ArSSRTensorFile.h"
#include "network/ArSSRNetwork.h"
#include "platform/ArSSREnumText.h"
#include "platform/ArSSRTorchErrors.h"

#include "itkMetaDataObject.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>

namespace itk
{
namespace
{
constexpr const char * FormatName = "ArSSR";
// torch.nn.DataParallel holds the network in its member `module`, which becomes a part of all names.
constexpr const char * DataParallelPrefix = "module.";

/** \throws ExceptionObject when two tensors have one name without it. */
void
RemoveDataParallelPrefix(std::vector<arssr::NamedTensor> & tensors)
{
  const std::string     prefix = DataParallelPrefix;
  std::set<std::string> names;
  for (arssr::NamedTensor & tensor : tensors)
  {
    if (tensor.name.compare(0, prefix.size(), prefix) == 0)
    {
      tensor.name.erase(0, prefix.size());
    }
    // Keeping one of the two could mix the weights of two networks.
    if (!names.insert(tensor.name).second)
    {
      itkGenericExceptionMacro("It has two tensors '"
                               << tensor.name << "', one with and one without the prefix '" << prefix
                               << "', so that the network's weights are ambiguous. Save the state_dict() of one "
                                  "network again.");
    }
  }
}

void
VerifyForm(const std::map<std::string, std::string> & metadata)
{
  // A later form may have the very tensors of a known one, and would be evaluated as that without notice.
  const auto form = metadata.find("form");
  if (form == metadata.end())
  {
    return;
  }
  using Form = ArSSRModelEnums::Form;
  const auto known = { Form::Published, Form::Local, Form::Custom };
  if (std::none_of(known.begin(), known.end(), [&](Form value) { return arssr::ToText(value) == form->second; }))
  {
    itkGenericExceptionMacro("The model's network form is '"
                             << form->second << "'; this version of the module knows published, local and custom. "
                             << "Use a newer version of the module.");
  }
}
} // namespace

ArSSRModel::ArSSRModel() = default;
ArSSRModel::~ArSSRModel() = default;

void
ArSSRModel::ReadFile(const std::string & fileName)
{
  arssr::CallTorch([&] {
    // The model is set last, so that after a failure it is as it was. ReadTensorFile() stands outside the try block,
    // since its messages name the file already.
    arssr::TensorFile               file = arssr::ReadTensorFile(fileName);
    std::shared_ptr<arssr::Network> network;
    try
    {
      RemoveDataParallelPrefix(file.tensors);
      VerifyForm(file.metadata);
      // Shapes tell the dimensions. Of the metadata only what shapes do not show is used, so no entry can contradict
      // them.
      network = std::make_shared<arssr::Network>(arssr::Architecture::Infer(file.tensors, file.metadata));
      network->SetWeights(file.tensors);
    }
    catch (const ExceptionObject & error)
    {
      itkExceptionMacro("The model file '" << fileName << "' cannot be used. " << error.GetDescription());
    }
    MetaDataDictionary dictionary;
    for (const auto & entry : file.metadata)
    {
      EncapsulateMetaData<std::string>(dictionary, entry.first, entry.second);
    }
    this->SetMetaDataDictionary(std::move(dictionary));
    this->SetNetwork(std::move(network));
  });
}

void
ArSSRModel::WriteFile(const std::string & fileName) const
{
  const arssr::Network & network = this->GetNetworkOrThrow();
  arssr::CallTorch([&] {
    arssr::TensorFile          file;
    const MetaDataDictionary & dictionary = this->GetMetaDataDictionary();
    for (const std::string & key : dictionary.GetKeys())
    {
      // safetensors has strings only; entries of other types are left out.
      std::string value;
      if (ExposeMetaData(dictionary, key, value))
      {
        file.metadata[key] = value;
      }
    }
    // After the user's entries, to replace stale ones, which the dictionary may have from a file that was read.
    const arssr::Architecture & architecture = network.GetArchitecture();
    file.metadata["format"] = FormatName;
    for (const auto & entry : architecture.GetMetaData())
    {
      file.metadata[entry.first] = entry.second;
    }
    for (const auto & entry : network.GetParameters().GetEntries())
    {
      file.tensors.push_back({ entry.name, entry.value });
    }
    arssr::WriteTensorFile(fileName, file);
  });
}

void
ArSSRModel::SetRandomNetwork(EncoderEnum  encoder,
                             unsigned int featureDimension,
                             unsigned int depth,
                             unsigned int width,
                             unsigned int seed)
{
  arssr::CallTorch([&] {
    auto network = std::make_shared<arssr::Network>(arssr::Architecture{ encoder, featureDimension, depth, width });
    network->InitializeWeights(seed);
    // The old entries describe the network that is replaced.
    this->SetMetaDataDictionary(MetaDataDictionary());
    this->SetNetwork(std::move(network));
  });
}

void
ArSSRModel::SetRandomLocalNetwork(unsigned int channels,
                                  unsigned int blocks,
                                  unsigned int featureDimension,
                                  unsigned int depth,
                                  unsigned int width,
                                  unsigned int seed)
{
  arssr::CallTorch([&] {
    arssr::Architecture architecture{ EncoderEnum::Residual, featureDimension, depth, width, channels, blocks };
    architecture.SetForm(ArSSRModelEnums::Form::Local);
    auto network = std::make_shared<arssr::Network>(architecture);
    // With a last layer of zeros, as at the start of training, the output would be the interpolation for every seed.
    network->InitializeWeights(seed, arssr::Network::LastLayer::Random);
    this->SetMetaDataDictionary(MetaDataDictionary());
    this->SetNetwork(std::move(network));
  });
}

bool
ArSSRModel::IsEmpty() const
{
  return m_Network == nullptr;
}

ArSSRModel::EncoderEnum
ArSSRModel::GetEncoder() const
{
  return this->GetNetworkOrThrow().GetArchitecture().encoder;
}

std::string
ArSSRModel::GetEncoderAsString() const
{
  return arssr::ToText(this->GetEncoder());
}

std::string
ArSSRModel::GetFormAsString() const
{
  return arssr::ToText(this->GetNetworkOrThrow().GetArchitecture().GetForm());
}

SizeValueType
ArSSRModel::GetEncoderCost() const
{
  return static_cast<SizeValueType>(this->GetNetworkOrThrow().GetEncoder().GetCost());
}

SizeValueType
ArSSRModel::GetDecoderCost() const
{
  return static_cast<SizeValueType>(this->GetNetworkOrThrow().GetDecoder().GetCost());
}

unsigned int
ArSSRModel::GetFeatureDimension() const
{
  return static_cast<unsigned int>(this->GetNetworkOrThrow().GetArchitecture().featureDimension);
}

unsigned int
ArSSRModel::GetDepth() const
{
  return static_cast<unsigned int>(this->GetNetworkOrThrow().GetArchitecture().depth);
}

unsigned int
ArSSRModel::GetWidth() const
{
  return static_cast<unsigned int>(this->GetNetworkOrThrow().GetArchitecture().width);
}

SizeValueType
ArSSRModel::GetNumberOfParameters() const
{
  return static_cast<SizeValueType>(this->GetNetworkOrThrow().GetNumberOfParameters());
}

SizeValueType
ArSSRModel::GetHaloRadius() const
{
  return static_cast<SizeValueType>(this->GetNetworkOrThrow().GetEncoder().GetRadius());
}

bool
ArSSRModel::GetMetaDataNumber(const std::string & key, double & value) const
{
  std::string text;
  if (!ExposeMetaData(this->GetMetaDataDictionary(), key, text))
  {
    return false;
  }
  std::istringstream stream(text);
  // Under a locale with a decimal comma, "1.75" would end after the 1.
  stream.imbue(std::locale::classic());
  // A rest other than white space, a unit for example, is refused, not ignored.
  if (!(stream >> value) || !(stream >> std::ws).eof())
  {
    itkExceptionMacro("The model's metadata entry '" << key << "' is '" << text << "'; a number is expected.");
  }
  return true;
}

std::string
ArSSRModel::GetDefaultModelFileName()
{
  return arssr::FindDefaultModel();
}

std::vector<std::string>
ArSSRModel::GetBundledModelNames()
{
  return arssr::GetBundledModelNames();
}

std::string
ArSSRModel::FindModelFile(const std::string & name)
{
  if (name.empty())
  {
    return GetDefaultModelFileName();
  }
  std::error_code ignored;
  // Files first, so that a bundled model never hides one.
  if (std::filesystem::exists(name, ignored))
  {
    return name;
  }
  const std::string bundled = arssr::FindBundledModel(name);
  return bundled.empty() ? name : bundled;
}

std::shared_ptr<const arssr::Network>
ArSSRModel::GetNetwork() const
{
  return m_Network;
}

void
ArSSRModel::SetNetwork(std::shared_ptr<const arssr::Network> network)
{
  m_Network = std::move(network);
  this->Modified();
}

void
ArSSRModel::Initialize()
{
  Superclass::Initialize();
  this->SetMetaDataDictionary(MetaDataDictionary());
  m_Network.reset();
}

void
ArSSRModel::Graft(const DataObject * other)
{
  const auto * model = dynamic_cast<const Self *>(other);
  if (model == nullptr)
  {
    itkExceptionMacro("An ArSSRModel is expected, not "
                      << (other == nullptr ? std::string("a null pointer") : std::string(other->GetNameOfClass()))
                      << '.');
  }
  this->SetMetaDataDictionary(model->GetMetaDataDictionary());
  // Shared without a copy: a network never changes, and SetRandomNetwork() or ReadFile() put a new one in its place.
  this->SetNetwork(model->m_Network);
}

const arssr::Network &
ArSSRModel::GetNetworkOrThrow() const
{
  if (m_Network == nullptr)
  {
    itkExceptionMacro("The model is empty. Call ReadFile() or SetRandomNetwork() first.");
  }
  return *m_Network;
}

void
ArSSRModel::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  if (this->IsEmpty())
  {
    os << indent << "Network: (none)" << std::endl;
    return;
  }
  os << indent << "Form: " << this->GetFormAsString() << std::endl;
  os << indent << "Encoder: " << this->GetEncoder() << std::endl;
  os << indent << "FeatureDimension: " << this->GetFeatureDimension() << std::endl;
  os << indent << "Depth: " << this->GetDepth() << std::endl;
  os << indent << "Width: " << this->GetWidth() << std::endl;
  os << indent << "NumberOfParameters: " << this->GetNumberOfParameters() << std::endl;
  os << indent << "HaloRadius: " << this->GetHaloRadius() << std::endl;
}
} // end namespace itk
