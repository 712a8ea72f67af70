/* SPDX-License-Identifier: Apache-2.0 */
#include "driverless-hooks/decode/script_parts.h"

#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/status.h"
#include "core/base/str.h"

#include <string.h>

/* What a part takes of the budget besides its text, so that empty ones are bounded too. */
enum { PART_OVERHEAD = 64 };

typedef struct part {
    uint32_t number;
    uint32_t size;
    char *bytes;
} part;

typedef struct script {
    bool used;
    uint64_t touched; /* milliseconds */
    size_t bytes;     /* of the budget */
    eg_etw_record record;
    eg_etw_decoded decoded; /* id and path point into `names` */
    char *names;
    part *parts; /* by number */
    uint32_t count, room;
} script;

struct eg_script_parts {
    void (*on_text)(void *user, const eg_script_text *text);
    void *user;
    size_t bytes;
    eg_buf joined;
    script scripts[EG_SCRIPT_PARTS_SCRIPTS];
};

int eg_script_parts_create(eg_script_parts **out,
                           void (*on_text)(void *user, const eg_script_text *text), void *user)
{
    eg_script_parts *parts = eg_alloc_zero(1, sizeof(*parts));
    if (!parts) {
        return EG_E_NOMEM;
    }
    parts->on_text = on_text;
    parts->user = user;
    eg_buf_init(&parts->joined, EG_SCRIPT_TEXT_MAX);
    *out = parts;
    return EG_OK;
}

static void forget(eg_script_parts *parts, script *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        eg_free(s->parts[i].bytes);
    }
    eg_free(s->parts);
    eg_free(s->names);
    parts->bytes -= s->bytes;
    memset(s, 0, sizeof(*s));
}

void eg_script_parts_destroy(eg_script_parts *parts)
{
    if (parts) {
        for (size_t i = 0; i < EG_SCRIPT_PARTS_SCRIPTS; i++) {
            forget(parts, &parts->scripts[i]);
        }
        eg_buf_done(&parts->joined);
        eg_free(parts);
    }
}

/* Hands on what was joined: `count` parts from `first` on. */
static void hand_on(eg_script_parts *parts, const script *s, uint32_t first, uint32_t count)
{
    eg_script_text text = {.record = s->record, .decoded = s->decoded};
    eg_etw_script_block *block = &text.decoded.as.script_block;
    text.parts = count;
    text.came = s->count;
    block->number = s->parts[first].number;
    block->text = (eg_etw_span){(const uint8_t *)eg_buf_cstr(&parts->joined), parts->joined.len};
    if (parts->joined.status == EG_OK) {
        parts->on_text(parts->user, &text);
    } else {
        eg_log(EG_LOG_ERROR, "script", "no memory: a script block is lost");
    }
    eg_buf_clear(&parts->joined);
}

/* All parts in their order, in as few texts as the limit allows. */
static void tell(eg_script_parts *parts, script *s)
{
    uint32_t first = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        const part *p = &s->parts[i];
        if (parts->joined.len + p->size > EG_SCRIPT_TEXT_MAX) {
            hand_on(parts, s, first, i - first);
            first = i;
        }
        eg_buf_append(&parts->joined, p->bytes, p->size);
    }
    hand_on(parts, s, first, s->count - first);
    forget(parts, s);
}

static bool is_same(const script *s, const eg_etw_record *record, eg_etw_span id)
{
    eg_etw_span own = s->decoded.as.script_block.id;
    return s->used && s->record.pid == record->pid && own.size == id.size &&
           memcmp(own.bytes, id.bytes, id.size) == 0;
}

/* The one that has waited longest without news. */
static script *find_oldest(eg_script_parts *parts)
{
    script *oldest = NULL;
    for (size_t i = 0; i < EG_SCRIPT_PARTS_SCRIPTS; i++) {
        script *s = &parts->scripts[i];
        if (s->used && (!oldest || s->touched < oldest->touched)) {
            oldest = s;
        }
    }
    return oldest;
}

static script *find_free(eg_script_parts *parts)
{
    for (size_t i = 0; i < EG_SCRIPT_PARTS_SCRIPTS; i++) {
        if (!parts->scripts[i].used) {
            return &parts->scripts[i];
        }
    }
    script *oldest = find_oldest(parts);
    tell(parts, oldest);
    return oldest;
}

static int begin(script *s, const eg_etw_record *record, const eg_etw_decoded *decoded)
{
    eg_etw_span id = decoded->as.script_block.id;
    eg_etw_span path = decoded->as.script_block.path;
    uint8_t *names = eg_alloc(id.size + path.size + 1);
    if (!names) {
        return EG_E_NOMEM;
    }
    memcpy(names, id.bytes, id.size);
    if (path.size > 0) {
        memcpy(names + id.size, path.bytes, path.size);
    }
    s->used = true;
    s->names = (char *)names;
    s->record = *record;
    s->record.payload = NULL;
    s->record.size = 0;
    s->decoded = *decoded;
    s->decoded.as.script_block.id.bytes = names;
    s->decoded.as.script_block.path.bytes = path.bytes ? names + id.size : NULL;
    return EG_OK;
}

