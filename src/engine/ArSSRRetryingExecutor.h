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
#ifndef ArSSRRetryingExecutor_h
#define ArSSRRetryingExecutor_h

#include "engine/ArSSRExecutorChoice.h"

#include <exception>
#include <functional>

namespace itk::arssr
{
/** \brief Retries where an executor runs out of memory: after releasing what is kept for later, then in smaller pieces.
 *
 * If memory could be released, the whole is tried once more. Then a tile's features are computed in halves along its
 * longest axis, and those in halves again, down to `SmallestPiece` LR voxels; spans of output voxels likewise. If even
 * these do not fit, the executor's error is rethrown. Pieces have the halo that they need, so the features are the
 * same.
 */
class RetryingExecutor : public Executor
{
public:
  static constexpr std::int64_t  SmallestPiece = 8;  /**< LR voxels along the longest axis */
  static constexpr SizeValueType FewestVoxels = 256; /**< of the output, decoded at once */

  /** \param haloRadius of the encoder, in LR voxels. \param giveUp releases what is kept for later; may be empty. */
  RetryingExecutor(std::unique_ptr<Executor> executor, std::int64_t haloRadius, GiveUpFunction giveUp = {});

  FeatureTile
  Encode(const EncodeJob & job) const override;

  void
  Decode(const FeatureTile & tile, const DecodeJob & job) const override;

  TileCosts
  GetCosts() const override;

  std::string
  GetDescription() const override;

private:
  /** Runs a function, and once more if memory could be released. \return the exception when memory ran out, else null.
   */
  std::exception_ptr
  Try(const std::function<void()> & function) const;

  FeatureTile
  EncodeInHalves(const EncodeJob & job) const;
  void
  DecodeInHalves(const FeatureTile & tile, const DecodeJob & job) const;

  std::unique_ptr<Executor> m_Executor;
  std::int64_t              m_HaloRadius;
  GiveUpFunction            m_GiveUp;
};
} // namespace itk::arssr

#endif
