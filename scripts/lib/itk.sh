# shellcheck shell=bash
# Builds the part of ITK that the module is compiled and wrapped against, once, in a cache folder. Sourced by setup.sh.
#
# Only the static libraries and the interface files (castxml, igenerator) of a few modules are built. ITK's own Python
# modules are not: at run time they come from the itk wheels, which have the same version.

itk_tools="cmake==3.31.6 ninja==1.13.2 swig==4.3.1"

# What the module and its wrapping need; ITKTBB because the itk wheels' default threader is TBB, and a filter cannot be
# constructed without it.
itk_base_modules="ITKBridgeNumPy ITKTBB ITKZLIB"

# What its tests, examples and benchmarks use besides.
itk_test_modules="ITKGoogleTest ITKIOImageBase ITKIOMeta ITKIONIFTI ITKIONRRD ITKImageCompare ITKImageFunction
  ITKImageGrid ITKImageIntensity ITKImageStatistics ITKSmoothing"

# The modules of ITK that the module's wrapping depends on, directly or not: DEPENDS in itk-module.cmake.
itk_wrapped="ITKCommon"

# itk_options TESTS: options of ITK's CMake project, one in a line; for the tests as well where TESTS is ON.
itk_options() {
  local module modules=$itk_base_modules
  [ "$1" != ON ] || modules+=" $itk_test_modules"
  for module in $modules; do
    printf -- '-DModule_%s=ON\n' "$module"
  done
  cat <<OPTIONS
-DCMAKE_BUILD_TYPE=Release
-DCMAKE_CXX_STANDARD=17
-DCMAKE_POSITION_INDEPENDENT_CODE=ON
-DBUILD_SHARED_LIBS=OFF
-DBUILD_TESTING=OFF
-DBUILD_EXAMPLES=OFF
-DITK_BUILD_DEFAULT_MODULES=OFF
-DITKGroup_Core=OFF
-DITK_SKIP_PATH_LENGTH_CHECKS=ON
-DITK_WRAP_PYTHON=ON
-DITK_WRAP_DOC=OFF
-DITK_WRAP_IMAGE_DIMS=2;3
-DITK_WRAP_float=ON
-DITK_WRAP_double=ON
-DITK_WRAP_unsigned_char=ON
-DITK_WRAP_signed_short=ON
-DITK_WRAP_unsigned_short=ON
-DITK_USE_PYTHON_LIMITED_API=ON
-DITK_USE_SYSTEM_SWIG=ON
-DITK_USE_SYSTEM_CASTXML=ON
OPTIONS
}

# itk_contents TESTS: all that decides what is built; a cache with anything else is brought up to date.
itk_contents() {
  itk_options "$1"
  printf '%s\n' "$itk_tools" "$itk_wrapped"
}

# itk_source ROOT: leaves ITK's source in ROOT/source.
itk_source() {
  local root=$1 version
  [ -d "$root/source" ] && return
  rm -rf "$root/download" "$root/source.part"
  mkdir -p "$root/download" "$root/source.part"
  debian_source insighttoolkit5 "$root/download"
  version=$(sed -n 's/^Version: //p' "$root"/download/*.dsc | head -n 1)
  case $version in
    5.4.*) ;;
    *) fail "the Debian archive offers ITK '$version', but the itk wheels need 5.4; give ITK_SOURCE_DIR or ITK_DIR" ;;
  esac
  # Four fifths of the archive are the data of ITK's own tests.
  tar -xf "$root"/download/*.orig.tar.* -C "$root/source.part" --strip-components=1 --exclude='*/.ExternalData'
  rm -rf "$root/download"
  mv "$root/source.part" "$root/source"
}

# itk_configure SOURCE ROOT PYTHON TESTS
itk_configure() {
  local source=$1 root=$2 python=$3 tools=$2/tools options
  mapfile -t options < <(itk_options "$4")
  [ -x "$tools/bin/pip" ] || "$python" -m venv "$tools"
  # shellcheck disable=SC2086 # a list
  "$tools/bin/pip" --disable-pip-version-check -q install $itk_tools
  # In PATH as well, for the projects that ITK configures on its own.
  PATH=$tools/bin:$PATH cmake -S "$source" -B "$root/build" -G Ninja "${options[@]}" \
    -DCMAKE_MAKE_PROGRAM="$tools/bin/ninja" \
    -DPython3_EXECUTABLE="$tools/bin/python" \
    -DSWIG_EXECUTABLE="$tools/bin/swig" \
    -DCASTXML_EXECUTABLE="$(command -v castxml)"
}

# itk_targets ROOT PATTERN: ninja's targets that match.
itk_targets() {
  "$1/tools/bin/ninja" -C "$1/build" -t targets all | grep -oE "$2"
}

# itk_libraries ROOT and itk_interfaces ROOT: the two halves of the build; each resumes where it was interrupted.
itk_libraries() {
  local targets
  mapfile -t targets < <(itk_targets "$1" '^lib/[^:]*\.a')
  "$1/tools/bin/ninja" -C "$1/build" "${targets[@]}"
}

itk_interfaces() {
  local module targets=()
  for module in $itk_wrapped; do
    targets+=("${module}Swig")
  done
  "$1/tools/bin/ninja" -C "$1/build" "${targets[@]}"
}
