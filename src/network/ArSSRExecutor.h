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
#ifndef ArSSRExecutor_h
#define ArSSRExecutor_h

#include "grid/ArSSROutputSpans.h"
#include "grid/ArSSRTilePlanner.h"
#include "network/ArSSRSampling.h"
#include "platform/ArSSRPrecision.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace itk::arssr
{
class Network;

/** \brief Features to compute: those of a box in a part of the LR image. */
struct EncodeJob
{
  at::Tensor                  lowResolution; /**< [z, y, x], float32 on the CPU */
  GridIndex                   origin{};      /**< LR voxel of the image at which lowResolution begins */
  GridIndex                   imageSize{};
  GridBox                     featureBox;   /**< counted from the first voxel of lowResolution */
  unsigned int                threads{ 0 }; /**< of the CPU, for this module's loops; zero: as many as torch has */
  std::function<void(double)> report;       /**< called with the fraction done, on the calling thread */
};

/** Takes values of consecutive output voxels of a row. Called from several threads at a time. */
using WriteFunction = std::function<void(const Index<3> & first, const float * values, SizeValueType count)>;

/** \brief Output voxels to compute from the features of the tile that owns them. */
struct DecodeJob
{
  const ArSSRIndexMap &           indexMap;
  const std::vector<OutputSpan> & spans;
  const WriteFunction &           writeOutput;
  unsigned int                    threads{ 0 }; /**< as in EncodeJob */
};

/** \brief A network on a device, ready to run: encodes tiles and decodes spans of output voxels.
 *
 * Immutable. Exceptions of torch and of the jobs' functions pass through.
 */
class Executor
{
public:
  virtual ~Executor() = default;
  Executor(const Executor &) = delete;
  Executor &
  operator=(const Executor &) = delete;

  virtual FeatureTile
  Encode(const EncodeJob & job) const = 0;

  virtual void
  Decode(const FeatureTile & tile, const DecodeJob & job) const = 0;

  /** What tiles cost. It does not depend on the number of threads in use, and so neither does the lattice. */
  virtual TileCosts
  GetCosts() const = 0;

  /** What computes, and where, for people to read. */
  virtual std::string
  GetDescription() const
  {
    return "another executor";
  }

protected:
  Executor() = default;
};
} // namespace itk::arssr

#endif
