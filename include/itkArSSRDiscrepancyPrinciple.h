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
#ifndef itkArSSRDiscrepancyPrinciple_h
#define itkArSSRDiscrepancyPrinciple_h

#include "itkArSSRVoxelBlock.h"

#include <vector>

namespace itk
{
/** \class ArSSRDiscrepancyPrinciple
 * \brief Tells after how many iterations the residual of a scan has come down to the scan's noise.
 *
 * An image that fits a scan more closely than the scan's noise fits the noise itself. Morozov's discrepancy principle
 * stops at the first iteration \f$ k \f$ at which the root mean square \f$ \|r_k\| \f$ of the residual is at most
 * \f$ \tau \sigma \f$, where \f$ \sigma \f$ is the noise's standard deviation and \f$ \tau \f$ is `Factor`. That
 * iteration may go far below: a whole step from a residual just above the noise adds all of the noise's coarse parts to
 * an image without noise. The last step is therefore shortened to land on \f$ \tau \sigma \f$: the residual is linear
 * in the step, and a share \f$ t \f$ of it leaves \f$ (1 - t)\, r_{k-1} + t\, r_k \f$.
 *
 * The residual is given slice by slice, in any order, for all iterations up to the largest number at once. Sums are
 * computed per slice and added in slice order, so the choice is the same, bit for bit, however the scan is divided.
 *
 * V. A. Morozov, "On the solution of functional equations by the method of regularization", Soviet Math. Dokl. 7, 1966;
 * H. W. Engl, M. Hanke, A. Neubauer, "Regularization of Inverse Problems", Kluwer, 1996, chapter 6, on iterations
 * stopped by it.
 *
 * \sa ArSSRSliceProfileConsistency
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSRDiscrepancyPrinciple
{
public:
  /** \f$ \tau \f$: above 1 by about the error of a noise estimate. The true image has a residual of \f$ \sigma \f$,
   * which must not count as more when the noise is underestimated. */
  static constexpr double Factor = 1.1;

  struct Choice
  {
    unsigned int iterations{ 0 };
    double       lastStep{ 1.0 };    /**< share of the last iteration's correction that is made, in (0, 1] */
    double       first{ 0.0 };       /**< root mean square of the residual before the first iteration */
    double       last{ 0.0 };        /**< the same after the last one */
    bool         isReached{ false }; /**< whether that has come down to the noise */
  };

  ArSSRDiscrepancyPrinciple() = default;

  /** \param slices of the scan. \param iterations The largest number. \param noise Its standard deviation. */
  ArSSRDiscrepancyPrinciple(SizeValueType slices, unsigned int iterations, double noise);

  /** The residual after a number of iterations in whole slices.
   * \param previous The residual one iteration earlier; ignored for 0 iterations.
   * \param counts Whether each voxel of the block counts. */
  void
  Add(unsigned int                       iteration,
      const ArSSRVoxelBlock &            residual,
      const ArSSRVoxelBlock &            previous,
      const std::vector<unsigned char> & counts);

  /** Whether the residual after this many iterations is known for all slices and has come down to the noise. */
  bool
  IsReached(unsigned int iteration) const;

  /** After all slices were given for all iterations, or for those up to one that IsReached(). */
  Choice
  Choose() const;

private:
  struct Sums
  {
    double        squares{ 0.0 };  // of the residual
    double        products{ 0.0 }; // with the residual one iteration before
    SizeValueType count{ 0 };
    SizeValueType slices{ 0 }; // given so far
  };

  Sums
  GetTotal(unsigned int iteration) const;

  double                         m_Limit{ 0.0 }; // mean square
  std::vector<std::vector<Sums>> m_Sums;         // [iteration][slice]
};
} // end namespace itk

#endif // itkArSSRDiscrepancyPrinciple_h
