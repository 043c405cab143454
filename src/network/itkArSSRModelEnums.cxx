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
#include "itkArSSRModelEnums.h"

#include <ostream>

namespace itk
{
// These texts are a format as well: model files, training recipes and the Python package hold and compare them. A
// changed text makes existing files unreadable. No switch has a default, so that compilers warn of an enumerator
// without text.
std::ostream &
operator<<(std::ostream & out, ArSSRModelEnums::Encoder value)
{
  switch (value)
  {
    case ArSSRModelEnums::Encoder::RDN:
      return out << "RDN";
    case ArSSRModelEnums::Encoder::ResCNN:
      return out << "ResCNN";
    case ArSSRModelEnums::Encoder::SRResnet:
      return out << "SRResnet";
    case ArSSRModelEnums::Encoder::Residual:
      return out << "Residual";
  }
  return out << "invalid encoder " << static_cast<int>(value);
}

std::ostream &
operator<<(std::ostream & out, ArSSRModelEnums::Skip value)
{
  switch (value)
  {
    case ArSSRModelEnums::Skip::None:
      return out << "none";
    case ArSSRModelEnums::Skip::Linear:
      return out << "linear";
    case ArSSRModelEnums::Skip::Cubic:
      return out << "cubic";
  }
  return out << "invalid skip " << static_cast<int>(value);
}

std::ostream &
operator<<(std::ostream & out, ArSSRModelEnums::Coordinates value)
{
  switch (value)
  {
    case ArSSRModelEnums::Coordinates::Image:
      return out << "image";
    case ArSSRModelEnums::Coordinates::Local:
      return out << "local";
  }
  return out << "invalid coordinates " << static_cast<int>(value);
}

std::ostream &
operator<<(std::ostream & out, ArSSRModelEnums::Padding value)
{
  switch (value)
  {
    case ArSSRModelEnums::Padding::Zeros:
      return out << "zeros";
    case ArSSRModelEnums::Padding::Border:
      return out << "border";
  }
  return out << "invalid padding " << static_cast<int>(value);
}

std::ostream &
operator<<(std::ostream & out, ArSSRModelEnums::Perceptron value)
{
  switch (value)
  {
    case ArSSRModelEnums::Perceptron::TwoStage:
      return out << "two-stage";
    case ArSSRModelEnums::Perceptron::Plain:
      return out << "plain";
  }
  return out << "invalid perceptron " << static_cast<int>(value);
}

std::ostream &
operator<<(std::ostream & out, ArSSRModelEnums::Form value)
{
  switch (value)
  {
    case ArSSRModelEnums::Form::Published:
      return out << "published";
    case ArSSRModelEnums::Form::Local:
      return out << "local";
    case ArSSRModelEnums::Form::Custom:
      return out << "custom";
  }
  return out << "invalid form " << static_cast<int>(value);
}
} // end namespace itk
