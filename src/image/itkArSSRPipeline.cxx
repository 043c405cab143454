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
#include "itkArSSRPipeline.h"

#include "itkMacro.h"

#include <algorithm>

namespace itk
{
bool
ArSSRIsEdited(const DataObject & data)
{
  // A source that generates its output sets the output's own time first and the time of the update last: a later own
  // time means that somebody called Modified() since.
  return data.GetSource().IsNotNull() && data.GetUpdateMTime() > 0 && data.GetMTime() > data.GetUpdateMTime();
}


ModifiedTimeType
ArSSRGetContentTime(const DataObject & data)
{
  // Without a source the object's own time is all there is: whoever fills it calls Modified().
  if (data.GetSource().IsNull())
  {
    return data.GetMTime();
  }
  // The pipeline time is the latest of the settings and inputs upstream, and ignores edits of the buffer.
  return ArSSRIsEdited(data) ? std::max(data.GetMTime(), data.GetPipelineMTime()) : data.GetPipelineMTime();
}


void
ArSSRThrowOutputTooLarge(const ImageBase<3> & output, std::size_t bytesPerVoxel)
{
  const auto &     size = output.GetRequestedRegion().GetSize();
  constexpr double bytesPerGiB = 1 << 30;
  // As double: the product of three sizes may exceed 64 bits, which is then the very reason of the failure.
  const double bytes = static_cast<double>(bytesPerVoxel) * static_cast<double>(size[0]) *
                       static_cast<double>(size[1]) * static_cast<double>(size[2]);
  itkGenericExceptionMacro("An output of "
                           << size << " voxels takes " << bytes / bytesPerGiB
                           << " GiB of memory, which is not available. Use a smaller scale, or stream the "
                              "output: itk::StreamingImageFilter, or "
                              "SetNumberOfStreamDivisions() of itk::ImageFileWriter.");
}


void
ArSSRReportProgress(ProcessObject * filter, float fraction)
{
  // Observers run within UpdateProgress(); one that sets AbortGenerateData takes effect at once.
  filter->UpdateProgress(fraction);
  if (filter->GetAbortGenerateData())
  {
    ProcessAborted aborted(__FILE__, __LINE__);
    aborted.SetLocation(ITK_LOCATION);
    aborted.SetDescription("AbortGenerateData was set: the output is incomplete.");
    throw aborted;
  }
}


void
ArSSRVerifyReferenceImage(bool useReferenceImage, const ImageBase<3> * reference)
{
  if (useReferenceImage && reference == nullptr)
  {
    itkGenericExceptionMacro(
      "UseReferenceImage is on but there is no ReferenceImage. Set one, or turn UseReferenceImage off.");
  }
}


void
ArSSRRequestGridOnly(const ImageBase<3> * reference, const DataObject * input)
{
  if (reference != nullptr && reference != input)
  {
    // Size 0 at the start index, which lies in the largest region: ITK refuses a requested region outside it.
    const ImageBase<3>::RegionType nothing(reference->GetLargestPossibleRegion().GetIndex(), ImageBase<3>::SizeType{});
    const_cast<ImageBase<3> *>(reference)->SetRequestedRegion(nothing);
  }
}
} // end namespace itk
