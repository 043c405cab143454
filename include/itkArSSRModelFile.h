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
#ifndef itkArSSRModelFile_h
#define itkArSSRModelFile_h

#include "ArbitraryScaleSuperResolutionExport.h"
#include "itkArSSRModel.h"

#include <cstdint>
#include <optional>
#include <string>

namespace itk
{
/** \class ArSSRModelFile
 * \brief The model in a file, kept in memory and read again when the file has changed.
 *
 * Files are distinguished by name, size and modification time. The clock of a file system can be as coarse as two
 * seconds: if a file was modified less than that before it was read, its bytes are compared as well.
 *
 * \ingroup ArbitraryScaleSuperResolution
 */
class ArbitraryScaleSuperResolution_EXPORT ArSSRModelFile
{
public:
  /** The model in the file of this name.
   * \throws ExceptionObject as ArSSRModel::ReadFile() does; the model read before stays in memory. */
  const ArSSRModel *
  Get(const std::string & name);

private:
  /** What tells versions of a file apart. */
  struct Version
  {
    std::string   name;
    std::uint64_t size{ 0 };
    std::int64_t  time{ 0 }; // of modification, in ticks of the file system's clock
    bool          isYoung{ false };

    std::optional<std::uint32_t> checksum; // where it is young
  };

  static Version
  Look(const std::string & name);

  /** Whether the file is as it was when it was read. */
  bool
  IsCurrent(const Version & version);

  ArSSRModel::ConstPointer m_Model;
  Version                  m_Version;
};
} // end namespace itk

#endif // itkArSSRModelFile_h
