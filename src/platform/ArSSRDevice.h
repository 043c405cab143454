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
#ifndef ArSSRDevice_h
#define ArSSRDevice_h


#include <c10/core/Device.h>

#include <string>

namespace itk::arssr
{
/** The device for `auto`, `cpu`, `cuda` or `cuda:N`.
 * \throws ExceptionObject for another name and for a CUDA device that is not there. */
c10::Device
ResolveDevice(const std::string & name);

/** \brief Sets the number of torch's CPU threads for the calling thread until the end of the scope; zero keeps
 * torch's number. In a process that was forked it is one, whatever is asked for. */
class ThreadCountScope
{
public:
  explicit ThreadCountScope(unsigned int numberOfThreads);
  ~ThreadCountScope();
  ThreadCountScope(const ThreadCountScope &) = delete;
  ThreadCountScope &
  operator=(const ThreadCountScope &) = delete;

private:
  int m_Previous;
};
} // namespace itk::arssr

#endif
