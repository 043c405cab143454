set(
  DOCUMENTATION
  "Arbitrary-scale super-resolution of 3-D images with the implicit neural representation of ArSSR
(Wu et al., IEEE JBHI 2022), computed with LibTorch: networks as data objects, a streaming image filter, and geometry that
keeps the field of view."
)

itk_module(
  ArbitraryScaleSuperResolution
  ENABLE_SHARED
  DEPENDS
    ITKCommon
  PRIVATE_DEPENDS
    ITKZLIB
  TEST_DEPENDS
    ITKGoogleTest
    ITKImageGrid
    ITKImageIntensity
    ITKImageSources
    ITKIOMeta
    ITKIONIFTI
    ITKIONRRD
    ITKSmoothing
  DESCRIPTION "${DOCUMENTATION}"
  EXCLUDE_FROM_DEFAULT
)
