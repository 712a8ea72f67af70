/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/chain.h"

#include "core/detect/role.h"
#include "tray/resource.h"

/* What a role is called and how it is drawn; in the order of roles.def. */
static const struct {
    unsigned kind_text;
    eg_symbol symbol;
} looks[EG_ROLE_COUNT] = {
    [EG_ROLE_OFFICE] = {EG_TEXT_KIND_OFFICE, EG_SYMBOL_DOCUMENT},
    [EG_ROLE_MAIL] = {EG_TEXT_KIND_MAIL, EG_SYMBOL_MAIL},
    [EG_ROLE_BROWSER] = {EG_TEXT_KIND_BROWSER, EG_SYMBOL_BROWSER},
    [EG_ROLE_READER] = {EG_TEXT_KIND_READER, EG_SYMBOL_DOCUMENT},
    [EG_ROLE_ARCHIVER] = {EG_TEXT_KIND_ARCHIVER, EG_SYMBOL_ARCHIVE},
    [EG_ROLE_DESKTOP] = {EG_TEXT_KIND_DESKTOP, EG_SYMBOL_DESKTOP},
    [EG_ROLE_COMMANDS] = {EG_TEXT_KIND_COMMANDS, EG_SYMBOL_COMMANDS},
    [EG_ROLE_TOOL] = {EG_TEXT_KIND_TOOL, EG_SYMBOL_TOOL},
    [EG_ROLE_PROGRAM] = {EG_TEXT_KIND_PROGRAM, EG_SYMBOL_PROGRAM},
    [EG_ROLE_PART] = {EG_TEXT_KIND_PART, EG_SYMBOL_UNKNOWN},
    [EG_ROLE_SCRIPT] = {EG_TEXT_KIND_SCRIPT, EG_SYMBOL_UNKNOWN},
    [EG_ROLE_DOCUMENT] = {EG_TEXT_KIND_DOCUMENT, EG_SYMBOL_DOCUMENT},
    [EG_ROLE_FILE] = {EG_TEXT_KIND_FILE, EG_SYMBOL_UNKNOWN},
    [EG_ROLE_AUTOSTART] = {EG_TEXT_KIND_AUTOSTART, EG_SYMBOL_AUTOSTART},
    [EG_ROLE_TASK] = {EG_TEXT_KIND_TASK, EG_SYMBOL_TASK},
    [EG_ROLE_SERVICE] = {EG_TEXT_KIND_SERVICE, EG_SYMBOL_AUTOSTART},
    [EG_ROLE_REMOVED] = {EG_TEXT_KIND_REMOVED, EG_SYMBOL_UNKNOWN},
    [EG_ROLE_OTHER] = {EG_TEXT_KIND_OTHER, EG_SYMBOL_UNKNOWN},
};

static eg_chain_box box_of(eg_role role, eg_str path)
{
    return (eg_chain_box){.symbol = looks[role].symbol,
                          .kind_text = looks[role].kind_text,
                          .name = eg_path_base(path)};
}

static size_t from_hit(const eg_hit_notice *hit, eg_chain_box boxes[EG_CHAIN_MAX])
{
    size_t count = 0;
    bool process = hit->target.len == 0;
    eg_str command = process && hit->command_line.len > 0 ? hit->command_line : hit->program;
    eg_str program = eg_command_program(hit->program);
    eg_str file = eg_command_file(command);

    if (hit->parent.len > 0) {
        eg_str parent = eg_command_program(hit->parent);
        boxes[count++] = box_of(eg_role_of_file(parent), parent);
    }
    if (program.len > 0) {
        boxes[count] = box_of(eg_role_of_file(program), program);
        boxes[count].time = process ? hit->time : 0;
        boxes[count].suspicious = file.len == 0;
        count++;
    }
    if (file.len > 0) {
        eg_role role = eg_role_of_file(file);
        boxes[count] = box_of(role == EG_ROLE_PROGRAM ? EG_ROLE_FILE : role, file);
        boxes[count++].suspicious = true;
    }
    if (!process) {
        boxes[count] = box_of(eg_role_of_place(hit->kind, hit->target), hit->target);
        boxes[count].suspicious = true;
        boxes[count++].time = hit->time;
    }
    return count;
}

