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
#ifndef itkArSSRModelEnums_h
#define itkArSSRModelEnums_h

#include "ArbitraryScaleSuperResolutionExport.h"

#include <cstdint>
#include <iosfwd>

namespace itk
{
/** \class ArSSRModelEnums
 * \brief Enumerations that describe an ArSSRModel.
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArSSRModelEnums
{
public:
  /** \brief The convolutional network that turns the low-resolution volume into features. */
  enum class Encoder : uint8_t
  {
    RDN = 0,      /**< residual dense network: most accurate, slowest */
    ResCNN = 1,   /**< three residual blocks of six convolutions: fastest */
    SRResnet = 2, /**< eighteen residual blocks of two convolutions */
  };
};

/** Prints the name that published scripts and model files use: `RDN`, `ResCNN` or `SRResnet`. */
extern ArbitraryScaleSuperResolution_EXPORT std::ostream &
                                            operator<<(std::ostream & out, ArSSRModelEnums::Encoder value);
} // end namespace itk

#endif // itkArSSRModelEnums_h
