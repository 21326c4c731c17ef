# Headers, targets and package configuration, in an install prefix or inside the Python package.
include(CMakePackageConfigHelpers)

if(SKBUILD)
  set(include_dir vislabel/include)
  set(config_dir vislabel/cmake)
else()
  set(include_dir ${CMAKE_INSTALL_INCLUDEDIR})
  set(config_dir ${CMAKE_INSTALL_DATADIR}/cmake/vislabel)
endif()

get_property(targets GLOBAL PROPERTY VISLABEL_TARGETS)
install(TARGETS ${targets} EXPORT vislabel FILE_SET HEADERS DESTINATION ${include_dir})
install(EXPORT vislabel NAMESPACE vislabel:: FILE vislabel-targets.cmake DESTINATION ${config_dir})
configure_package_config_file(cmake/vislabel-config.cmake.in ${PROJECT_BINARY_DIR}/vislabel-config.cmake
                              INSTALL_DESTINATION ${config_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/vislabel-config-version.cmake
                                 COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${PROJECT_BINARY_DIR}/vislabel-config.cmake ${PROJECT_BINARY_DIR}/vislabel-config-version.cmake
        DESTINATION ${config_dir})
