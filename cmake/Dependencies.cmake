# SPDX-License-Identifier: Apache-2.0
# Finds the libraries tools/deps/deps.py built; see there for versions and options.

find_program(EG_PYTHON NAMES python3 REQUIRED)
execute_process(COMMAND ${EG_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/tools/deps/deps.py path
    OUTPUT_VARIABLE cache OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
if(WIN32)
    set(cache "${cache}/windows")
else()
    set(cache "${cache}/native")
endif()
if(NOT IS_DIRECTORY "${cache}")
    message(FATAL_ERROR "The libraries are not built yet: run `make deps` first")
endif()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
    tools/deps/packages.tsv tools/deps/recipes.py tools/deps/deps.py tools/deps/archive.py)

add_library(eg::dependencies INTERFACE IMPORTED)
target_include_directories(eg::dependencies SYSTEM INTERFACE ${cache}/include)
foreach(name curl sqlite3 yara pcre2-8 zstd sodium yyjson yaml expat z)
    target_link_libraries(eg::dependencies INTERFACE ${cache}/lib/lib${name}.a)
endforeach()

add_library(eg::cmocka INTERFACE IMPORTED)
target_link_libraries(eg::cmocka INTERFACE ${cache}/lib/libcmocka.a)

if(WIN32)
    eg_property(libraries Directory.Build.props EmoGuardLibraries)
    string(REPLACE ".lib" "" libraries "${libraries}")
    target_link_libraries(eg::dependencies INTERFACE ${libraries}) # behind the libraries that use them
else()
    find_package(OpenSSL REQUIRED)
    target_link_libraries(eg::dependencies INTERFACE OpenSSL::SSL OpenSSL::Crypto m)
endif()