/* What a role can stand for in the picture. */
typedef enum part { ORIGIN, COMMANDS, UNKNOWN_FILE, STAYS, OTHER } part;

static part part_of(eg_role role)
{
    switch (role) {
    case EG_ROLE_OFFICE:
    case EG_ROLE_MAIL:
    case EG_ROLE_BROWSER:
    case EG_ROLE_READER:
    case EG_ROLE_ARCHIVER:
    case EG_ROLE_DOCUMENT: return ORIGIN;
    case EG_ROLE_COMMANDS:
    case EG_ROLE_SCRIPT: return COMMANDS;
    case EG_ROLE_PROGRAM:
    case EG_ROLE_PART:
    case EG_ROLE_FILE: return UNKNOWN_FILE;
    case EG_ROLE_AUTOSTART:
    case EG_ROLE_TASK:
    case EG_ROLE_SERVICE: return STAYS;
    default: return OTHER;
    }
}

/*
 * How much a step says, given that parts in `shown` are there already: what is suspicious before
 * what is not, each part once before any part twice; of the same, the later one. A document says
 * more than the program it was opened in.
 */
static unsigned worth(const eg_notice_step *step, unsigned shown)
{
    part is = part_of(step->role);
    unsigned value = step->suspicious ? 4 : 0;

    if (is != OTHER && !(shown & 1u << is)) {
        value += 8;
    }
    if (is == ORIGIN && step->role == EG_ROLE_DOCUMENT) {
        value += 2;
    }
    return value + (step->role != EG_ROLE_DESKTOP ? 1 : 0);
}

static void choose(const eg_notice_steps *steps, bool chosen[EG_NOTICE_STEPS_MAX])
{
    unsigned shown = 0;

    for (size_t n = 0; n < EG_CHAIN_MAX && n < steps->count; n++) {
        size_t best = steps->count;
        for (size_t i = 0; i < steps->count; i++) {
            if (!chosen[i] && (best == steps->count ||
                               worth(&steps->step[i], shown) >= worth(&steps->step[best], shown))) {
                best = i;
            }
        }
        chosen[best] = true;
        shown |= 1u << part_of(steps->step[best].role);
    }
}

/* What a suspicious program is called says nothing to the person; that it is unknown does. */
static unsigned kind_of(const eg_notice_step *step)
{
    bool unknown = step->role == EG_ROLE_PART || step->role == EG_ROLE_PROGRAM;

    return step->suspicious && unknown ? EG_TEXT_KIND_UNKNOWN : looks[step->role].kind_text;
}

static size_t from_steps(const eg_notice_steps *steps, eg_chain_box boxes[EG_CHAIN_MAX])
{
    bool chosen[EG_NOTICE_STEPS_MAX] = {false};
    size_t count = 0, last = 0;

    choose(steps, chosen);
    for (size_t i = 0; i < steps->count; i++) {
        const eg_notice_step *step = &steps->step[i];
        if (!chosen[i]) {
            continue;
        }
        boxes[count] = box_of(step->role, step->name);
        boxes[count].kind_text = kind_of(step);
        boxes[count].suspicious = step->suspicious;
        boxes[count].time = step->time;
        boxes[count].gap = count > 0 && i > last + 1;
        if (step->role == EG_ROLE_DOCUMENT && i > 0 && steps->step[i - 1].role == EG_ROLE_MAIL &&
            !chosen[i - 1]) {
            boxes[count].symbol = EG_SYMBOL_MAIL;
            boxes[count].kind_text = EG_TEXT_KIND_ATTACHMENT;
        }
        last = i;
        count++;
    }
    return count;
}

size_t eg_chain_from_notice(const eg_hit_notice *hit, eg_chain_box boxes[EG_CHAIN_MAX])
{
    return hit->steps.count > 0 ? from_steps(&hit->steps, boxes) : from_hit(hit, boxes);
}
