/* SPDX-License-Identifier: Apache-2.0 */
#include "core/update/tar.h"

#include "core/base/status.h"

#include <stdio.h>
#include <string.h>

enum { BLOCK = 512, END_BLOCKS = 2 };

/* The header of POSIX.1-2017, pax, "ustar Interchange Format". */
typedef struct ustar {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
    char magic[6], version[2], owner[32], group[32], major[8], minor[8], prefix[155], rest[12];
} ustar;

#define SIZE_DIGITS 11

static const char zeros[BLOCK * END_BLOCKS];

/* ---- names ---- */

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

/* Names that Windows gives to devices, with or without an extension. */
static bool is_device(eg_str part)
{
    static const char *const names[] = {"con", "prn", "aux", "nul"};
    eg_str base = part;
    (void)eg_str_split(&part, '.', &base);
    for (size_t i = 0; i < EG_COUNT(names); i++) {
        if (eg_str_equal_nocase(base, eg_str_from(names[i]))) {
            return true;
        }
    }
    return base.len == 4 && base.ptr[3] >= '0' && base.ptr[3] <= '9' &&
           (eg_str_starts_nocase(base, EG_STR("com")) || eg_str_starts_nocase(base, EG_STR("lpt")));
}

static const char *wrong_part(eg_str part)
{
    if (part.len == 0 || part.len > EG_TAR_PART_MAX) {
        return "a part is empty or too long";
    }
    if (part.ptr[0] == '.' || part.ptr[part.len - 1] == '.') {
        return "a part begins or ends with a point";
    }
    for (size_t i = 0; i < part.len; i++) {
        if (!is_name_char(part.ptr[i])) {
            return "only letters a to z, digits, '.', '_' and '-' may be in a name";
        }
    }
    return is_device(part) ? "Windows has a device of this name" : NULL;
}

int eg_tar_check_name(eg_str name)
{
    const char *wrong = name.len == 0 || name.len > EG_TAR_NAME_MAX ? "empty or too long" : NULL;
    size_t parts = 0, start = 0;
    for (size_t i = 0; !wrong && i <= name.len; i++) {
        if (i == name.len || name.ptr[i] == '/') {
            wrong = ++parts > EG_TAR_PARTS_MAX ? "too many folders"
                                               : wrong_part((eg_str){name.ptr + start, i - start});
            start = i + 1;
        }
    }
    return wrong ? eg_fail(EG_E_INVALID, "the file name \"%.*s\": %s",
                           name.len > 80 ? 80 : EG_STR_ARGS(name), wrong)
                 : EG_OK;
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

int eg_tar_compare(eg_str a, eg_str b)
{
    for (size_t i = 0; i < a.len && i < b.len; i++) {
        int difference = (int)lower(a.ptr[i]) - (int)lower(b.ptr[i]);
        if (difference != 0) {
            return difference;
        }
    }
    return (a.len > b.len) - (a.len < b.len);
}

/* ---- headers ---- */

/* A long name goes in two fields, cut at the first '/' that leaves a rest that fits. */
static int put_name(ustar *header, eg_str name)
{
    size_t cut = 0;
    if (name.len > sizeof(header->name)) {
        for (cut = name.len - sizeof(header->name) - 1; cut < name.len; cut++) {
            if (name.ptr[cut] == '/') {
                break;
            }
        }
        if (cut >= name.len - 1 || cut == 0 || cut > sizeof(header->prefix)) {
            return eg_fail(EG_E_INVALID, "the file name \"%.*s\" does not fit in an archive",
                           EG_STR_ARGS(name));
        }
        memcpy(header->prefix, name.ptr, cut);
        cut++;
    }
    memcpy(header->name, name.ptr + cut, name.len - cut);
    return EG_OK;
}

static int make_header(eg_str name, uint64_t size, ustar *header)
{
    char number[SIZE_DIGITS + 1], sum_text[8];
    unsigned sum = 0;
    memset(header, 0, sizeof(*header));
    int status = put_name(header, name);
    if (status != EG_OK) {
        return status;
    }
    if (size > 077777777777u) {
        return eg_fail(EG_E_LIMIT, "a file of 8 GiB or more");
    }
    (void)snprintf(number, sizeof(number), "%011llo", (unsigned long long)size);
    memcpy(header->size, number, sizeof(number));
    memcpy(header->mode, "0000644", 8);
    memcpy(header->uid, "0000000", 8);
    memcpy(header->gid, "0000000", 8);
    memcpy(header->mtime, "00000000000", 12);
    memcpy(header->major, "0000000", 8);
    memcpy(header->minor, "0000000", 8);
    memset(header->checksum, ' ', sizeof(header->checksum));
    memcpy(header->magic, "ustar", 6);
    memset(header->version, '0', sizeof(header->version));
    header->type = '0';
    unsigned char bytes[sizeof(*header)];
    memcpy(bytes, header, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        sum += bytes[i];
    }
    (void)snprintf(sum_text, sizeof(sum_text), "%06o", sum);
    memcpy(header->checksum, sum_text, 7); /* its NUL included; the space behind it stays */
    return EG_OK;
}

static size_t padding(size_t size)
{
    return (BLOCK - size % BLOCK) % BLOCK;
}

/* ---- writing ---- */

int eg_tar_append(eg_buf *out, eg_str last, const eg_pack_file *file)
{
    ustar header;
    int status = eg_tar_check_name(file->name);
    if (status == EG_OK && last.ptr && eg_tar_compare(last, file->name) >= 0) {
        status =
            eg_fail(EG_E_INVALID, "\"%.*s\" and \"%.*s\" are not in order, or differ in case alone",
                    EG_STR_ARGS(last), EG_STR_ARGS(file->name));
    }
    if (status == EG_OK) {
        status = make_header(file->name, file->text.len, &header);
    }
    if (status != EG_OK) {
        return status;
    }
    (void)eg_buf_append(out, &header, sizeof(header));
    (void)eg_buf_append_str(out, file->text);
    return eg_buf_append(out, zeros, padding(file->text.len));
}

int eg_tar_end(eg_buf *out)
{
    return eg_buf_append(out, zeros, sizeof(zeros));
}

/* ---- reading ---- */

static bool all_zero(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != '\0') {
            return false;
        }
    }
    return true;
}

