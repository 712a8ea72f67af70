# SPDX-License-Identifier: Apache-2.0
# One libFuzzer executable for each FUZZ(name) line of tests/fuzz/fuzz.def.

if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "The fuzzers need clang (use the preset `fuzz`)")
endif()
target_compile_options(settings INTERFACE -fsanitize=fuzzer-no-link,address,undefined
    -fno-sanitize-recover=all -fno-omit-frame-pointer)
target_link_options(settings INTERFACE -fsanitize=address,undefined)

set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS tests/fuzz/fuzz.def)
file(STRINGS tests/fuzz/fuzz.def lines REGEX "^FUZZ\\(")
foreach(line IN LISTS lines)
    string(REGEX REPLACE "^FUZZ\\(([a-z0-9_]+)\\).*" "\\1" name "${line}")
    add_executable(fuzz_${name} tests/fuzz/fuzz_${name}.c tests/fuzz/driver_libfuzzer.c)
    target_compile_definitions(fuzz_${name} PRIVATE EG_FUZZ_TARGET=eg_fuzz_${name})
    target_link_libraries(fuzz_${name} PRIVATE driverless-hooks)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
endforeach()
