#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Visual Studio projects: complete, consistent, and the only source lists there are."""

import re
import xml.etree.ElementTree as ElementTree

from checklib import edit, files, line_of, main, read

NAMESPACE = "{http://schemas.microsoft.com/developer/msbuild/2003}"
XML_SUFFIXES = (".vcxproj", ".props", ".targets", ".manifest", ".wxs", ".admx", ".adml", ".config")
VERSION_HOLDERS = (".c", ".h", ".rc", ".rc2", ".wxs", ".cmake", ".props", ".vcxproj", ".manifest",
                   "CMakeLists.txt", "CMakePresets.json", "vcpkg.json", "Makefile", ".py", ".sh")
# Definitions CMake may add by itself: what MinGW needs, hardening, the name of a fuzzer.
CMAKE_DEFINITIONS = {"_FORTIFY_SOURCE=2", "__USE_MINGW_ANSI_STDIO=1",
                     "EG_FUZZ_TARGET=eg_fuzz_${name}", "${define}"}
SOLUTION_PROJECT = re.compile(
    r'^Project\("\{[0-9A-F-]+\}"\) = "([^"]+)", "([^"]+)", "(\{[0-9A-F-]+\})"', re.MULTILINE)


def parse(root, relative, problems):
    try:
        return ElementTree.fromstring((root / relative).read_bytes())
    except ElementTree.ParseError as error:
        problems.append(f"{relative}: not well-formed: {error}")
        return None


def project_guid(tree):
    return tree.findtext(f".//{NAMESPACE}ProjectGuid") or ""


def check_solution(root, trees, problems):
    text = read(root, "emoguard.sln")
    listed = {}
    for name, path, guid in SOLUTION_PROJECT.findall(text):
        relative = path.replace("\\", "/")
        listed[relative] = guid
        tree = trees.get(relative)
        if tree is None:
            problems.append(f"emoguard.sln: {name}: {relative} does not exist")
            continue
        if project_guid(tree).upper() != guid.upper():
            problems.append(f"emoguard.sln: {name}: GUID {guid}, but {relative} says {project_guid(tree)}")
        for configuration in ("Debug|x64", "Release|x64"):
            for step in ("ActiveCfg", "Build.0"):
                if f"{guid}.{configuration}.{step} = {configuration}" not in text:
                    problems.append(f"emoguard.sln: {name}: no {configuration}.{step}")
    for relative in trees:
        if relative not in listed:
            problems.append(f"{relative}: not in emoguard.sln")
    guids = list(listed.values())
    if len(set(guids)) != len(guids):
        problems.append("emoguard.sln: a GUID is used twice")


def items(tree, element):
    return [node for node in tree.iter(f"{NAMESPACE}{element}") if node.get("Include")]


def check_references(root, relative, tree, problems):
    for node in items(tree, "ProjectReference"):
        path = (root / relative).parent / node.get("Include").replace("\\", "/")
        said = node.findtext(f"{NAMESPACE}Project") or ""
        if not path.is_file():
            problems.append(f"{relative}: refers to {node.get('Include')}, which does not exist")
        elif said.upper() not in path.read_text(encoding="utf-8").upper():
            problems.append(f"{relative}: wrong GUID for {node.get('Include')}")


def check_project(root, relative, tree, owners, problems):
    check_references(root, relative, tree, problems)
    configurations = {node.get("Include") for node in items(tree, "ProjectConfiguration")}
    if configurations != {"Debug|x64", "Release|x64"}:
        problems.append(f"{relative}: configurations are {sorted(configurations)}")
    for element in ("PreprocessorDefinitions", "AdditionalDependencies", "AdditionalOptions"):
        if tree.find(f".//{NAMESPACE}{element}") is not None:
            problems.append(f"{relative}: {element} belongs in Directory.Build.props")
    folder = (root / relative).parent
    for element in ("ClCompile", "ResourceCompile"):
        names = []
        for node in items(tree, element):
            name = node.get("Include").replace("\\", "/")
            names.append(name)
            path = (folder / name).resolve()
            if not path.is_file():
                problems.append(f"{relative}: lists {name}, which does not exist")
                continue
            source = path.relative_to(root.resolve()).as_posix()
            owners.setdefault(source, []).append(relative)
            excluded = node.findtext(f"{NAMESPACE}ExcludedFromBuild") == "true"
            if excluded != source.endswith(("_posix.c", "_libfuzzer.c")):
                problems.append(f"{relative}: {name}: ExcludedFromBuild is for *_posix.c and "
                                "*_libfuzzer.c, and only for them")
        if names != sorted(names, key=str.lower):
            problems.append(f"{relative}: {element} lines are not sorted")


def included_resources(root):
    """Resource scripts that another one includes need no line of their own."""
    found = set()
    for relative in files(root, ".rc"):
        for name in re.findall(r'^#include "([^"]+\.rc)"', read(root, relative), re.MULTILINE):
            for place in (root / name, (root / relative).parent / name):
                if place.is_file():
                    found.add(place.resolve().relative_to(root.resolve()).as_posix())
    return found


