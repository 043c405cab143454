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
#ifndef ArSSRRunner_h
#define ArSSRRunner_h

#include "itkArSSREngine.h"

#include "engine/ArSSRExecutorChoice.h"
#include "engine/ArSSRFeatureCache.h"
#include "grid/ArSSRMirror.h"
#include "network/ArSSRNetwork.h"

#include <vector>

namespace itk::arssr
{
/** What a runner computes on and in, and how often. */
struct RunnerSettings
{
  at::Device   device{ at::kCPU };
  Precision    precision{ Precision::Float32 };
  unsigned int passes{ 1 };  /**< at most as many as MirrorsOfPasses has */
  unsigned int threads{ 0 }; /**< of the CPU; zero: as many as torch has */

  Precision
  GetResolvedPrecision() const
  {
    return ResolvePrecision(precision, device);
  }
};

/** \brief Runs jobs of the engine with a network on a device, tile by tile.
 *
 * With several passes, a pass gives what the network gives for the mirrored image: the tile's voxels are mirrored, and
 * regions, origins and the index map are those of the mirrored image, so executors need not know of it. The features of
 * all passes of a tile are held together, and their values averaged batch by batch.
 *
 * Holds what outlives a job: the network as it is on the device, and the features of the tiles used last. Exceptions of
 * torch and of the job's functions pass through.
 */
class Runner
{
public:
  Runner() = default;
  virtual ~Runner() = default;
  Runner(const Runner &) = delete;
  Runner &
  operator=(const Runner &) = delete;

  using Job = ArSSREngine::Job;
  using IndexType = ArSSREngine::IndexType;

  RunnerSettings settings;

  /** What tiles cost with a network on the device, according to the executor that runs it. */
  TileCosts
  GetCosts(const std::shared_ptr<const Network> & network);

  /** \param budget bytes for activations, features and decoded voxels.
   * \return how many voxels were bounded. */
  SizeValueType
  Run(const Job & job, const std::shared_ptr<const Network> & network, double budget);

  FeatureCache &
  GetCache()
  {
    return m_Cache;
  }
  /** What ran last; empty when nothing has. */
  std::string
  GetExecutorDescription() const
  {
    return m_ExecutorDescription;
  }
  SizeValueType
  GetNumberOfEncodedTiles() const
  {
    return m_NumberOfEncodedTiles;
  }

protected:
  /** Makes the executor for a network on the device that is set. \param giveUp what it calls where memory runs out */
  virtual std::unique_ptr<Executor>
  MakeExecutor(const Network & network, GiveUpFunction giveUp) const;

private:
  struct Work;

  /** Makes a new executor, and drops the features of the old one, unless the one there is has this network and the
   * device and precision that are set. */
  void
  UpdateExecutor(const std::shared_ptr<const Network> & network);

  /** Returns how many voxels were bounded. */
  SizeValueType
  RunTile(Work & work, const IndexType & tile);

  /** Runs what makes a tensor. Where memory runs out, drops the tiles not in use and runs it once more. */
  at::Tensor
  MakeTensor(const std::function<at::Tensor()> & make);

  /** LR voxels of a tile's input region, [z, y, x]. */
  at::Tensor
  ReadInput(const Job & job, const IndexType & tile);

  /** One pass over a tile, ready to be decoded. */
  struct Pass
  {
    ArSSRIndexMap       indexMap; /**< to the mirrored image */
    const FeatureTile * features; /**< in the cache */
  };

  std::vector<Pass>
  PreparePasses(Work & work, const IndexType & tile, const at::Tensor & input);

  /** \param key the tile's voxels and where they are in the mirrored image. */
  const FeatureTile &
  GetFeatures(Work & work, FeatureCache::Key key);

  /** Multiply-accumulates of one pass. */
  double
  GetDecodeWork(const std::vector<OutputSpan> & spans) const;

  /** Decodes voxels in each pass and hands out their mean. */
  void
  DecodePasses(Work &                          work,
               const std::vector<Pass> &       passes,
               const std::vector<OutputSpan> & spans,
               const WriteFunction &           writeMean) const;

  std::shared_ptr<const Network> m_Network;
  std::unique_ptr<Executor>      m_Executor;
  at::Device                     m_DeviceOfExecutor{ at::kCPU };
  Precision                      m_PrecisionOfExecutor{ Precision::Float32 };
  FeatureCache                   m_Cache;
  std::size_t                    m_TilesInUse{ 0 };     // the most recent ones in the cache
  std::string                    m_ExecutorDescription; // of what ran last
  SizeValueType                  m_NumberOfEncodedTiles{ 0 };
};
} // namespace itk::arssr

#endif
