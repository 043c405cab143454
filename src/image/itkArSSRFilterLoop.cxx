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
#include "itkArSSRFilterLoop.h"

#include "platform/ArSSRThreaderLoop.h"

#include "itkArSSRPipeline.h"

#include "itkMultiThreaderBase.h"

#include <algorithm>

namespace itk
{
namespace
{
constexpr SizeValueType MostReports = 16;   // in a loop
constexpr SizeValueType StepsPerThread = 4; // at least, between two reports: threads wait for each other there
} // namespace


ArSSRFilterLoop::ArSSRFilterLoop(ProcessObject * filter, SizeValueType loops, double begin, double end)
  : m_Filter(filter)
  , m_Loops(loops)
  , m_Begin(begin)
  , m_End(end)
{
  filter->GetMultiThreader()->SetNumberOfWorkUnits(filter->GetNumberOfWorkUnits());
}


void
ArSSRFilterLoop::operator()(SizeValueType count, const std::function<void(SizeValueType)> & body)
{
  MultiThreaderBase * threader = m_Filter->GetMultiThreader();
  // The loop runs in parts, as progress may be reported and the abort flag looked at only from the calling thread,
  // between them. The bounds count × part / parts cover 0 … count without gaps, however they divide.
  const SizeValueType atLeast = StepsPerThread * threader->GetMaximumNumberOfThreads();
  const SizeValueType parts = std::clamp<SizeValueType>(count / atLeast, 1, MostReports);
  for (SizeValueType part = 0; part < parts; ++part)
  {
    arssr::ForEachInThreader(threader, count * part / parts, count * (part + 1) / parts, body);
    const double done = static_cast<double>(m_Finished) + static_cast<double>(part + 1) / static_cast<double>(parts);
    // Progress never passes its end, whatever number of loops was announced.
    const double share = std::min(1.0, done / static_cast<double>(m_Loops));
    ArSSRReportProgress(m_Filter, static_cast<float>(m_Begin + (m_End - m_Begin) * share));
  }
  ++m_Finished;
}
} // end namespace itk
