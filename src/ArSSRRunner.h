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

#include "ArSSRBlockLattice.h"
#include "ArSSRFeatureCache.h"
#include "ArSSRNetwork.h"
#include "ArSSRTilePlanner.h"

namespace itk::arssr
{
class WorkMeter;

/** \brief Runs jobs of the engine with a network on a device: tile by tile, block by block.
 *
 * Holds what outlives a job: the network's copy on the device and the features of the tiles used last. Exceptions of
 * torch and of the job's functions pass through.
 */
class Runner
{
public:
  using Job = ArSSREngine::Job;
  using IndexType = ArSSREngine::IndexType;
  using RegionType = ArSSREngine::RegionType;

  void
  SetDevice(const at::Device & device)
  {
    m_Device = device;
  }
  const at::Device &
  GetDevice() const
  {
    return m_Device;
  }

  /** What tiles cost with a network on the device. */
  TileCosts
  GetCosts(const Network & network) const;

  /** \param budget bytes for activations, features and blocks. */
  void
  Run(const Job & job, const std::shared_ptr<const Network> & network, double budget);

  FeatureCache &
  GetCache()
  {
    return m_Cache;
  }
  SizeValueType
  GetNumberOfEncodedTiles() const
  {
    return m_NumberOfEncodedTiles;
  }

private:
  /** A tile and the blocks that have voxels of it. */
  struct TileWork
  {
    IndexType              tile;
    std::vector<IndexType> blocks;
  };

  static std::vector<TileWork>
  CollectWork(const Job & job, const BlockLattice & blocks);

  /** Copies the network to the device unless it is there; another network or device makes the features useless. */
  void
  UpdateCopy(const std::shared_ptr<const Network> & network);

  const FeatureTile &
  GetFeatures(const Job & job, const IndexType & tile, SizeValueType capacity);

  void
  Decode(const Job &          job,
         const FeatureTile &  features,
         const TileWork &     work,
         const BlockLattice & blocks,
         WorkMeter &          meter) const;

  void
  DecodeBlock(const Job &         job,
              const FeatureTile & features,
              const IndexType &   tile,
              const RegionType &  blockRegion) const;

  at::Device                     m_Device{ at::kCPU };
  std::shared_ptr<const Network> m_Source;
  std::shared_ptr<const Network> m_Copy;
  at::Device                     m_DeviceOfCopy{ at::kCPU };
  FeatureCache                   m_Cache;
  SizeValueType                  m_NumberOfEncodedTiles{ 0 };
};
} // namespace itk::arssr

#endif
