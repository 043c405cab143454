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
#include "itkArSSRLazyInput.h"

#include "itkArSSRPipeline.h"

namespace itk
{
void
ArSSRLazyInput::UpdateOutputInformation()
{
  m_Data->UpdateOutputInformation();
  // The filter compares this time with its own: it runs again when the content changes, and not when another region of
  // it was made.
  this->SetPipelineMTime(ArSSRGetContentTime(*m_Data));
}


/** The pipeline stops at this object, so that a reset after an exception must be carried on by hand: otherwise the
 * data's source would take itself to be updating for ever. */
void
ArSSRLazyInput::PropagateResetPipeline()
{
  m_Data->ResetPipeline();
}


void
ArSSRLazyInput::PrintSelf(std::ostream & os, Indent indent) const
{
  Superclass::PrintSelf(os, indent);
  itkPrintSelfObjectMacro(Data);
}
} // end namespace itk
