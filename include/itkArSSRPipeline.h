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
#ifndef itkArSSRPipeline_h
#define itkArSSRPipeline_h

#include "itkImageBase.h"
#include "itkProcessObject.h"

#include "ArbitraryScaleSuperResolutionExport.h"

#include <cstddef>

namespace itk
{
/** Runs one step of a filter's pipeline and, if it throws, resets the pipeline before the exception propagates.
 * Otherwise a filter whose upstream has thrown considers itself to be updating, and never updates again. */
template <typename TFunction>
void
ArSSRResetPipelineOnException(ProcessObject * filter, const TFunction & step)
{
  try
  {
    step();
  }
  catch (...)
  {
    filter->ResetPipeline();
    throw;
  }
}


/** The pipeline methods that this module's filters share, for the public part of a class: each step leaves the filter
 * ready for use when something upstream throws, and the class's member PrepareOutputData() runs before data are made
 * unless they are being made already. A macro rather than a base class, which Python would have to know about. */
#define itkArSSRPipelineMacro()                                                                                        \
  void UpdateOutputInformation() override                                                                              \
  {                                                                                                                    \
    ArSSRResetPipelineOnException(this, [this] { this->Superclass::UpdateOutputInformation(); });                      \
  }                                                                                                                    \
  void PropagateRequestedRegion(DataObject * output) override                                                          \
  {                                                                                                                    \
    ArSSRResetPipelineOnException(this, [&] { this->Superclass::PropagateRequestedRegion(output); });                  \
  }                                                                                                                    \
  void UpdateOutputData(DataObject * output) override                                                                  \
  {                                                                                                                    \
    ArSSRResetPipelineOnException(this, [&] {                                                                          \
      if (!this->m_Updating)                                                                                           \
      {                                                                                                                \
        this->PrepareOutputData();                                                                                     \
      }                                                                                                                \
      this->Superclass::UpdateOutputData(output);                                                                      \
    });                                                                                                                \
  }                                                                                                                    \
  ITK_MACROEND_NOOP_STATEMENT


/** Whether a data object that comes from a source was edited and marked with Modified() since its source made it. */
ArbitraryScaleSuperResolution_EXPORT bool
ArSSRIsEdited(const DataObject & data);


/** A time that changes whenever the content of a data object does: when its source has different content to give, or
 * when it was edited and marked with Modified(). Unlike the time of modification, it stays the same when the source
 * only makes another region. */
ArbitraryScaleSuperResolution_EXPORT ModifiedTimeType
ArSSRGetContentTime(const DataObject & data);


/** \throws ExceptionObject that says how much memory the requested region of an output needs, and what to do if that is
 * not available. */
[[noreturn]] ArbitraryScaleSuperResolution_EXPORT void
ArSSRThrowOutputTooLarge(const ImageBase<3> & output, std::size_t bytesPerVoxel);


/** Runs what allocates an output. \throws ExceptionObject that says what to do when there is not enough memory. */
template <typename TFunction>
void
ArSSRAllocate(const ImageBase<3> & output, std::size_t bytesPerVoxel, const TFunction & allocate)
{
  try
  {
    allocate();
  }
  catch (const MemoryAllocationError &)
  {
    ArSSRThrowOutputTooLarge(output, bytesPerVoxel);
  }
}


/** Sets a filter's progress. \throws ProcessAborted when AbortGenerateData is set. */
ArbitraryScaleSuperResolution_EXPORT void
ArSSRReportProgress(ProcessObject * filter, float fraction);


/** \throws ExceptionObject when a reference image is to be used and there is none. */
ArbitraryScaleSuperResolution_EXPORT void
ArSSRVerifyReferenceImage(bool useReferenceImage, const ImageBase<3> * reference);


/** Requests none of a reference image's pixels, because only its grid is used, so that they are not computed, unless
 * the image is also the filter's input. Does nothing for a null pointer. */
ArbitraryScaleSuperResolution_EXPORT void
ArSSRRequestGridOnly(const ImageBase<3> * reference, const DataObject * input);
} // end namespace itk

#endif // itkArSSRPipeline_h
