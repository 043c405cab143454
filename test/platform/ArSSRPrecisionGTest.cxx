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
#include "platform/ArSSRPrecision.h"

#include "support/ArSSRTestHelpers.h"

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

namespace
{
using namespace itk::arssr;
using namespace itk::arssr::test;
using Setting = at::Float32Precision;

/** torch's setting for single-precision products on the CPU, put back at the end of a test. */
class Switch
{
public:
  Switch()
    : m_Before(Get())
  {}
  ~Switch()
  {
    Set(m_Before);
  }
  static Setting
  Get()
  {
    return at::globalContext().float32Precision(at::Float32Backend::MKLDNN, at::Float32Op::MATMUL);
  }
  static void
  Set(Setting setting)
  {
    at::globalContext().setFloat32Precision(at::Float32Backend::MKLDNN, at::Float32Op::MATMUL, setting);
  }

private:
  Setting m_Before;
};

/** A scope that begins and ends when a test says, in a thread of its own. */
class ScopeInAThread
{
public:
  explicit ScopeInAThread(Precision precision)
  {
    Run([&] { m_Scope.emplace(at::kCPU, precision); });
  }
  void
  End()
  {
    Run([&] { m_Scope.reset(); });
  }

private:
  template <typename TFunction>
  static void
  Run(const TFunction & function)
  {
    std::thread(function).join();
  }
  std::optional<PrecisionScope> m_Scope;
};
} // namespace

TEST(ArSSRPrecision, IsReadFromItsNameAndWritten)
{
  for (const char * name : { "auto", "float32", "tensorfloat32", "bfloat16", "float16" })
  {
    EXPECT_EQ(ToText(ParsePrecision(name)), name);
  }
  ExpectError([] { ParsePrecision("fp8"); }, "'fp8' is unknown; expected 'auto', 'float32'");
  ExpectError([] { ParsePrecision(""); }, "'' is unknown");
}

// Results on a CPU would change with the processor.
TEST(ArSSRPrecision, IsSingleOnTheCPUUnlessAskedOtherwise)
{
  EXPECT_EQ(ResolvePrecision(Precision::Auto, at::kCPU), Precision::Float32);
  EXPECT_EQ(ResolvePrecision(Precision::Float32, at::kCPU), Precision::Float32);
}

// torch would compute anyway, but slowly or in another precision.
TEST(ArSSRPrecision, IsRefusedOnDevicesWithoutSupport)
{
  const std::string remedy = "Use 'float32' or 'auto'.";
  ExpectError([] { ResolvePrecision(Precision::Float16, at::kCPU); }, remedy);
  ExpectError([] { ResolvePrecision(Precision::TensorFloat32, at::kCPU); }, remedy);
  ExpectError([] { ResolvePrecision(Precision::TensorFloat32, at::kCPU); }, "'tensorfloat32'");
}

TEST(ArSSRPrecision, HasAWidth)
{
  EXPECT_EQ(GetScalarType(Precision::Float32), at::kFloat);
  EXPECT_EQ(GetScalarType(Precision::TensorFloat32), at::kFloat);
  EXPECT_EQ(GetScalarType(Precision::BFloat16), at::kBFloat16);
  EXPECT_EQ(GetScalarType(Precision::Float16), at::kHalf);
}

// The setting is the process's: it would change the application's own networks.
TEST(ArSSRPrecision, IsSetAndPutBack)
{
  const Switch putBack;
  Switch::Set(Setting::BF16);
  {
    const PrecisionScope scope(at::kCPU, Precision::Float32);
    EXPECT_EQ(Switch::Get(), Setting::IEEE);
  }
  EXPECT_EQ(Switch::Get(), Setting::BF16);
  {
    const PrecisionScope scope(at::kCPU, Precision::TensorFloat32);
    EXPECT_EQ(Switch::Get(), Setting::TF32);
  }
  EXPECT_EQ(Switch::Get(), Setting::BF16);
}

// Bits of an output would depend on what else the process does at the time.
TEST(ArSSRPrecision, StaysSingleWhateverOtherThreadsDo)
{
  const Switch putBack;
  Switch::Set(Setting::TF32);
  ScopeInAThread first(Precision::Float32);
  ScopeInAThread second(Precision::Float32);
  EXPECT_EQ(Switch::Get(), Setting::IEEE);
  first.End(); // would have put back TF32 under the second one's work
  EXPECT_EQ(Switch::Get(), Setting::IEEE);
  ScopeInAThread coarse(Precision::TensorFloat32);
  EXPECT_EQ(Switch::Get(), Setting::IEEE) << "a scope for TensorFloat-32 takes another thread's precision away";
  coarse.End();
  EXPECT_EQ(Switch::Get(), Setting::IEEE);
  second.End();
  EXPECT_EQ(Switch::Get(), Setting::TF32);
}

// The slower precision would stay for the rest of the work.
TEST(ArSSRPrecision, IsTensorFloat32AgainAfterSingleWorkOfAnotherThread)
{
  const Switch putBack;
  Switch::Set(Setting::NONE);
  const Setting  before = Switch::Get();
  ScopeInAThread coarse(Precision::TensorFloat32);
  EXPECT_EQ(Switch::Get(), Setting::TF32);
  ScopeInAThread single(Precision::Float32);
  EXPECT_EQ(Switch::Get(), Setting::IEEE);
  single.End();
  EXPECT_EQ(Switch::Get(), Setting::TF32);
  coarse.End();
  EXPECT_EQ(Switch::Get(), before);
}

// Putting back an older setting would undo the application's choice.
TEST(ArSSRPrecision, KeepsASettingOfTheApplication)
{
  const Switch putBack;
  Switch::Set(Setting::TF32);
  ScopeInAThread single(Precision::Float32);
  Switch::Set(Setting::BF16);
  ScopeInAThread another(Precision::Float32);
  EXPECT_EQ(Switch::Get(), Setting::IEEE);
  another.End();
  single.End();
  EXPECT_EQ(Switch::Get(), Setting::BF16);
}

// A race between counting and setting shows only under load.
TEST(ArSSRPrecision, IsSingleInEveryScopeOfManyThreads)
{
  const Switch putBack;
  Switch::Set(Setting::TF32);
  std::atomic<int>         wrong{ 0 };
  std::vector<std::thread> threads;
  for (int number = 0; number < 4; ++number)
  {
    threads.emplace_back([&wrong, number] {
      for (int repetition = 0; repetition < 2000; ++repetition)
      {
        const bool           isSingle = number < 2;
        const PrecisionScope scope(at::kCPU, isSingle ? Precision::Float32 : Precision::TensorFloat32);
        wrong += isSingle && Switch::Get() != Setting::IEEE ? 1 : 0;
      }
    });
  }
  for (std::thread & thread : threads)
  {
    thread.join();
  }
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_EQ(Switch::Get(), Setting::TF32);
}
