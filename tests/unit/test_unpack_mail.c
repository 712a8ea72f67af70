/* SPDX-License-Identifier: Apache-2.0 */
/* Messages, web pages saved as one file, and the macros those hold. */
#include "tests/unit/unit.h"

#include "core/unpack/bytes.h"
#include "core/unpack/mime_code.h"
#include "tests/unit/alloc.h"
#include "tests/unit/ole_blob.h"
#include "tests/unit/unpack_seen.h"

static const char message[] =
    "Received: from a\r\n by b\r\nFrom: a@example.com\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed;\r\n boundary=\"=_b\"\r\n\r\npreamble\r\n"
    "--=_b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: Quoted-Printable\r\n\r\n"
    "caf=C3=A9 mar=\r\nker =\n=4\r\n"
    "--=_b\r\ncontent-type: application/msword; name=x.doc\r\n"
    "Content-Transfer-Encoding:\r\n base64\r\n"
    "Content-Disposition: attachment; filename=\"r 1.doc\"\r\n"
    "\r\nbWF!!ya\r\n2Vy\r\n"
    "--=_b\r\nContent-Type: multipart/alternative; boundary=inner\r\n\r\n"
    "--inner\r\nContent-Location: file:///a.htm\r\n\r\n<html>\r\n--inner--\r\n"
    "--=_b--\r\nepilogue\r\n";

static void check_text(const char *text, const char *part, const char *problem)
{
    eg_buf blob;
    eg_buf_init(&blob, 1024 * 1024);
    eg_buf_append_cstr(&blob, text);
    seen_check(&blob, part, problem);
    eg_buf_done(&blob);
}

static void message__with_parts__gives_each_decoded(void **state)
{
    seen found;
    EG_UNUSED(state);
    assert_int_equal(seen_unpack(&found, eg_str_from(message), NULL), EG_OK);
    assert_string_equal(eg_buf_cstr(&found.parts),
                        "embedded file part 1=caf\xC3\xA9 marker =4\r\n\n"
                        "embedded file r 1.doc=marker\n"
                        "embedded file file:///a.htm=<html>\r\n\n");
    assert_string_equal(eg_buf_cstr(&found.problems), "");
    seen_done(&found);
}

static void message__in_odd_shapes__is_recognised(void **state)
{
    EG_UNUSED(state);
    check_text("\xEF\xBB\xBF\r\n\r\nContent-Transfer-Encoding: base64\r\n\r\nbWFya2Vy", "=marker\n",
               NULL);
    check_text("Content-Transfer-Encoding: base64\r\rbWFya2Vy", "=marker\n", NULL);
    check_text("Subject: a\nContent-Transfer-Encoding: base64\n\nbWFya2Vy", "=marker\n", NULL);
    /* what Word opens all the same */
    check_text("junk {}\r\nmime-version: 1.0\r\nContent-Transfer-Encoding: BASE64\r\n\r\nbWFya2Vy",
               "=marker\n", NULL);
    check_text("Content-Type: message/rfc822\r\n\r\nContent-Transfer-Encoding: base64\r\n\r\nbWFy",
               "embedded file part 1/part 1=mar\n", NULL);
}

static void text__that_is_no_message__is_no_container(void **state)
{
    static const char *const texts[] = {"Subject: only\r\n\r\ntext",
                                        "a: b\nc: d\n\nContent-Type: x",
                                        "Content-Type",
                                        ":",
                                        "\r\n\r\n",
                                        "#include <a.h>\n"};
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(texts); i++) {
        seen found;
        assert_int_equal(seen_unpack(&found, eg_str_from(texts[i]), NULL), EG_OK);
        assert_int_equal(found.part_count, 0);
        assert_int_equal(found.problems.len, 0);
        seen_done(&found);
    }
}

static void message__that_cannot_be_read__is_told(void **state)
{
    eg_buf deep;
    EG_UNUSED(state);
    check_text("Content-Type: multipart/mixed; boundary=x\r\n\r\ntext", "", "not where it says");
    check_text("Content-Type: multipart/encrypted\r\n\r\nx", "part 1=x",
               "could not look: encrypted");
    check_text("Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nx",
               "part 1=x", "could not look: encrypted");
    check_text("Content-Transfer-Encoding: x-uue\r\n\r\nx", "part 1=x",
               "encoding that is not known");
    eg_buf_init(&deep, 65536);
    for (int i = 0; i < 20; i++) {
        eg_buf_appendf(&deep, "Content-Type: multipart/mixed; boundary=%c\r\n\r\n--%c\r\n", 'a' + i,
                       'a' + i);
    }
    check_text(eg_buf_cstr(&deep), "part 1=", "more than 10 parts in each other");
    eg_buf_done(&deep);
}

static void check_base64(const char *text, const char *expected)
{
    eg_buf out;
    eg_buf_init(&out, 100);
    eg_base64_decode(eg_str_from(text), &out);
    assert_string_equal(eg_buf_cstr(&out), expected);
    eg_buf_done(&out);
}

