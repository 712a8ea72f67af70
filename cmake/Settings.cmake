# SPDX-License-Identifier: Apache-2.0
# Compiler and linker settings of everything we write, as the interface target `settings`.

option(EG_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(EG_FUZZ "Build the fuzzers (clang only)" OFF)

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(settings INTERFACE)
target_include_directories(settings INTERFACE ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_options(settings INTERFACE $<$<COMPILE_LANGUAGE:C>:
    -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
    -fno-strict-aliasing -ffile-prefix-map=${CMAKE_CURRENT_SOURCE_DIR}/=>)

# The definitions Visual Studio gets, so that a header means the same in both builds.
eg_property(defines Directory.Build.props EmoGuardDefines)
foreach(define IN LISTS defines)
    if(NOT define MATCHES "^%\\(" AND NOT define STREQUAL "")
        if(WIN32 OR NOT define MATCHES "WIN32|WINVER|WINNT|UNICODE|_CRT_")
            target_compile_definitions(settings INTERFACE ${define})
        endif()
    endif()
endforeach()

if(EG_SANITIZE)
    target_compile_options(settings INTERFACE -fsanitize=address,undefined
        -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(settings INTERFACE -fsanitize=address,undefined)
elseif(NOT EG_FUZZ)
    target_compile_options(settings INTERFACE $<$<COMPILE_LANGUAGE:C>:-fstack-protector-strong>)
    target_compile_definitions(settings INTERFACE $<$<COMPILE_LANGUAGE:C>:_FORTIFY_SOURCE=2>)
endif()

if(WIN32)
    target_compile_definitions(settings INTERFACE __USE_MINGW_ANSI_STDIO=1)
    # MinGW's isnan() and its kin convert inside their macros.
    target_compile_options(settings INTERFACE $<$<COMPILE_LANGUAGE:C>:-Wno-float-conversion>)
    target_link_options(settings INTERFACE -static -s -fstack-protector-strong
        -Wl,--dynamicbase -Wl,--high-entropy-va
        -Wl,--nxcompat -Wl,--no-insert-timestamp)
    set(CMAKE_RC_FLAGS "-c 65001")
else()
    find_package(Threads REQUIRED)
    target_link_libraries(settings INTERFACE Threads::Threads)
    target_link_options(settings INTERFACE -Wl,-z,relro,-z,now)
endif()
