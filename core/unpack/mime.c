/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mail messages and web pages saved as one file (RFC 5322, 2045, 2046, 2557): the bodies of all
 * parts, decoded. What does not follow the rules is read as mail programs and Office read it: junk
 * before the header, line ends of any kind, base64 with foreign characters in it.
 */
#include "core/base/status.h"
#include "core/unpack/bytes.h"
#include "core/unpack/mime_code.h"
#include "core/unpack/walk.h"

#include <stdio.h>

enum {
    HEADER_SEARCH = 4096, /* how far into a file its header may begin, and show what it is */
    LEVELS = 10,          /* of parts in parts */
    BOUNDARY_MAX = 1024,  /* a boundary has at most 70 characters */
    NAME_MAX_BYTES = 64,
};

typedef struct entity {
    eg_str type, disposition, location, encoding; /* values of the header, as they are */
    bool is_mime;                                 /* it says what it holds, or how */
    eg_str body;
} entity;

typedef struct message {
    eg_walk *walk;
    unsigned count; /* of parts so far */
} message;

/* Cuts the next line, without its end. */
static eg_str next_line(eg_str *rest)
{
    size_t end = 0;
    while (end < rest->len && rest->ptr[end] != '\n' && rest->ptr[end] != '\r') {
        end++;
    }
    eg_str line = {rest->ptr, end};
    end += eg_bytes_start(*rest, end, "\r\n", 2) ? 2 : end < rest->len;
    *rest = (eg_str){rest->ptr + end, rest->len - end};
    return line;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The length of the field name that a header line begins with; 0: it does not. */
static size_t field_name(eg_str line)
{
    size_t size = 0;
    while (size < line.len && line.ptr[size] > ' ' && line.ptr[size] < 0x7F &&
           line.ptr[size] != ':') {
        size++;
    }
    return size < line.len && line.ptr[size] == ':' ? size : 0;
}

static void keep_field(entity *into, eg_str name, eg_str value)
{
    const struct {
        const char *name;
        eg_str *value;
    } fields[] = {
        {"Content-Type", &into->type},
        {"Content-Disposition", &into->disposition},
        {"Content-Location", &into->location},
        {"Content-Transfer-Encoding", &into->encoding},
    };
    into->is_mime |= eg_str_equal_nocase(name, EG_STR("MIME-Version"));
    for (size_t i = 0; i < EG_COUNT(fields); i++) {
        if (fields[i].value->len == 0 && eg_str_equal_nocase(name, eg_str_from(fields[i].name))) {
            *fields[i].value = eg_str_trim(value);
            into->is_mime = true;
        }
    }
}

/* Header fields up to the empty line, each with the lines that go on with it; then the body. */
static entity read_entity(eg_str bytes)
{
    entity found = {.type = EG_STR("")};
    eg_str rest = bytes;
    found.disposition = found.location = found.encoding = EG_STR("");
    while (rest.len > 0) {
        eg_str line = next_line(&rest);
        if (line.len == 0) {
            break;
        }
        size_t name = field_name(line);
        while (rest.len > 0 && is_blank(rest.ptr[0])) {
            eg_str more = next_line(&rest);
            line.len = (size_t)(more.ptr + more.len - line.ptr);
        }
        if (name > 0) {
            keep_field(&found, (eg_str){line.ptr, name},
                       (eg_str){line.ptr + name + 1, line.len - name - 1});
        }
    }
    found.body = rest;
    return found;
}

/* The value of `name=` in a field, without its quotes; "" when it is not there. */
static eg_str parameter(eg_str field, const char *name)
{
    size_t size = strlen(name);
    for (size_t at = 1; at + size < field.len; at++) {
        eg_str here = eg_bytes_part(field, at, field.len);
        char before = field.ptr[at - 1];
        if (!eg_str_starts_nocase(here, (eg_str){name, size}) ||
            !(before == ';' || before == '\n' || is_blank(before))) {
            continue;
        }
        here = eg_str_trim(eg_bytes_part(here, size, here.len));
        if (here.len == 0 || here.ptr[0] != '=') {
            continue;
        }
        here = eg_str_trim(eg_bytes_part(here, 1, here.len));
        bool quoted = here.len > 0 && here.ptr[0] == '"';
        here = eg_bytes_part(here, quoted, here.len);
        size_t end = 0;
        while (end < here.len &&
               (quoted ? here.ptr[end] != '"' : here.ptr[end] > ' ' && here.ptr[end] != ';')) {
            end++;
        }
        return (eg_str){here.ptr, end};
    }
    return EG_STR("");
}

/* ---- bodies ---- */

static eg_str part_name(message *mail, const entity *part, char *number)
{
    eg_str names[] = {parameter(part->disposition, "filename"), parameter(part->type, "name"),
                      part->location};
    snprintf(number, NAME_MAX_BYTES, "part %u", ++mail->count);
    for (size_t i = 0; i < EG_COUNT(names); i++) {
        if (names[i].len > 0) {
            return names[i];
        }
    }
    return eg_str_from(number);
}

static bool is_encrypted(const entity *part)
{
    return eg_str_starts_nocase(part->type, EG_STR("multipart/encrypted")) ||
           eg_str_starts_nocase(parameter(part->type, "smime-type"), EG_STR("enveloped-data"));
}

static void unpack_body(message *mail, const entity *part)
{
    eg_walk *walk = mail->walk;
    char number[NAME_MAX_BYTES];
    eg_str name = part_name(mail, part, number);
    eg_str bytes = part->body;
    eg_buf out;
    eg_buf_init(&out, eg_walk_room(walk, bytes.len));
    if (eg_str_equal_nocase(part->encoding, EG_STR("base64"))) {
        eg_base64_decode(bytes, &out);
        bytes = eg_buf_str(&out);
    } else if (eg_str_equal_nocase(part->encoding, EG_STR("quoted-printable"))) {
        eg_quoted_printable_decode(bytes, &out);
        bytes = eg_buf_str(&out);
    } else if (part->encoding.len > 0 && !eg_str_equal_nocase(part->encoding, EG_STR("7bit")) &&
               !eg_str_equal_nocase(part->encoding, EG_STR("8bit")) &&
               !eg_str_equal_nocase(part->encoding, EG_STR("binary"))) {
        eg_walk_tell(walk, name, EG_E_UNSUPPORTED, "could not look: an encoding that is not known");
    }
    if (is_encrypted(part)) {
        eg_walk_tell(walk, name, EG_E_UNSUPPORTED, "could not look: encrypted");
    }
    if (out.status == EG_E_NOMEM) {
        eg_walk_fail(walk, EG_E_NOMEM);
    } else if (out.status == EG_E_LIMIT) {
        eg_walk_tell_room(walk, name, part->body.len);
    }
    eg_walk_part(walk, name, EG_PART_EMBEDDED, bytes);
    eg_buf_done(&out);
}

/* ---- parts in parts ---- */

/* Where the next line that is `mark` begins, from `at` on; bytes.len when nowhere. */
static size_t find_boundary(eg_str bytes, size_t at, eg_str mark)
{
    for (;; at++) {
        at = eg_bytes_find(bytes, at, mark.ptr, mark.len);
        if (at >= bytes.len || at == 0 || bytes.ptr[at - 1] == '\n' || bytes.ptr[at - 1] == '\r') {
            return at;
        }
    }
}

static void unpack_entity(message *mail, eg_str bytes, unsigned level);

/* The parts between lines of the boundary; behind its end (two hyphens more) there is none. */
static void unpack_parts(message *mail, eg_str body, eg_str boundary, unsigned level)
{
    eg_buf mark;
    eg_buf_init(&mark, BOUNDARY_MAX + 2);
    eg_buf_append_cstr(&mark, "--");
    if (eg_buf_append_str(&mark, boundary) == EG_E_NOMEM) {
        eg_walk_fail(mail->walk, EG_E_NOMEM);
    }
    size_t at = find_boundary(body, 0, eg_buf_str(&mark));
    if (at >= body.len) {
        eg_walk_tell(mail->walk, EG_STR(""), EG_E_INVALID, "its parts are not where it says");
    }
    while (at < body.len && eg_walk_goes(mail->walk)) {
        size_t begin = at + mark.len;
        size_t end = find_boundary(body, begin, eg_buf_str(&mark));
        if (!eg_bytes_start(body, begin, "--", 2)) {
            eg_str part = {body.ptr + begin, end - begin};
            next_line(&part); /* what is left of the boundary's */
            unpack_entity(mail, part, level + 1);
        }
        at = end;
    }
    eg_buf_done(&mark);
}

static void unpack_entity(message *mail, eg_str bytes, unsigned level)
{
    entity found = read_entity(bytes);
    eg_str boundary = parameter(found.type, "boundary");
    bool has_parts = eg_str_starts_nocase(found.type, EG_STR("multipart/")) && boundary.len > 0;
    if (!eg_walk_spend(mail->walk, bytes.len)) {
        return;
    }
    if (has_parts && (level >= LEVELS || boundary.len > BOUNDARY_MAX)) {
        eg_walk_tell(mail->walk, EG_STR(""), EG_E_LIMIT, "more than %d parts in each other",
                     LEVELS);
        has_parts = false;
    }
    if (has_parts) {
        unpack_parts(mail, found.body, boundary, level);
    } else {
        unpack_body(mail, &found);
    }
}

/* Where the header begins; bytes.len when there is none that says what follows. */
static size_t find_header(eg_str bytes)
{
    static const char version[] = "MIME-Version:";
    eg_str head = eg_bytes_part(bytes, 0, HEADER_SEARCH);
    size_t at = eg_bytes_start(head, 0, "\xEF\xBB\xBF", 3) ? 3 : 0;
    while (at < head.len &&
           (is_blank(head.ptr[at]) || head.ptr[at] == '\r' || head.ptr[at] == '\n')) {
        at++;
    }
    if (field_name(eg_bytes_part(head, at, head.len)) > 0 &&
        read_entity(eg_bytes_part(head, at, head.len)).is_mime) {
        return at;
    }
    for (eg_str rest = eg_bytes_part(head, at, head.len); rest.len > 0;) {
        eg_str line = next_line(&rest);
        if (eg_str_starts_nocase(line, (eg_str){version, sizeof(version) - 1})) {
            return (size_t)(line.ptr - bytes.ptr);
        }
    }
    return bytes.len;
}

bool eg_mime_recognise(eg_str bytes)
{
    return find_header(bytes) < bytes.len;
}

void eg_unpack_mime(eg_walk *walk, eg_str bytes)
{
    message mail = {walk, 0};
    unpack_entity(&mail, eg_bytes_part(bytes, find_header(bytes), bytes.len), 0);
}
