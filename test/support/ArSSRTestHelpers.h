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
#ifndef ArSSRTestHelpers_h
#define ArSSRTestHelpers_h

#include "itkArSSRModelEnums.h"
#include "itkMacro.h"

#include <gtest/gtest.h>
#include "itksys/SystemTools.hxx"

#include <filesystem>
#include <sstream>
#include <string>

namespace itk::arssr::test
{
/** The message of the ExceptionObject that a call throws; empty when it throws none. */
template <typename TFunction>
std::string
MessageOf(const TFunction & function)
{
  try
  {
    function();
  }
  catch (const ExceptionObject & error)
  {
    return error.GetDescription();
  }
  return {};
}

inline bool
Contains(const std::string & text, const std::string & part)
{
  return text.find(part) != std::string::npos;
}

/** Expects a call to throw an ExceptionObject whose message has a part in it. */
template <typename TFunction>
void
ExpectError(const TFunction & function, const std::string & part)
{
  const std::string message = MessageOf(function);
  EXPECT_FALSE(message.empty()) << "no exception; one about '" << part << "' was expected";
  EXPECT_TRUE(Contains(message, part)) << "'" << part << "' is not in: " << message;
}

/** \brief A folder of the running test's own, removed with all that is in it at the end of the scope. */
class TemporaryDirectory
{
public:
  TemporaryDirectory()
  {
    const auto & test = *::testing::UnitTest::GetInstance()->current_test_info();
    std::string  name = std::string(test.test_suite_name()) + '.' + test.name();
    for (char & character : name)
    {
      character = character == '/' ? '_' : character; // of parameterised tests
    }
    m_Path = std::filesystem::current_path() / ("ArSSRTest." + name);
    Remove();
    std::filesystem::create_directories(m_Path);
  }
  ~TemporaryDirectory()
  {
    Remove();
  }
  TemporaryDirectory(const TemporaryDirectory &) = delete;
  TemporaryDirectory &
  operator=(const TemporaryDirectory &) = delete;

  std::string
  File(const std::string & name) const
  {
    return (m_Path / name).string();
  }

  const std::filesystem::path &
  GetPath() const
  {
    return m_Path;
  }

private:
  // Not std::filesystem::remove_all: libtorch.so exports one that crashes where libstdc++ is older than torch's.
  void
  Remove() const
  {
    itksys::SystemTools::RemoveADirectory(m_Path.string());
  }

  std::filesystem::path m_Path;
};

constexpr ArSSRModelEnums::Encoder AllEncoders[] = { ArSSRModelEnums::Encoder::RDN,
                                                     ArSSRModelEnums::Encoder::ResCNN,
                                                     ArSSRModelEnums::Encoder::SRResnet };

inline std::string
NameOf(ArSSRModelEnums::Encoder encoder)
{
  std::ostringstream name;
  name << encoder;
  return name.str();
}

/** Names the instances of tests that have an encoder as parameter. */
inline std::string
EncoderTestName(const ::testing::TestParamInfo<ArSSRModelEnums::Encoder> & info)
{
  return NameOf(info.param);
}
} // namespace itk::arssr::test

#endif