def check_owners(root, owners, problems):
    included = included_resources(root)
    for relative in files(root, ".c", ".rc"):
        source = relative.as_posix()
        if source.startswith("tools/") or source in included:
            continue
        count = len(owners.get(source, []))
        if count != 1:
            problems.append(f"{source}: in {count} projects instead of 1")


def check_version(root, problems):
    text = read(root, "core/version.h")
    parts = [re.search(rf"#define EG_VERSION_{name} (\d+)", text) for name in ("MAJOR", "MINOR", "PATCH")]
    whole = re.search(r'#define EG_VERSION_STRING "([^"]+)"', text)
    if not whole or not all(parts):
        problems.append("core/version.h: a version definition is missing")
        return
    version = whole.group(1)
    if version != ".".join(part.group(1) for part in parts):
        problems.append("core/version.h: EG_VERSION_STRING differs from its parts")
    pattern = re.compile(rf"(?<![\w.]){re.escape(version)}(\.0)?(?![\w.=])")
    for relative in files(root, *VERSION_HOLDERS):
        if relative.as_posix() == "core/version.h":
            continue
        body = read(root, relative)
        for match in pattern.finditer(body):
            problems.append(f"{relative}:{line_of(body, match.start())}: the version stands in "
                            "core/version.h only")


def check_settings(root, problems):
    """CMake reads definitions and libraries from the props; neither side may add to them elsewhere."""
    props = read(root, "Directory.Build.props")
    for name in ("EmoGuardDefines", "EmoGuardLibraries"):
        if not re.search(rf"<{name}>[^<]+</{name}>", props):
            problems.append(f"Directory.Build.props: {name} is missing")
    switches = read(root, "Directory.Build.Cpp.props")
    if switches.count("$(EmoGuardDefines);") != 2 or "$(EmoGuardLibraries);" not in switches:
        problems.append("Directory.Build.Cpp.props: does not use the lists of Directory.Build.props")
    for relative in files(root, ".cmake", "CMakeLists.txt"):
        text = re.sub(r"#[^\n]*", "", read(root, relative))
        for body in re.findall(r"target_compile_definitions\(([^)]*)\)", text):
            words = re.sub(r"\$<\$<COMPILE_LANGUAGE:C>:([^>]*)>", r"\1", body).split()[2:]
            for word in words:
                if word not in CMAKE_DEFINITIONS:
                    problems.append(f"{relative}: definition {word} is not in Directory.Build.props")
        if re.search(r"add_(compile_)?definitions\(|[\s;]-D[A-Z_]+[=\s)]|[\s;]-l[a-z0-9]+[\s)]", text):
            problems.append(f"{relative}: definitions and libraries belong in Directory.Build.props")


def find_problems(root):
    problems, trees, owners = [], {}, {}
    for relative in files(root, *XML_SUFFIXES):
        tree = parse(root, relative, problems)
        if tree is not None and relative.suffix == ".vcxproj":
            trees[relative.as_posix()] = tree
    check_solution(root, trees, problems)
    for relative, tree in trees.items():
        check_project(root, relative, tree, owners, problems)
    check_owners(root, owners, problems)
    check_version(root, problems)
    check_settings(root, problems)
    return problems


PLANTED = [
    ("a_source_without_a_project",
     lambda root: edit(root, "core/base/stray.c", lambda old: "int x;\n"), "stray.c: in 0 projects"),
    ("a_source_in_two_projects",
     lambda root: edit(root, "cli/cli.vcxproj", lambda old: old.replace(
         "<ItemGroup>\n", '<ItemGroup>\n<ClCompile Include="..\\tests\\unit\\main.c" />\n', 1)),
     "main.c: in 2 projects"),
    ("a_listed_file_that_is_missing",
     lambda root: (root / "tests/unit/main.c").unlink(), "unit/main.c, which does not exist"),
    ("a_wrong_guid",
     lambda root: edit(root, "tray/tray.vcxproj", lambda old: re.sub(
         r"<ProjectGuid>\{.", "<ProjectGuid>{F", old.replace("<ProjectGuid>{F", "<ProjectGuid>{E"))),
     "but tray/tray.vcxproj says"),
    ("a_second_version",
     lambda root: edit(root, "tray/stray.h", lambda old: '#define V "' + re.search(
         r'STRING "([^"]+)"', read(root, "core/version.h")).group(1) + '"\n'),
     "stray.h:1: the version stands in"),
    ("broken_xml",
     lambda root: edit(root, "Directory.Build.props", lambda old: old.replace("</Project>", "")),
     "not well-formed"),
    ("a_definition_in_cmake_only",
     lambda root: edit(root, "CMakeLists.txt",
                       lambda old: old + "target_compile_definitions(core PUBLIC STRAY=1)\n"),
     "STRAY=1 is not in Directory.Build.props"),
]

if __name__ == "__main__":
    main("check_projects", find_problems, PLANTED)
