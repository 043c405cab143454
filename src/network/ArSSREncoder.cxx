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
#include "network/ArSSREncoder.h"

#include "network/ArSSREncoderRDN.h"
#include "network/ArSSREncoderResCNN.h"
#include "network/ArSSREncoderResidual.h"
#include "network/ArSSREncoderSRResnet.h"

#include "itkMacro.h"

namespace itk::arssr
{
// Subclasses declare their layers in the initialiser lists of their constructors. Each declaration adds the parameters,
// the radius and the cost, so that these follow from the layers and cannot disagree with them.
Encoder::Encoder(Parameters & parameters)
  : m_Declared(parameters)
{}

Encoder::~Encoder() = default;

std::unique_ptr<Encoder>
Encoder::New(const Architecture & architecture, Parameters & parameters)
{
  const std::int64_t featureDimension = architecture.featureDimension;
  switch (architecture.encoder)
  {
    case Kind::RDN:
      return std::make_unique<EncoderRDN>(featureDimension, parameters);
    case Kind::ResCNN:
      return std::make_unique<EncoderResCNN>(featureDimension, parameters);
    case Kind::SRResnet:
      return std::make_unique<EncoderSRResnet>(featureDimension, parameters);
    case Kind::Residual:
      return std::make_unique<EncoderResidual>(architecture, parameters);
  }
  // No default above, so that a compiler warns of a kind without a case; a cast integer still ends here.
  itkGenericExceptionMacro("Unknown encoder " << architecture.encoder
                                              << "; expected RDN, ResCNN, SRResnet or Residual.");
}

Convolution
Encoder::Declare(const std::string & name,
                 std::int64_t        inputChannels,
                 std::int64_t        outputChannels,
                 std::int64_t        kernelSize)
{
  Convolution convolution(m_Declared, "encoder." + name, inputChannels, outputChannels, kernelSize);
  // Radii add up because the layers lie in series. With parallel paths of unequal length, the sum would be too large a
  // halo.
  m_Radius += convolution.GetRadius();
  m_Cost += convolution.GetCost();
  return convolution;
}

Convolution
Encoder::Convolution3(const std::string & name, std::int64_t inputChannels, std::int64_t outputChannels)
{
  return this->Declare(name, inputChannels, outputChannels, 3);
}

Convolution
Encoder::Convolution1(const std::string & name, std::int64_t inputChannels, std::int64_t outputChannels)
{
  return this->Declare(name, inputChannels, outputChannels, 1);
}
} // namespace itk::arssr
