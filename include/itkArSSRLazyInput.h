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
#ifndef itkArSSRLazyInput_h
#define itkArSSRLazyInput_h

#include "ArbitraryScaleSuperResolutionExport.h"

#include "itkDataObject.h"
#include "itkObjectFactory.h"

namespace itk
{
/** \class ArSSRLazyInput
 * \brief Stands for a data object among the inputs of a filter that brings it up to date itself, when it needs it.
 *
 * ITK updates all inputs of a filter before the filter works, and some sources produce more than is requested: most
 * file readers read the whole image, even if nothing is requested. For the data object behind this input, the pipeline
 * updates only the output information; the filter calls its Update(). Its pipeline time is the time of its content, so
 * that the filter runs again when that has changed, but not when another region of it was requested.
 *
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSRLazyInput : public DataObject
{
public:
  ITK_DISALLOW_COPY_AND_MOVE(ArSSRLazyInput);

  using Self = ArSSRLazyInput;
  using Superclass = DataObject;
  using Pointer = SmartPointer<Self>;
  using ConstPointer = SmartPointer<const Self>;

  itkNewMacro(Self);
  itkOverrideGetNameOfClassMacro(ArSSRLazyInput);

  /** What this stands for; not null when the pipeline is updated. */
  itkSetObjectMacro(Data, DataObject);
  itkGetModifiableObjectMacro(Data, DataObject);

  void
  UpdateOutputInformation() override;

  /** Requests nothing. */
  void
  PropagateRequestedRegion() override
  {}
  void
  UpdateOutputData() override
  {}

protected:
  ArSSRLazyInput() = default;
  ~ArSSRLazyInput() override = default;

  void
  PropagateResetPipeline() override;

  void
  PrintSelf(std::ostream & os, Indent indent) const override;

private:
  DataObject::Pointer m_Data;
};
} // end namespace itk

#endif // itkArSSRLazyInput_h
