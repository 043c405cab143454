#include "itkArSSRModel.h"

#if __has_include(<ATen/ATen.h>) || __has_include(<torch/torch.h>)
#  error "torch's headers must not reach users of the module"
#endif

#include <iostream>

int
main()
{
  const auto model = itk::ArSSRModel::New();
  std::cout << *model << std::endl;
  return EXIT_SUCCESS;
}
