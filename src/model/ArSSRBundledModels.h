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
#ifndef ArSSRBundledModels_h
#define ArSSRBundledModels_h

#include <string>
#include <vector>

namespace itk::arssr
{
/** Names of the models that come with the module, the default first: of each file `arssr-NAME.safetensors` in the
 * folders beside the module's library (wheel, install tree) and, unless built for a wheel, in the build and the install
 * tree. */
std::vector<std::string>
GetBundledModelNames();

/** File of the bundled model of this name; empty for none. */
std::string
FindBundledModel(const std::string & name);

/** File of the default model; see ArSSRModel::GetDefaultModelFileName().
 * \throws ExceptionObject that lists the places looked at when there is none. */
std::string
FindDefaultModel();
} // namespace itk::arssr

#endif