static size_t field_length(const char *field, size_t size)
{
    const char *end = memchr(field, '\0', size);
    return end ? (size_t)(end - field) : size;
}

static bool read_size(const ustar *header, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < SIZE_DIGITS; i++) {
        if (header->size[i] < '0' || header->size[i] > '7') {
            return false;
        }
        *out = *out * 8 + (uint64_t)(header->size[i] - '0');
    }
    return true;
}

/* The name as it lies in the archive, both fields; "" when there is none that may be. */
static eg_str read_name(const ustar *header, const char *place, char *room)
{
    size_t name = field_length(header->name, sizeof(header->name));
    size_t prefix = field_length(header->prefix, sizeof(header->prefix));
    if (prefix == 0) {
        return (eg_str){place, name};
    }
    if (prefix + 1 + name > EG_TAR_NAME_MAX) {
        return EG_STR("");
    }
    memcpy(room, header->prefix, prefix);
    room[prefix] = '/';
    memcpy(room + prefix + 1, header->name, name);
    return (eg_str){room, prefix + 1 + name};
}

static int wrong(const eg_tar_walk *walk, const char *why)
{
    return eg_fail(EG_E_INVALID, "archive, at byte %zu: %s", walk->at, why);
}

static int at_end(const eg_tar_walk *walk, size_t left)
{
    if (left != (size_t)BLOCK * END_BLOCKS || !all_zero(walk->archive.ptr + walk->at, left)) {
        return wrong(walk, "it does not end as it must");
    }
    return EG_E_NOTFOUND;
}

int eg_tar_next(eg_tar_walk *walk, eg_pack_file *file)
{
    const char *place = walk->archive.ptr + walk->at;
    size_t left = walk->archive.len - walk->at;
    ustar header, again;
    uint64_t size = 0;
    if (left < (size_t)BLOCK * END_BLOCKS) {
        return wrong(walk, "it is cut short");
    }
    if (place[0] == '\0') {
        return at_end(walk, left);
    }
    memcpy(&header, place, sizeof(header));
    if (!read_size(&header, &size) || size > left - sizeof(header) ||
        padding((size_t)size) > left - sizeof(header) - (size_t)size) {
        return wrong(walk, "a file is larger than the archive");
    }
    eg_str name = read_name(&header, place, walk->room[walk->count % 2]);
    int status = eg_tar_check_name(name);
    if (status == EG_OK) {
        status = make_header(name, size, &again);
    }
    if (status != EG_OK) {
        return status;
    }
    if (memcmp(&header, &again, sizeof(header)) != 0) {
        return wrong(walk, "a header holds what no header of ours holds");
    }
    if (walk->count > 0 && eg_tar_compare(walk->last, name) >= 0) {
        return wrong(walk, "its files are not in order, or one is there twice");
    }
    if (walk->count == EG_TAR_FILES_MAX) {
        return wrong(walk, "it has too many files");
    }
    const char *text = place + sizeof(header);
    if (!all_zero(text + size, padding((size_t)size))) {
        return wrong(walk, "bytes between two files");
    }
    walk->at += sizeof(header) + (size_t)size + padding((size_t)size);
    walk->last = name;
    walk->count++;
    *file = (eg_pack_file){name, {text, (size_t)size}};
    return EG_OK;
}
