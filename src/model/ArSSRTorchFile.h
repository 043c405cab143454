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
#ifndef ArSSRTorchFile_h
#define ArSSRTorchFile_h

#include "model/ArSSRByteFile.h"
#include "model/ArSSRTensorFile.h"

namespace itk::arssr
{
/** Reads a `state_dict` in torch's zip format: a pickle `<archive>/data.pkl`, the storages' raw elements in
 * `<archive>/data/<key>`, and `<archive>/byteorder`, little if absent. (torch/serialization.py, _save.) */
std::vector<NamedTensor>
ReadTorchArchive(ByteFile & file);

/** Reads a `state_dict` in torch's legacy format: five pickles (a magic number, the protocol 1001, facts about the
 * machine, the dictionary, the list of the storages' keys), then for each key the number of elements (int64) and the
 * raw elements, all little-endian. (torch/serialization.py, _legacy_save.) */
std::vector<NamedTensor>
ReadTorchLegacyFile(ByteFile & file);
} // namespace itk::arssr

#endif
