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
#ifndef itkArSSRFilterLoop_h
#define itkArSSRFilterLoop_h

#include "ArbitraryScaleSuperResolutionExport.h"

#include "itkProcessObject.h"

#include <functional>

namespace itk
{
/** \class ArSSRFilterLoop
 * \brief Runs the loops of a filter's arithmetic in the filter's threads, with its progress and its abort flag.
 *
 * Progress is reported and AbortGenerateData is checked up to 16 times per loop, on the calling thread.
 *
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSRFilterLoop
{
public:
  /** \param loops Number of loops the filter will run; each is an equal part of its progress from \param begin to
   * \param end. */
  ArSSRFilterLoop(ProcessObject * filter, SizeValueType loops, double begin = 0.0, double end = 1.0);

  /** Calls the function for 0 … count - 1. \throws ProcessAborted when AbortGenerateData is set. */
  void
  operator()(SizeValueType count, const std::function<void(SizeValueType)> & body);

private:
  ProcessObject * m_Filter;
  SizeValueType   m_Loops;
  double          m_Begin;
  double          m_End;
  SizeValueType   m_Finished{ 0 };
};
} // end namespace itk

#endif // itkArSSRFilterLoop_h
