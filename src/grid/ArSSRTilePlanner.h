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
#ifndef ArSSRTilePlanner_h
#define ArSSRTilePlanner_h

#include "itkArSSRTileLattice.h"

namespace itk::arssr
{
/** \brief What tiles cost in memory, in bytes. */
struct TileCosts
{
  SizeValueType haloRadius{ 0 };           /**< of the encoder, in LR voxels */
  SizeValueType encodeBytesPerVoxel{ 0 };  /**< for each voxel of a tile's input region, while it is encoded */
  SizeValueType featureBytesPerVoxel{ 0 }; /**< for each voxel of a tile's feature region, while it is kept */
  SizeValueType inputBytesPerVoxel{ sizeof(float) }; /**< for each voxel of its input region, while it is kept */
  SizeValueType fixedBytes{ 0 };                     /**< whatever the tile size */
  SizeValueType voxelsPerBatch{ 0 };                 /**< of the output, decoded at once on all threads */
  SizeValueType passes{ 1 };       /**< over mirrored copies of the image, whose tiles are held at the same time */
  SizeValueType sampleMargin{ 0 }; /**< LR voxels on either side of a feature region whose features are needed */

  /** Bytes of a tile that is kept: its features and the voxels that they were made from. */
  double
  GetTileBytes(double inputVoxels, double featureVoxels) const;

  /** Bytes of the largest tile, over all passes. */
  double
  GetTileBytes(const ArSSRTileLattice & lattice) const;

  /** Bytes needed while the largest tile is encoded and one tile is kept, over all passes. */
  double
  GetPeakBytes(const ArSSRTileLattice & lattice) const;

  /** Bytes of all tiles in one layer across x and y. */
  double
  GetLayerBytes(const ArSSRTileLattice & lattice) const;
};

/** \brief Chooses the lattice with the least encoding work that fits a budget.
 *
 * Halos are encoded again for each tile, so large tiles cost less. A lattice of which one whole layer across x and y
 * fits is preferred: an output that is streamed along z then encodes every tile once.
 * \throws ExceptionObject when not even tiles of one voxel fit; the message has the least budget that works. */
ArSSRTileLattice
PlanTiles(const ArSSRTileLattice::SizeType & imageSize, const TileCosts & costs, SizeValueType budgetMiB);
} // namespace itk::arssr

#endif
