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
#include "platform/ArSSROwnBinary.h"

#if defined(_WIN32)
#  include <windows.h>
#elif defined(__unix__) || defined(__APPLE__)
#  include <dlfcn.h>
#endif

namespace itk::arssr
{
std::filesystem::path
GetOwnBinary()
{
#if defined(_WIN32)
  // By the address of a function in it, and without taking a reference, which would keep the library loaded. 32767
  // characters are the most that a path has on Windows.
  HMODULE    handle = nullptr;
  const auto flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
  wchar_t    name[32768];
  if (GetModuleHandleExW(flags, reinterpret_cast<LPCWSTR>(&GetOwnBinary), &handle) != 0 &&
      GetModuleFileNameW(handle, name, 32768) != 0)
  {
    return name;
  }
#elif defined(__unix__) || defined(__APPLE__)
  // The name under which the loader opened the file: it may be a relative path.
  Dl_info info;
  if (dladdr(reinterpret_cast<const void *>(&GetOwnBinary), &info) != 0 && info.dli_fname != nullptr)
  {
    return info.dli_fname;
  }
#endif
  return {};
}
} // namespace itk::arssr
