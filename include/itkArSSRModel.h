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
#ifndef itkArSSRModel_h
#define itkArSSRModel_h

#include "ArbitraryScaleSuperResolutionExport.h"
#include "itkArSSRModelEnums.h"

#include "itkDataObject.h"
#include "itkObjectFactory.h"

#include <memory>
#include <string>
#include <vector>

namespace itk
{
namespace arssr
{
class Network;
}

/** \class ArSSRModel
 * \brief A trained network for arbitrary-scale super-resolution, with its metadata.
 *
 * An encoder (a 3-D CNN) turns a low-resolution (LR) volume into a feature map on the same grid; an implicit voxel
 * function, trilinear sampling followed by a multilayer perceptron (MLP), gives the intensity at any point. One model
 * serves every scale.
 *
 * Files are read in the published format (`.pkl`, `.pt`: `torch.save(model.state_dict(), …)`, zip or legacy) and in
 * safetensors, the module's own format, which also holds metadata. The format is detected from the content; encoder and
 * dimensions are inferred from the tensors. Nothing in a file is executed and no size in it is trusted: files from
 * untrusted sources are refused with an exception or read safely.
 *
 * Metadata are strings in GetMetaDataDictionary(), kept by WriteFile(). The filters read `trained_scale_min` and
 * `trained_scale_max` (LR voxel / HR voxel); models of this project also have `trained_spacing_min`,
 * `trained_spacing_max` (mm, LR), `trained_acquisition` (point spreads and noise, in words), `training_data`, `licence`
 * and `description`, and `intensity_convention`, which tells other programs how this module's trainer and filters scale
 * intensities: always as ArSSRIntensityStatistics does, unless IntensityScalingOff() is set. The entries `format`,
 * `form`, `encoder`, `feature_dim`, `depth`, `width` and the others that describe the network are rewritten by
 * WriteFile().
 *
 * A model is shared freely between filters: inference never changes it.
 *
 * Wu et al., "An Arbitrary Scale Super-Resolution Approach for 3D MR Images via Implicit Neural Representation",
 * IEEE J. Biomed. Health Inform. 2022, https://doi.org/10.1109/JBHI.2022.3223106
 *
 * \sa ArbitraryScaleSuperResolutionImageFilter
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSRModel : public DataObject
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(ArSSRModel);

  using Self = ArSSRModel;
  using Superclass = DataObject;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;

  using EncoderEnum = ArSSRModelEnums::Encoder;

  itkNewMacro(Self);
  itkOverrideGetNameOfClassMacro(ArSSRModel);

  /** Replaces the network and the metadata by those in a file. On failure the model stays as it was.
   * \throws ExceptionObject when the file cannot be read, is damaged, or does not hold an ArSSR network. */
  void
  ReadFile(const std::string & fileName);

  /** Writes safetensors. The file appears under its name only when complete; an existing file is replaced.
   * \throws ExceptionObject when the model is empty or the file cannot be written. */
  void
  WriteFile(const std::string & fileName) const;

  /** Replaces the network by one with random weights and clears the metadata. The same seed gives the same weights.
   * \param encoder the convolutional network.
   * \param featureDimension channels of the feature map, 1 to 4096.
   * \param depth layers of the MLP, even, 4 to 64.
   * \param width channels of the MLP's hidden layers, 1 to 4096.
   * \param seed of the generator. */
  void
  SetRandomNetwork(EncoderEnum  encoder,
                   unsigned int featureDimension = 128,
                   unsigned int depth = 8,
                   unsigned int width = 256,
                   unsigned int seed = 0);

  /** Replaces the network by one of the local form (see ArSSRModelEnums::Form) with a residual encoder and random
   * weights, and clears the metadata. The last layer is random too, unlike that of a network to be trained.
   * \param channels of the encoder's hidden layers, 1 to 4096.
   * \param blocks of the encoder, 0 to 64.
   * \param featureDimension channels of the feature map, 1 to 4096.
   * \param depth layers of the MLP, 2 to 64.
   * \param width channels of the MLP's hidden layers, 1 to 4096.
   * \param seed of the generator. */
  void
  SetRandomLocalNetwork(unsigned int channels = 48,
                        unsigned int blocks = 6,
                        unsigned int featureDimension = 64,
                        unsigned int depth = 4,
                        unsigned int width = 64,
                        unsigned int seed = 0);

  /** Whether there is no network yet. The methods below throw an ExceptionObject when there is none. */
  bool
  IsEmpty() const;

  EncoderEnum
  GetEncoder() const;

  /** Name of the encoder: `RDN`, `ResCNN`, `SRResnet` or `Residual`. */
  std::string
  GetEncoderAsString() const;

  /** Name of the network's form: `published`, `local` or `custom`. */
  std::string
  GetFormAsString() const;

  /** Multiply-accumulates of the encoder for each LR voxel, and of sampling's MLP for each output voxel. */
  SizeValueType
  GetEncoderCost() const;
  SizeValueType
  GetDecoderCost() const;

  unsigned int
  GetFeatureDimension() const;
  unsigned int
  GetDepth() const;
  unsigned int
  GetWidth() const;
  SizeValueType
  GetNumberOfParameters() const;

  /** LR voxels on each side that a feature depends on: the number of 3×3×3 convolutions in series. An output voxel
   * depends on one more, as it is sampled between features. */
  SizeValueType
  GetHaloRadius() const;

  /** A number in the metadata. \return whether there is such an entry. \throws ExceptionObject when it is not a number.
   */
  bool
  GetMetaDataNumber(const std::string & key, double & value) const;

  /** Path of the default model: the file that the environment variable `ARSSR_DEFAULT_MODEL` names, or else the model
   * beside the module's library (wheel, install tree) or in the build tree.
   * \throws ExceptionObject when there is none. */
  static std::string
  GetDefaultModelFileName();

  /** Names of the models that come with the module, the default first. */
  static std::vector<std::string>
  GetBundledModelNames();

  /** Path, for ReadFile(), of the model that a user names: a bundled model's path, unless a file has that name;
   * otherwise the name itself. An empty name stands for the default model. */
  static std::string
  FindModelFile(const std::string & name);

#ifndef ITK_WRAPPING_PARSER
  /** The network, for the engine and the trainer; the type is private to the module. */
  std::shared_ptr<const arssr::Network>
  GetNetwork() const;
  void
  SetNetwork(std::shared_ptr<const arssr::Network> network);
#endif

  /** Empties the model. */
  void
  Initialize() override;

  /** Shares the other model's network and copies its metadata. */
  void
  Graft(const DataObject * other) override;

protected:
  ArSSRModel();
  ~ArSSRModel() override;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

private:
  const arssr::Network &
  GetNetworkOrThrow() const;

  std::shared_ptr<const arssr::Network> m_Network;
};
} // end namespace itk

#endif // itkArSSRModel_h