static int make_room(script *s)
{
    if (s->count < s->room) {
        return EG_OK;
    }
    uint32_t room = s->room > 0 ? 2 * s->room : 8;
    part *grown = eg_realloc(s->parts, room * sizeof(*grown));
    if (!grown) {
        return EG_E_NOMEM;
    }
    s->parts = grown;
    s->room = room;
    return EG_OK;
}

/* Puts the part where its number belongs; one that is there already stays as it is. */
static int insert(eg_script_parts *parts, script *s, uint32_t number, eg_etw_span text)
{
    uint32_t at = s->count;
    while (at > 0 && s->parts[at - 1].number >= number) {
        at--;
    }
    if (at < s->count && s->parts[at].number == number) {
        return EG_OK;
    }
    char *bytes = eg_copy_bytes((const char *)text.bytes, text.size);
    if (!bytes || make_room(s) != EG_OK) {
        eg_free(bytes);
        return EG_E_NOMEM;
    }
    memmove(&s->parts[at + 1], &s->parts[at], (s->count - at) * sizeof(s->parts[0]));
    s->parts[at] = (part){number, (uint32_t)text.size, bytes};
    s->count++;
    s->bytes += PART_OVERHEAD + text.size;
    parts->bytes += PART_OVERHEAD + text.size;
    return EG_OK;
}

static void hand_on_alone(eg_script_parts *parts, const eg_etw_record *record,
                          const eg_etw_decoded *decoded)
{
    eg_script_text text = {.record = *record, .decoded = *decoded, .parts = 1, .came = 1};
    text.record.payload = NULL;
    text.record.size = 0;
    parts->on_text(parts->user, &text);
}

/* The script this part belongs to, made when it is the first; NULL without memory. */
static script *script_of(eg_script_parts *parts, const eg_etw_record *record,
                         const eg_etw_decoded *decoded)
{
    for (size_t i = 0; i < EG_SCRIPT_PARTS_SCRIPTS; i++) {
        if (is_same(&parts->scripts[i], record, decoded->as.script_block.id)) {
            return &parts->scripts[i];
        }
    }
    script *s = find_free(parts);
    return begin(s, record, decoded) == EG_OK ? s : NULL;
}

int eg_script_parts_add(eg_script_parts *parts, const eg_etw_record *record,
                        const eg_etw_decoded *decoded, uint64_t now)
{
    const eg_etw_script_block *block = &decoded->as.script_block;
    int64_t number = (int64_t)block->number, total = (int64_t)block->total;
    /* no parts, or none that could ever be complete: the record says all there is */
    if (total <= 1 || number < 1 || number > total || total > INT32_MAX ||
        block->text.size > EG_SCRIPT_TEXT_MAX) {
        hand_on_alone(parts, record, decoded);
        return EG_OK;
    }
    while (parts->bytes + PART_OVERHEAD + block->text.size > EG_SCRIPT_PARTS_BYTES) {
        tell(parts, find_oldest(parts));
    }
    script *s = script_of(parts, record, decoded);
    if (!s || insert(parts, s, (uint32_t)number, block->text) != EG_OK) {
        if (s && s->count == 0) {
            forget(parts, s);
        }
        hand_on_alone(parts, record, decoded);
        return eg_fail(EG_E_NOMEM, "no memory to put a script together");
    }
    s->touched = now;
    if (s->count == s->decoded.as.script_block.total || s->count == EG_SCRIPT_PARTS_EACH) {
        tell(parts, s);
    }
    return EG_OK;
}

void eg_script_parts_expire(eg_script_parts *parts, uint64_t now)
{
    for (size_t i = 0; i < EG_SCRIPT_PARTS_SCRIPTS; i++) {
        script *s = &parts->scripts[i];
        if (s->used && now - s->touched >= EG_SCRIPT_PARTS_WAIT_MS) {
            tell(parts, s);
        }
    }
}

void eg_script_parts_flush(eg_script_parts *parts)
{
    for (script *s = find_oldest(parts); s; s = find_oldest(parts)) {
        tell(parts, s);
    }
}

size_t eg_script_parts_waiting(const eg_script_parts *parts)
{
    size_t count = 0;
    for (size_t i = 0; i < EG_SCRIPT_PARTS_SCRIPTS; i++) {
        count += parts->scripts[i].used ? 1 : 0;
    }
    return count;
}
