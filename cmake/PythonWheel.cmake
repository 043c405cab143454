# What the wheel itk-arssr holds beside the files that ITK's wrapping installs/.

if(SKBUILD)
  install(
    DIRECTORY models/
    DESTINATION itk_arssr/models
    COMPONENT PythonWheelRuntimeLibraries
    FILES_MATCHING
    PATTERN "*.safetensors"
  )
endif()

if(TARGET ArbitraryScaleSuperResolutionPython AND ITK_OVERLAY_DIR)
  # Type stubs of the module's own classes. The itk wheels have none, so ITK's __init__.pyi is left out: one that knows
  # this module alone would hide everything else.
  foreach(_class IN ITEMS ArSSRImageQualityCalculator ArSSRModel ArSSRModelEnums ArbitraryScaleSuperResolutionImageFilter)
    foreach(_kind IN ITEMS Proxy Template)
      install(
        FILES
          "${ITK_OVERLAY_DIR}/Wrapping/Generators/Python/itk/${_class}${_kind}.pyi"
        DESTINATION itk
        COMPONENT PythonWheelRuntimeLibraries
      )
    endforeach()
  endforeach()

  # The extension lies in site-packages/itk/, beside site-packages/torch/: `import torch` is not needed to load it.
  if(APPLE)
    set(_loader_path "@loader_path")
  else()
    set(_loader_path "$ORIGIN")
  endif()
  set_target_properties(
    ArbitraryScaleSuperResolutionPython
    PROPERTIES
      INSTALL_RPATH
        "${_loader_path}/../torch/lib"
      INSTALL_RPATH_USE_LINK_PATH
        OFF
  )
endif()
