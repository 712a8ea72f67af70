/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/compiler.h"
#include "core/base/status.h"
#include "core/yara/engine.h"
#include "core/yara/file_scan.h"
#include "tests/fuzz/fuzz.h"

int eg_fuzz_yara_scan(const uint8_t *data, size_t size);

/* Every module looks at the bytes; the rules ask what only a parsed file can tell. */
static const char rules_text[] =
    "import \"pe\"\nimport \"elf\"\nimport \"math\"\nimport \"hash\"\n"
    "rule pe_file { condition: pe.is_pe and pe.number_of_sections > 0 }\n"
    "rule pe_parts { condition: for any s in pe.sections : (s.raw_data_size > 0) or\n"
    "  pe.imphash() == \"x\" or pe.rich_signature.length > 0 or pe.exports(\"Run\") }\n"
    "rule elf_file { condition: elf.number_of_sections > 0 }\n"
    "rule dense { condition: math.entropy(0, filesize) > 7 or hash.md5(0, filesize) == \"\" }\n"
    "rule texts { strings: $a = \"MZ\" $b = /[a-z]{3,20}\\.(exe|dll)/ nocase $c = { 00 [0-8] FF }\n"
    "  condition: any of them or filetype == \"ZIP\" }\n";

static eg_yara_rules *rules;
static eg_yara_scanner *scanner;
static eg_yara_result result;

static void prepare(void)
{
    const eg_yara_source source = {"fuzz.yar", {rules_text, sizeof(rules_text) - 1}};
    EG_FUZZ_CHECK(eg_yara_engine.compile(&source, 1, NULL, &rules) == EG_OK);
    EG_FUZZ_CHECK(eg_yara_engine.rule_count(rules) == 5);
    EG_FUZZ_CHECK(eg_yara_engine.scanner_create(rules, &scanner) == EG_OK);
}

static void check_match(const eg_yara_match *match, size_t size)
{
    EG_FUZZ_CHECK(match->rule && match->string_count <= EG_YARA_STRINGS_MAX);
    for (size_t i = 0; i < match->string_count; i++) {
        const eg_yara_string *string = &match->strings[i];
        EG_FUZZ_CHECK(string->offset <= size && string->length <= size - string->offset);
        EG_FUZZ_CHECK(string->excerpt_length <= EG_YARA_EXCERPT_MAX);
    }
}

/* Any bytes through every module: the result is bounded and points into them. */
int eg_fuzz_yara_scan(const uint8_t *data, size_t size)
{
    eg_str bytes = {size > 0 ? (const char *)data : "", size};
    const eg_yara_facts facts = {
        .path = EG_STR("C:\\fuzz.bin"), .filetype = eg_file_type(bytes), .size = size};
    if (!scanner) {
        prepare();
    }
    int status = eg_yara_engine.scan(scanner, bytes, &facts, 20, &result);
    EG_FUZZ_CHECK(status == EG_OK || status == EG_E_TIMEOUT || status == EG_E_LIMIT);
    EG_FUZZ_CHECK(result.count <= EG_YARA_MATCHES_MAX && result.count <= result.total);
    for (size_t i = 0; i < result.count; i++) {
        check_match(&result.matches[i], size);
    }
    return 0;
}
