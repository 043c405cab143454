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
#ifndef ArSSRBoundedOutput_h
#define ArSSRBoundedOutput_h

#include "network/ArSSRNeighborhoodBounds.h"
#include "itkArSSREngine.h"

#include <atomic>

namespace itk::arssr
{
/** \brief Hands a tile's values to a job's writeOutput, within NeighborhoodBounds, and counts those that it changes. */
class BoundedOutput
{
public:
  /** \param input the LR voxels of the tile's input region, x fastest; needed only by the constructor.
   * \throws ExceptionObject when the lattice's halo does not hold the neighbours of the tile's voxels. */
  BoundedOutput(const ArSSREngine::Job & job, const ArSSREngine::IndexType & tile, const float * input);

  /** Bounds values and passes them on to writeOutput. Several threads may call it. */
  void
  Write(ArSSREngine::IndexType first, const float * values, SizeValueType count);

  SizeValueType
  GetNumberOfBoundedVoxels() const
  {
    return m_NumberOfBoundedVoxels;
  }

private:
  const ArSSREngine::Job &   m_Job;
  NeighborhoodBounds         m_Bounds;
  std::atomic<SizeValueType> m_NumberOfBoundedVoxels{ 0 };
};
} // namespace itk::arssr

#endif
