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
#ifndef ArSSRSafetensors_h
#define ArSSRSafetensors_h

#include "model/ArSSRAtomicFile.h"
#include "model/ArSSRByteFile.h"
#include "model/ArSSRTensorFile.h"

#include <map>
#include <string>

namespace itk::arssr
{
/** Reads a safetensors file: the header's size (uint64), the header (JSON), the tensors' elements without gaps, all
 * little-endian. (github.com/huggingface/safetensors, "Format".) The tensors come in the header's order. */
TensorFile
ReadSafetensors(ByteFile & file);

/** The metadata alone; of the tensors, only the header is read and checked. */
std::map<std::string, std::string>
ReadSafetensorsMetaData(ByteFile & file);

/** Writes a safetensors file. Header and data have the tensors in the order given, except that in the data larger
 * elements go before smaller ones, so that each tensor lies at a multiple of its element size, which other readers
 * need.
 */
void
WriteSafetensors(AtomicFile & target, const TensorFile & file);
} // namespace itk::arssr

#endif
