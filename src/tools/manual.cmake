# The manual's pages and the shells' completion, told by the program itself, where a system looks for
# them. A sanitizer's build is not installed.
if(VMLAB_SANITIZE)
  return()
endif()

set(told_dir ${CMAKE_BINARY_DIR}/manual)
file(MAKE_DIRECTORY ${told_dir})
set(told_files)

function(vmlab_tells file)
  add_custom_command(OUTPUT ${told_dir}/${file}
    COMMAND vmlab ${ARGN} > ${told_dir}/${file}
    DEPENDS vmlab ${PROJECT_SOURCE_DIR}/topologies/schema.json
      ${PROJECT_SOURCE_DIR}/topologies/dcos.yaml
    VERBATIM)
  set(told_files ${told_files} ${told_dir}/${file} PARENT_SCOPE)
endfunction()

vmlab_tells(vmlab.1 __manual commands)
vmlab_tells(vmlab-topology.5 __manual topology)
vmlab_tells(vmlab.bash completion bash)
vmlab_tells(_vmlab completion zsh)
vmlab_tells(vmlab.fish completion fish)

find_program(VMLAB_GZIP gzip REQUIRED)
foreach(page vmlab.1 vmlab-topology.5)
  add_custom_command(OUTPUT ${told_dir}/${page}.gz
    COMMAND ${VMLAB_GZIP} -9nkf ${told_dir}/${page} DEPENDS ${told_dir}/${page} VERBATIM)
  list(APPEND told_files ${told_dir}/${page}.gz)
endforeach()
add_custom_target(manual ALL DEPENDS ${told_files})

install(FILES ${told_dir}/vmlab.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${told_dir}/vmlab-topology.5.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES ${told_dir}/vmlab.bash RENAME vmlab
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${told_dir}/vmlab.fish
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
# Debian's zsh looks for a package's functions elsewhere than for those of the machine's own.
install(CODE "
  set(place site-functions)
  if(CMAKE_INSTALL_PREFIX STREQUAL \"/usr\")
    set(place vendor-completions)
  endif()
  file(INSTALL \"${told_dir}/_vmlab\"
    DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/zsh/\${place}\")")
