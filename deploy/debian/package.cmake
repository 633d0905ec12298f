# The Debian package: `cpack --config build/release/CPackConfig.cmake -B build/package`. What it installs, who may
# upgrade what, and what stays: tests/package/run.sh proves it in a clean root.
install(TARGETS titip RUNTIME DESTINATION bin)
install(FILES deploy/titip.service deploy/titip.socket DESTINATION /lib/systemd/system)
install(FILES deploy/debian/titip.json DESTINATION /etc/titip)
install(FILES deploy/debian/copyright README.md DESTINATION share/doc/titip)
install(FILES deploy/titip.example.json DESTINATION share/doc/titip/examples)
# Where the alerts' runbook_url points to.
install(DIRECTORY deploy/runbooks DESTINATION share/doc/titip FILES_MATCHING PATTERN *.md)
install(DIRECTORY deploy/monitoring DESTINATION share/doc/titip FILES_MATCHING PATTERN *.yml PATTERN *.json PATTERN *.md)

# dpkg wants a changelog of its own form, compressed without a time in it.
set(TITIP_PACKAGE_CHANGELOG ${CMAKE_BINARY_DIR}/debian/changelog.gz)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/debian)
configure_file(deploy/debian/changelog.in ${CMAKE_BINARY_DIR}/debian/changelog @ONLY)
add_custom_command(OUTPUT ${TITIP_PACKAGE_CHANGELOG} DEPENDS ${CMAKE_BINARY_DIR}/debian/changelog
  COMMAND gzip -9n < ${CMAKE_BINARY_DIR}/debian/changelog > ${TITIP_PACKAGE_CHANGELOG} VERBATIM)
install(FILES ${TITIP_PACKAGE_CHANGELOG} DESTINATION share/doc/titip)

# What the program says of itself: the manual in both languages, and what a shell completes.
set(TITIP_PAPERS ${CMAKE_BINARY_DIR}/debian/titip.1.gz ${CMAKE_BINARY_DIR}/debian/id/titip.1.gz
  ${CMAKE_BINARY_DIR}/debian/titip.bash ${CMAKE_BINARY_DIR}/debian/_titip)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/debian/id)
add_custom_command(OUTPUT ${TITIP_PAPERS} DEPENDS titip WORKING_DIRECTORY ${CMAKE_BINARY_DIR}/debian
  COMMAND $<TARGET_FILE:titip> --lang en man > titip.1 COMMAND gzip -9nf titip.1
  COMMAND $<TARGET_FILE:titip> --lang id man > id/titip.1 COMMAND gzip -9nf id/titip.1
  COMMAND $<TARGET_FILE:titip> --lang en completion bash > titip.bash
  COMMAND $<TARGET_FILE:titip> --lang en completion zsh > _titip VERBATIM)
install(FILES ${CMAKE_BINARY_DIR}/debian/titip.1.gz DESTINATION share/man/man1)
install(FILES ${CMAKE_BINARY_DIR}/debian/id/titip.1.gz DESTINATION share/man/id/man1)
install(FILES ${CMAKE_BINARY_DIR}/debian/titip.bash DESTINATION share/bash-completion/completions RENAME titip)
install(FILES ${CMAKE_BINARY_DIR}/debian/_titip DESTINATION share/zsh/vendor-completions)
add_custom_target(package_papers DEPENDS ${TITIP_PACKAGE_CHANGELOG} ${TITIP_PAPERS})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_NAME titip)
set(CPACK_PACKAGE_VENDOR Titip)
set(CPACK_PACKAGE_CONTACT "Titip maintainers <titip@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "store-and-forward gateway for clinic submissions")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Clinic applications point at Titip instead of the national reporting server.
 It takes durable custody of each submission, answers at once, and hands it on,
 in order and once in effect, as soon as the national server can take it.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${CMAKE_SOURCE_DIR}/deploy/debian/conffiles ${CMAKE_SOURCE_DIR}/deploy/debian/postinst
  ${CMAKE_SOURCE_DIR}/deploy/debian/prerm ${CMAKE_SOURCE_DIR}/deploy/debian/postrm)
include(CPack)
