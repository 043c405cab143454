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
#include "platform/ArSSRTorchErrors.h"

#include "support/ArSSRTestHelpers.h"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

using itk::arssr::CallTorch;
using itk::arssr::test::ExpectError;

TEST(ArSSRTorchErrors, GivesTheFunctionsResult)
{
  EXPECT_EQ(CallTorch([] { return 3; }), 3);
}

TEST(ArSSRTorchErrors, SaysWhatToDoWhenMemoryRunsOut)
{
  const char * remedy = "Buy more.";
  ExpectError([&] { CallTorch([] { throw std::bad_alloc(); }, remedy); }, "Memory ran out. Buy more.");
  const auto onDevice = [] {
    C10_THROW_ERROR(OutOfMemoryError, "tried to allocate 9 GiB");
  };
  ExpectError([&] { CallTorch(onDevice, remedy); }, "The device ran out of memory. Buy more. tried to allocate 9 GiB");
}

// Callers of a filter catch ITK's exceptions; any other would pass them by.
TEST(ArSSRTorchErrors, TurnsAllIntoITKExceptions)
{
  ExpectError([] { CallTorch([] { TORCH_CHECK(false, "shapes differ"); }); }, "LibTorch failed: shapes differ");
  ExpectError([] { CallTorch([] { throw std::runtime_error("no idea"); }); }, "Unexpected failure: no idea");
  ExpectError([] { CallTorch([] { itkGenericExceptionMacro("of ITK"); }); }, "of ITK");
}
