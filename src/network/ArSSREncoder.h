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
#ifndef ArSSREncoder_h
#define ArSSREncoder_h

#include "network/ArSSRArchitecture.h"
#include "network/ArSSREncoderPlan.h"
#include "network/ArSSRLayers.h"

#include <memory>

namespace itk::arssr
{
/** \brief 3-D convolutional network that turns an LR volume into features on the same grid (ArSSR, section III-B).
 *
 * Maps [N, 1, z, y, x] to [N, feature_dim, z, y, x]. All 3×3×3 convolutions pad with one zero and there is no
 * normalisation layer, so that no feature depends on anything farther away than GetRadius() voxels. Parameter names are
 * under `encoder.`; the three published encoders have those of the published `state_dict`.
 */
class Encoder
{
public:
  using Kind = ArSSRModelEnums::Encoder;

  /** Channels of every hidden layer in the published encoders. */
  static constexpr std::int64_t HiddenChannels = 64;

  static std::unique_ptr<Encoder>
  New(const Architecture & architecture, Parameters & parameters);

  virtual ~Encoder();
  Encoder(const Encoder &) = delete;
  Encoder &
  operator=(const Encoder &) = delete;

  virtual at::Tensor
  Forward(const Parameters & parameters, const at::Tensor & lowResolution) const = 0;

  /** The same computation for inference, as steps between buffers. */
  virtual EncoderPlan
  GetPlan() const = 0;

  /** Channels alive at the peak of Forward() without gradients, each of one number per LR voxel. */
  virtual std::int64_t
  GetPeakChannels() const = 0;

  /** Halo in LR voxels: the number of 3×3×3 convolutions, as all of them lie in series in these encoders. */
  std::int64_t
  GetRadius() const
  {
    return m_Radius;
  }

  /** Multiply-accumulates per LR voxel. */
  std::int64_t
  GetCost() const
  {
    return m_Cost;
  }

protected:
  explicit Encoder(Parameters & parameters);

  /** Declares a 3×3×3 or 1×1×1 convolution and adds its radius and cost. `name` is given without `encoder.`. */
  Convolution
  Convolution3(const std::string & name, std::int64_t inputChannels, std::int64_t outputChannels);
  Convolution
  Convolution1(const std::string & name, std::int64_t inputChannels, std::int64_t outputChannels);

private:
  Convolution
  Declare(const std::string & name, std::int64_t inputChannels, std::int64_t outputChannels, std::int64_t kernelSize);

  Parameters & m_Declared; // used while a subclass is constructed, not afterwards
  std::int64_t m_Radius{ 0 };
  std::int64_t m_Cost{ 0 };
};
} // namespace itk::arssr

#endif
