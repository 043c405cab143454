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
#ifndef ArSSRForkTestHelpers_h
#define ArSSRForkTestHelpers_h

#if defined(__unix__) || defined(__APPLE__)
#  include <chrono>
#  include <csignal>
#  include <cstdio>
#  include <exception>
#  include <string>
#  include <sys/wait.h>
#  include <thread>
#  include <unistd.h>

namespace itk::arssr::test
{
/** Runs a function in a child of fork(). \return what it returns there, which may be long; its exception's message
 * after "exception: "; or that there was no answer in two minutes. */
template <typename TFunction>
std::string
RunInForkedChild(const TFunction & function)
{
  constexpr auto patience = std::chrono::minutes(2);
  int            ends[2];
  if (pipe(ends) != 0)
  {
    return "no pipe";
  }
  const pid_t child = fork();
  if (child < 0)
  {
    return "no fork";
  }
  if (child == 0)
  {
    std::string answer;
    try
    {
      answer = function();
    }
    catch (const std::exception & error)
    {
      answer = std::string("exception: ") + error.what();
    }
    const bool written = ::write(ends[1], answer.data(), answer.size()) == static_cast<ssize_t>(answer.size());
    _exit(written ? 0 : 1); // the tests go on in the parent
  }
  close(ends[1]);
  const auto  begin = std::chrono::steady_clock::now();
  std::string answer;
  int         status = 0;
  while (waitpid(child, &status, WNOHANG) == 0)
  {
    if (std::chrono::steady_clock::now() - begin > patience)
    {
      kill(child, SIGKILL);
      waitpid(child, &status, 0);
      close(ends[0]);
      return "no answer";
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  char buffer[4096]; // less than a pipe holds
  for (ssize_t count = ::read(ends[0], buffer, sizeof(buffer)); count > 0;
       count = ::read(ends[0], buffer, sizeof(buffer)))
  {
    answer.append(buffer, static_cast<std::size_t>(count));
  }
  close(ends[0]);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
  {
    return "ended by status " + std::to_string(status) + " after: " + answer;
  }
  return answer;
}
} // namespace itk::arssr::test
#endif

#endif
