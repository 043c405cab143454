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
#include "cuda/ArSSRCudaExecutor.h"
#include "cuda/ArSSRCudaLibrary.h"
#include "network/ArSSRNetwork.h"
#include "platform/ArSSRDevice.h"

#include "itkOutputWindow.h"

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

/** ITK's output window that keeps what it is told. */
class KeepingWindow : public itk::OutputWindow
{
public:
  using Self = KeepingWindow;
  using Superclass = itk::OutputWindow;
  using Pointer = itk::SmartPointer<Self>;
  itkFactorylessNewMacro(Self);

  void
  DisplayText(const char * text) override
  {
    m_Text += text;
  }
  const std::string &
  GetText() const
  {
    return m_Text;
  }

private:
  std::string m_Text;
};

/** \brief Collects warnings until the end of the scope. */
class WarningsScope
{
public:
  WarningsScope()
    : m_Previous(itk::OutputWindow::GetInstance())
    , m_Window(KeepingWindow::New())
  {
    itk::OutputWindow::SetInstance(m_Window);
  }
  ~WarningsScope()
  {
    itk::OutputWindow::SetInstance(m_Previous);
  }
  const std::string &
  GetText() const
  {
    return m_Window->GetText();
  }

private:
  itk::OutputWindow::Pointer m_Previous;
  KeepingWindow::Pointer     m_Window;
};
} // namespace

// Without a warning nobody would know why a GPU is slower than it could be; with one a job, nobody would read it.
TEST(ArSSRCudaLibrary, WarnsOnceWhenItIsMissing)
{
  const WarningsScope warnings;
  const CudaLibrary   library({ "no/such/folder/first" });
  EXPECT_EQ(warnings.GetText(), "") << "nobody needed it yet";
  itk::Object::GlobalWarningDisplayOff();
  library.WarnOnce();
  itk::Object::GlobalWarningDisplayOn();
  EXPECT_EQ(warnings.GetText(), "") << "warnings are off";
  library.WarnOnce();
  const std::string first = warnings.GetText();
  EXPECT_TRUE(Contains(first, "decoded by torch")) << first;
  EXPECT_TRUE(Contains(first, "no/such/folder/first")) << first;
  library.WarnOnce();
  EXPECT_EQ(warnings.GetText(), first);
}

TEST(ArSSRCudaLibrary, WarnsWhenAGPUWouldUseIt)
{
  if (CudaLibrary::Get().GetFunctions() != nullptr || itk::arssr::ResolveDevice("auto").is_cuda())
  {
    GTEST_SKIP() << "the library is there, or other tests may have used a GPU";
  }
  using namespace itk::arssr;
  const Network       network(Architecture{ itk::ArSSRModelEnums::Encoder::Residual, 8, 4, 32, 6, 1 });
  const at::Device    gpu(at::kCUDA, 0); // need not be there
  const WarningsScope warnings;
  EXPECT_EQ(CudaExecutor::New(network, at::kCPU, Precision::BFloat16), nullptr);
  EXPECT_EQ(CudaExecutor::New(network, gpu, Precision::Float32), nullptr);
  EXPECT_EQ(warnings.GetText(), "");
  EXPECT_EQ(CudaExecutor::New(network, gpu, Precision::BFloat16), nullptr);
  EXPECT_TRUE(Contains(warnings.GetText(), CudaLibrary::Get().GetProblem())) << warnings.GetText();
}

// The message is all that a user has to find out where the library should be.
TEST(ArSSRCudaLibrary, NamesThePathsSearched)
{
  const CudaLibrary library({ "no/such/folder/first", "no/such/folder/second" });
  EXPECT_EQ(library.GetFunctions(), nullptr);
  EXPECT_TRUE(Contains(library.GetProblem(), "no/such/folder/first")) << library.GetProblem();
  EXPECT_TRUE(Contains(library.GetProblem(), "no/such/folder/second")) << library.GetProblem();
}

TEST(ArSSRCudaLibrary, NamesAFileThatIsNotALibrary)
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
