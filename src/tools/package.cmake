# `cpack` makes a Debian package: what `cmake --install` puts under the prefix, with the packages of
# src/tools/packages, section `run`, as its dependencies.
execute_process(COMMAND ${PROJECT_SOURCE_DIR}/src/tools/packages list run
  OUTPUT_VARIABLE run_packages OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ", " run_packages "${run_packages}")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME vmlab)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "the vmlab developers <vmlab@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "DC/OS clusters in virtual machines from one topology file")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "${run_packages}")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)  # asks dpkg-shlibdeps (package dpkg-dev)
include(CPack)