static void base64__with_foreign_characters_and_padding__goes_on(void **state)
{
    EG_UNUSED(state);
    check_base64("", "");
    check_base64("Zg==", "f");
    check_base64("Zm8=", "fo");
    check_base64("Zm9v", "foo");
    check_base64("Zg==Zm8=\r\nZm9v", "ffofoo");
    check_base64("Z\r\n g *=\xFF=", "f");
    check_base64("Z", "");
}

/* RFC 1950 and 1951: one stored block. */
static void wrap(eg_buf *out, eg_str bytes)
{
    uint32_t low = 1, high = 0;
    eg_buf_append(out, "\x78\x01\x01", 3);
    blob_number(out, (uint32_t)bytes.len, 2);
    blob_number(out, (uint32_t)~bytes.len & 0xFFFF, 2);
    eg_buf_append_str(out, bytes);
    for (size_t i = 0; i < bytes.len; i++) {
        low = (low + (uint8_t)bytes.ptr[i]) % 65521;
        high = (high + low) % 65521;
    }
    const uint32_t sum = high << 16 | low;
    for (int shift = 24; shift >= 0; shift -= 8) {
        eg_buf_append_char(out, (char)(uint8_t)(sum >> shift));
    }
}

static void macros_make(eg_buf *out, size_t at)
{
    eg_buf compound;
    ole_item items[] = {{"Macro", 0, EG_STR("marker")}};
    ole_build(&compound, items, 1, 9);
    eg_buf_init(out, 65536);
    eg_buf_append_cstr(out, "ActiveMime");
    ole_pad(out, at, 1);
    wrap(out, eg_buf_str(&compound));
    eg_buf_done(&compound);
}

static void macros__of_a_web_page__are_found_wherever_they_begin(void **state)
{
    static const size_t places[] = {0x32, 10, 0x5A, 0x22A};
    eg_buf blob;
    EG_UNUSED(state);
    for (size_t i = 0; i < EG_COUNT(places); i++) {
        macros_make(&blob, places[i]);
        seen_check(&blob, "stream editdata/Macro=marker\n", NULL);
        eg_buf_done(&blob);
    }
    /* something that only looks like the beginning */
    macros_make(&blob, 0x32);
    eg_buf decoy;
    eg_buf_init(&decoy, 65536);
    eg_buf_append(&decoy, "ActiveMime\x78\x9C....\x78\x01\x01\1\0\xFE\xFFx....", 29);
    eg_buf_append_str(&decoy, eg_bytes_part(eg_buf_str(&blob), 10, blob.len));
    seen_check(&decoy, "stream editdata/Macro=marker\n", NULL);
    eg_buf_done(&decoy);
    blob.len = 600; /* the beginning of it */
    seen_check(&blob, "embedded file editdata=<", "no packed bytes that are whole");
    eg_buf_done(&blob);
}

static void mail_file_of_outlook__gives_its_attachments(void **state)
{
    eg_buf blob, inner;
    ole_item document[] = {{"Macro", 0, EG_STR("marker")}};
    EG_UNUSED(state);
    ole_build(&inner, document, 1, 9);
    ole_item items[] = {{"__attach_version1.0_#00000000", 0, EG_STR_NONE},
                        {"__substg1.0_37010102", 1, eg_buf_str(&inner)}};
    ole_build(&blob, items, 2, 9);
    seen_check(&blob, "__attach_version1.0_#00000000/__substg1.0_37010102/Macro=marker\n", NULL);
    eg_buf_done(&blob);
    eg_buf_done(&inner);
}

static int unpack_once(void *arg)
{
    seen found;
    int status = seen_unpack(&found, *(eg_str *)arg, NULL);
    seen_done(&found);
    return status;
}

static void message_and_macros__without_memory__fail(void **state)
{
    eg_buf macros;
    eg_str text = eg_str_from(message);
    EG_UNUSED(state);
    assert_true(eg_test_each_allocation_fails(unpack_once, &text) > 5);
    macros_make(&macros, 0x32);
    eg_str bytes = eg_buf_str(&macros);
    assert_true(eg_test_each_allocation_fails(unpack_once, &bytes) > 5);
    eg_buf_done(&macros);
}

int eg_test_unpack_mail(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message__with_parts__gives_each_decoded),
        cmocka_unit_test(message__in_odd_shapes__is_recognised),
        cmocka_unit_test(text__that_is_no_message__is_no_container),
        cmocka_unit_test(message__that_cannot_be_read__is_told),
        cmocka_unit_test(base64__with_foreign_characters_and_padding__goes_on),
        cmocka_unit_test(macros__of_a_web_page__are_found_wherever_they_begin),
        cmocka_unit_test(mail_file_of_outlook__gives_its_attachments),
        cmocka_unit_test(message_and_macros__without_memory__fail),
    };
    return cmocka_run_group_tests_name("unpack_mail", tests, NULL, NULL);
}
