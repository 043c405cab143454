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
#ifndef ArSSRTensorFile_h
#define ArSSRTensorFile_h

#include "platform/ArSSRNamedTensor.h"

#include <map>
#include <string>
#include <vector>

namespace itk::arssr
{
struct TensorFile
{
  std::vector<NamedTensor>           tensors; // in the file's order
  std::map<std::string, std::string> metadata;
};

/** Reads the tensors of a weights file, and its metadata if it has any. The content, not the name, tells the format:
 *  - a `state_dict` saved by torch.save in its zip format (torch 1.6 and later) or its legacy format,
 *  - safetensors.
 *
 * No code in the file is run. No size in it is believed: each is checked against the file's own size before memory is
 * allocated. The file must be a dictionary of floating point tensors and nothing else; names are returned unchanged.
 * Contiguous tensors that share memory in a torch file share it here, too. A tensor with NaN or infinite elements is
 * refused.
 *
 * Throws itk::ExceptionObject, which gives the file's name, what it has, what was expected, and the remedy.
 */
TensorFile
ReadTensorFile(const std::string & fileName);

/** Reads the metadata of a weights file and none of its tensors; empty for a torch file, which has none.
 * Throws itk::ExceptionObject as ReadTensorFile(). */
std::map<std::string, std::string>
ReadTensorFileMetaData(const std::string & fileName);

/** Writes safetensors, so that the file is either complete or untouched: the bytes go to a temporary file in the same
 * directory, are flushed to the disk, and take the file's name at the end. Whatever this writes, ReadTensorFile()
 * reads: what that would refuse is not written. Tensors may be on any device and have any strides.
 *
 * Throws itk::ExceptionObject and leaves nothing behind if that fails.
 */
void
WriteTensorFile(const std::string & fileName, const TensorFile & file);
} // namespace itk::arssr

#endif
