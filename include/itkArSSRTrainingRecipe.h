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
#ifndef itkArSSRTrainingRecipe_h
#define itkArSSRTrainingRecipe_h

#include "ArbitraryScaleSuperResolutionExport.h"

#include "itkFixedArray.h"
#include "itkIntTypes.h"

#include <map>
#include <string>
#include <vector>

namespace itk
{
/** \class ArSSRTrainingRecipe
 * \brief Every constant of a training: network, data, optimiser, validation.
 *
 * A recipe has a name to start from, `default`, `published` or `scanners`, and values that can be changed one by one,
 * each under its name, in words or as a number. C++, Python, the command line and a configuration file therefore set
 * the same values, and a checkpoint and a model's metadata hold them all. GetNames() lists them and GetDescription()
 * explains each.
 *
 * `published` is that of the paper and its scripts: isotropic scales in [2, 4] in steps of 0.1, LR patches of 10
 * voxels, cubic downsampling, 8000 coordinates, batches of 15, L1, Adam with 1e-4 halved every 200 epochs, 2500 epochs.
 * `default` trains the local form with a Gaussian slice profile, also for thick slices. `scanners` trains it for scans
 * of any kind: with random point spreads (see ArSSRPointSpread), slice gaps and overlaps, interpolation by the scanner,
 * Rician noise, and contrasts made of label maps.
 *
 * Wu et al., IEEE JBHI 2022, https://doi.org/10.1109/JBHI.2022.3223106
 *
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSRTrainingRecipe
{
public:
  /** LR spacing / HR spacing along x, y and z. */
  using ScaleType = FixedArray<double, 3>;

  /** The recipe `default`. */
  ArSSRTrainingRecipe();

  /** \throws ExceptionObject unless the name is `default`, `published` or `scanners`. */
  explicit ArSSRTrainingRecipe(const std::string & recipeName);

  /** Names of all values, in the order of the documentation. */
  static std::vector<std::string>
  GetNames();

  /** What a value is, with its unit and its limits. \throws ExceptionObject for an unknown name. */
  static std::string
  GetDescription(const std::string & name);

  /** \throws ExceptionObject for an unknown name, and for a value that is not within limits. */
  void
  Set(const std::string & name, const std::string & value);
  void
  SetNumber(const std::string & name, double value);

  /** \throws ExceptionObject for an unknown name; GetNumber() also for a value that is not a number. */
  std::string
  Get(const std::string & name) const;
  double
  GetNumber(const std::string & name) const;

  /** A value that is a list of numbers: `2,3,4`. */
  std::vector<double>
  GetNumbers(const std::string & name) const;

  /** A value that is a list of scales, each a number or one for each of x, y and z: `2,3.5,1x1x4`. */
  std::vector<ScaleType>
  GetScales(const std::string & name) const;

  bool
  GetFlag(const std::string & name) const
  {
    return this->Get(name) == "on";
  }

  /** \throws ExceptionObject when values contradict each other, such as a smallest scale above the largest. */
  void
  Verify() const;

  /** All values by name; a recipe with the same values trains the same model. */
  const std::map<std::string, std::string> &
  GetValues() const
  {
    return m_Values;
  }

private:
  std::map<std::string, std::string> m_Values;
};
} // end namespace itk

#endif // itkArSSRTrainingRecipe_h
