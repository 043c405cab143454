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
#include "ArSSRCudaLibrary.h"

#include <gtest/gtest.h>

#include <fstream>

namespace
{
using itk::arssr::CudaLibrary;

bool
Contains(const std::string & text, const std::string & part)
{
  return text.find(part) != std::string::npos;
}
} // namespace

TEST(ArSSRCudaLibrary, AMissingLibraryIsToldWithThePlacesLookedAt)
{
  const CudaLibrary library({ "no/such/folder/first", "no/such/folder/second" });
  EXPECT_EQ(library.GetFunctions(), nullptr);
  EXPECT_TRUE(Contains(library.GetProblem(), "no/such/folder/first")) << library.GetProblem();
  EXPECT_TRUE(Contains(library.GetProblem(), "no/such/folder/second")) << library.GetProblem();
}

TEST(ArSSRCudaLibrary, AFileThatIsNoLibraryIsToldWithItsName)
{
  const std::string name = testing::TempDir() + "ArSSRCudaLibraryGTest.txt";
  std::ofstream(name) << "not a library";
  const CudaLibrary library({ "no/such/file", name });
  EXPECT_EQ(library.GetFunctions(), nullptr);
  EXPECT_TRUE(Contains(library.GetProblem(), name)) << library.GetProblem();
  EXPECT_TRUE(Contains(library.GetProblem(), "cannot be loaded")) << library.GetProblem();
}

TEST(ArSSRCudaLibrary, HasEitherFunctionsOrAProblem)
{
  const CudaLibrary & library = CudaLibrary::Get();
  EXPECT_EQ(library.GetFunctions() == nullptr, !library.GetProblem().empty());
  EXPECT_EQ(&CudaLibrary::Get(), &library);
}

TEST(ArSSRCudaLibrary, ReturnsErrorsAsText)
{
  const CudaLibrary & library = CudaLibrary::Get();
  if (library.GetFunctions() == nullptr)
  {
    GTEST_SKIP() << library.GetProblem();
  }
  // Wrong before any GPU is asked for, so that this needs none.
  itk::arssr::CudaDecoderPlan     plan{};
  itk::arssr::CudaDecodeArguments arguments{};
  char                            message[256] = "";
  EXPECT_EQ(library.GetFunctions()->decode(&plan, &arguments, 0, nullptr, message, sizeof(message)), 0);
  arguments.voxelCount = 1;
  EXPECT_NE(library.GetFunctions()->decode(&plan, &arguments, 0, nullptr, message, sizeof(message)), 0);
  EXPECT_TRUE(Contains(message, "features")) << message;
  EXPECT_NE(library.GetFunctions()->decode(&plan, &arguments, 0, nullptr, message, 4), 0);
  EXPECT_STREQ(message, "fea");
}
