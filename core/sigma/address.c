/* SPDX-License-Identifier: Apache-2.0 */
#include "core/sigma/address.h"

#include "core/base/status.h"

#include <string.h>

#define GROUPS 8 /* of an IPv6 address */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

static bool parse_octet(eg_str text, uint8_t *out)
{
    unsigned value = 0;
    size_t i;

    if (text.len == 0 || text.len > 3 || (text.len > 1 && text.ptr[0] == '0')) {
        return false;
    }
    for (i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        value = value * 10 + (unsigned)(text.ptr[i] - '0');
    }
    *out = (uint8_t)value;
    return value <= 255;
}

static bool parse_v4(eg_str text, uint8_t out[4])
{
    size_t part = 0, start = 0, i;

    for (i = 0; i <= text.len; i++) {
        if (i < text.len && text.ptr[i] != '.') {
            continue;
        }
        if (part == 4 || !parse_octet((eg_str){text.ptr + start, i - start}, &out[part])) {
            return false;
        }
        part++;
        start = i + 1;
    }
    return part == 4;
}

static bool parse_group(eg_str text, uint16_t *out)
{
    unsigned value = 0;
    size_t i;

    if (text.len == 0 || text.len > 4) {
        return false;
    }
    for (i = 0; i < text.len; i++) {
        int digit = hex_value(text.ptr[i]);

        if (digit < 0) {
            return false;
        }
        value = value << 4 | (unsigned)digit;
    }
    *out = (uint16_t)value;
    return true;
}

/* Groups between colons; the last may be an IPv4 address, which is two. */
static bool parse_groups(eg_str text, uint16_t groups[GROUPS], size_t *count)
{
    size_t start = 0, i;
    uint8_t tail[4];

    *count = 0;
    if (text.len == 0) {
        return true;
    }
    for (i = 0; i <= text.len; i++) {
        eg_str part = {text.ptr + start, i - start};

        if (i < text.len && text.ptr[i] != ':') {
            continue;
        }
        if (*count == GROUPS) {
            return false;
        }
        if (i == text.len && parse_v4(part, tail)) {
            if (*count > GROUPS - 2) {
                return false;
            }
            groups[(*count)++] = (uint16_t)(tail[0] << 8 | tail[1]);
            groups[(*count)++] = (uint16_t)(tail[2] << 8 | tail[3]);
        } else if (!parse_group(part, &groups[(*count)++])) {
            return false;
        }
        start = i + 1;
    }
    return true;
}

static bool cut_zone(eg_str *text)
{
    const char *percent = memchr(text->ptr, '%', text->len);
    size_t behind;

    if (!percent) {
        return true;
    }
    behind = text->len - (size_t)(percent - text->ptr) - 1;
    if (behind == 0 || memchr(percent + 1, '%', behind)) {
        return false;
    }
    text->len = (size_t)(percent - text->ptr);
    return true;
}

static bool parse_v6(eg_str text, uint8_t out[16])
{
    uint16_t head[GROUPS], tail[GROUPS], groups[GROUPS] = {0};
    size_t heads, tails = 0, gap = SIZE_MAX, i;

    if (text.len < 2 || !cut_zone(&text)) {
        return false;
    }
    for (i = 0; i + 1 < text.len && gap == SIZE_MAX; i++) {
        if (text.ptr[i] == ':' && text.ptr[i + 1] == ':') {
            gap = i;
        }
    }
    if (!parse_groups((eg_str){text.ptr, gap == SIZE_MAX ? text.len : gap}, head, &heads)) {
        return false;
    }
    if (gap == SIZE_MAX) {
        if (heads != GROUPS) {
            return false;
        }
    } else {
        eg_str behind = {text.ptr + gap + 2, text.len - gap - 2};

        if (!parse_groups(behind, tail, &tails) || heads + tails >= GROUPS) {
            return false;
        }
        if (memchr(text.ptr, '.', gap)) { /* an IPv4 tail belongs at the end only */
            return false;
        }
        memcpy(groups + GROUPS - tails, tail, tails * sizeof(*tail));
    }
    memcpy(groups, head, heads * sizeof(*head));
    for (i = 0; i < GROUPS; i++) {
        out[2 * i] = (uint8_t)(groups[i] >> 8);
        out[2 * i + 1] = (uint8_t)(groups[i] & 0xff);
    }
    return true;
}

bool eg_address_parse(eg_str text, eg_address *out)
{
    eg_address address;

    memset(&address, 0, sizeof(address));
    if (text.len == 0 || text.len > 128) {
        return false;
    }
    if (parse_v4(text, address.bytes)) {
        address.size = 4;
    } else if (parse_v6(text, address.bytes)) {
        address.size = 16;
    } else {
        return false;
    }
    *out = address;
    return true;
}

static bool parse_bits(eg_str text, unsigned max, uint8_t *out)
{
    unsigned value = 0;
    size_t i;

    if (text.len == 0 || text.len > 3) {
        return false;
    }
    for (i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
        value = value * 10 + (unsigned)(text.ptr[i] - '0');
    }
    *out = (uint8_t)value;
    return value <= max;
}

/* 255.255.0.0, or the same with all bits turned round. */
static bool parse_mask(eg_str text, uint8_t *bits)
{
    uint8_t part[4];
    uint32_t mask, width;

    if (!parse_v4(text, part)) {
        return false;
    }
    mask = (uint32_t)part[0] << 24 | (uint32_t)part[1] << 16 | (uint32_t)part[2] << 8 | part[3];
    if (mask != 0 && !(mask & UINT32_C(0x80000000))) {
        mask = ~mask;
    }
    for (width = 0; width < 32 && (mask << width & UINT32_C(0x80000000)); width++) {
    }
    if (width < 32 && mask << width != 0) {
        return false;
    }
    *bits = (uint8_t)width;
    return true;
}

static bool has_host_bits(const eg_network *network)
{
    unsigned bit;

    for (bit = network->bits; bit < network->address.size * 8u; bit++) {
        if (network->address.bytes[bit / 8] & (0x80u >> bit % 8)) {
            return true;
        }
    }
    return false;
}

int eg_network_parse(eg_str text, eg_network *out)
{
    const char *slash = text.len ? memchr(text.ptr, '/', text.len) : NULL;
    eg_str host = slash ? (eg_str){text.ptr, (size_t)(slash - text.ptr)} : text;
    eg_str rest = slash ? (eg_str){slash + 1, text.len - host.len - 1} : EG_STR_NONE;
    eg_network network;

    if (!eg_address_parse(host, &network.address)) {
        return eg_fail(EG_E_INVALID, "'%.*s' is no network address", EG_STR_ARGS(text));
    }
    network.bits = (uint8_t)(network.address.size * 8);
    if (slash && !parse_bits(rest, network.bits, &network.bits) &&
        !(network.address.size == 4 && parse_mask(rest, &network.bits))) {
        return eg_fail(EG_E_INVALID, "'%.*s' has no valid prefix length", EG_STR_ARGS(text));
    }
    if (has_host_bits(&network)) {
        return eg_fail(EG_E_INVALID, "'%.*s' has bits set behind its prefix", EG_STR_ARGS(text));
    }
    *out = network;
    return EG_OK;
}

bool eg_network_contains(const eg_network *network, const eg_address *address)
{
    size_t whole = network->bits / 8u;
    unsigned rest = network->bits % 8u;

    if (address->size != network->address.size ||
        memcmp(address->bytes, network->address.bytes, whole) != 0) {
        return false;
    }
    return rest == 0 || ((address->bytes[whole] ^ network->address.bytes[whole]) &
                         (0xff00u >> rest & 0xff)) == 0;
}
