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
    Residual = 3, /**< any number of residual blocks of two convolutions, of any width: the local form's */
  };

  /** \brief Interpolation of the LR image that the network's output is added to. */
  enum class Skip : uint8_t
  {
    None = 0,   /**< the MLP gives the intensity; a ReLU follows its last layer */
    Linear = 1, /**< trilinear, two taps an axis */
    Cubic = 2,  /**< Keys' cubic convolution (1981, a = -1/2), four taps an axis */
  };

  /** \brief The position of a sample as the MLP receives it. */
  enum class Coordinates : uint8_t
  {
    Image = 0, /**< where it is in the whole LR image, in [-1, 1] along each axis */
    Local = 1, /**< where it is between LR voxel centres, in [-1, 1], and the size of an HR voxel in LR voxels */
  };

  /** \brief Features outside the LR image. */
  enum class Padding : uint8_t
  {
    Zeros = 0,  /**< zero */
    Border = 1, /**< those of the nearest voxel */
  };

  /** \brief The multilayer perceptron (MLP) that turns the features at a point into an intensity. */
  enum class Perceptron : uint8_t
  {
    TwoStage = 0, /**< two halves; the first one's output is added to its input */
    Plain = 1,    /**< one layer after the other */
  };

  /** \brief Combinations of the choices above that belong together. */
  enum class Form : uint8_t
  {
    Published = 0, /**< that of the paper: no skip, image coordinates, zeros, two stages */
    Local = 1,     /**< cubic skip, local coordinates, border, plain perceptron */
    Custom = 2,    /**< anything else */
  };
};

/** Print the names that model files and recipes use: `RDN`, `ResCNN`, `SRResnet`, `Residual`; the others in lower case
 * with hyphens, as `two-stage`. */
extern ArbitraryScaleSuperResolution_EXPORT std::ostream &
                                            operator<<(std::ostream & out, ArSSRModelEnums::Encoder value);
extern ArbitraryScaleSuperResolution_EXPORT std::ostream &
                                            operator<<(std::ostream & out, ArSSRModelEnums::Skip value);
extern ArbitraryScaleSuperResolution_EXPORT std::ostream &
                                            operator<<(std::ostream & out, ArSSRModelEnums::Coordinates value);
extern ArbitraryScaleSuperResolution_EXPORT std::ostream &
                                            operator<<(std::ostream & out, ArSSRModelEnums::Padding value);
extern ArbitraryScaleSuperResolution_EXPORT std::ostream &
                                            operator<<(std::ostream & out, ArSSRModelEnums::Perceptron value);
extern ArbitraryScaleSuperResolution_EXPORT std::ostream &
                                            operator<<(std::ostream & out, ArSSRModelEnums::Form value);
} // end namespace itk

#endif // itkArSSRModelEnums_h
