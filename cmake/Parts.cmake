# SPDX-License-Identifier: Apache-2.0
# One function per kind of part: a library, a program, a DLL, each from its .vcxproj.

function(eg_library target project)
    eg_sources(sources ${project})
    if(NOT sources)
        file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${target}-empty.c "typedef int eg_nothing_here;\n")
        set(sources ${CMAKE_CURRENT_BINARY_DIR}/${target}-empty.c)
    endif()
    add_library(${target} STATIC ${sources})
endfunction()

# Resource scripts, and the wide entry point where a source has one.
function(eg_windows_parts target project sources)
    if(NOT WIN32)
        return()
    endif()
    eg_project_items(resources ${project} ResourceCompile)
    get_filename_component(folder ${project} DIRECTORY)
    file(GLOB_RECURSE parts CONFIGURE_DEPENDS ${folder}/*.manifest ${folder}/*.ico ${folder}/*.rc
        ${folder}/*.bin ${folder}/resource.h)
    set(version_header ${CMAKE_CURRENT_SOURCE_DIR}/core/version.h)
    set(version_resource ${CMAKE_CURRENT_SOURCE_DIR}/core/version.rc2)
    target_sources(${target} PRIVATE ${resources})
    set_source_files_properties(${resources} PROPERTIES
        INCLUDE_DIRECTORIES ${CMAKE_CURRENT_SOURCE_DIR}/${folder}
        OBJECT_DEPENDS "${parts};${version_header};${version_resource}")
    foreach(source IN LISTS sources)
        file(STRINGS ${source} entry REGEX "^int (WINAPI |__cdecl )?w(main|WinMain)\\(")
        if(entry)
            target_link_options(${target} PRIVATE -municode)
            break()
        endif()
    endforeach()
endfunction()

# eg_program(<target> <project> [FOLDER <folder>] LINK <libraries>): an executable in the build folder, or in
# <folder> below it. A project without sources for this platform yields no target.
function(eg_program target project)
    cmake_parse_arguments(arg "" "FOLDER" "LINK" ${ARGN})
    eg_sources(sources ${project})
    if(NOT sources)
        return()
    endif()
    add_executable(${target} ${sources})
    eg_property(name ${project} TargetName)
    eg_property(subsystem ${project} EmoGuardSubSystem)
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name}
        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${arg_FOLDER})
    if(subsystem STREQUAL "Windows")
        set_target_properties(${target} PROPERTIES WIN32_EXECUTABLE TRUE)
    endif()
    target_link_libraries(${target} PRIVATE ${arg_LINK})
    eg_windows_parts(${target} ${project} "${sources}")
endfunction()

function(eg_module target project)
    cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
    eg_sources(sources ${project})
    if(NOT sources)
        return()
    endif()
    add_library(${target} MODULE ${sources})
    eg_property(name ${project} TargetName)
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name} PREFIX "" SUFFIX ".dll"
        LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
    target_link_libraries(${target} PRIVATE ${arg_LINK})
    eg_windows_parts(${target} ${project} "${sources}")
endfunction()
