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
    return (eg_chain_box){looks[role].symbol, looks[role].kind_text, eg_path_base(path), false,
                          false};
}

static eg_role role_of_target(const eg_hit_notice *hit)
{
    switch (hit->kind) {
    case EG_KIND_REGISTRY_SET: return EG_ROLE_AUTOSTART;
    case EG_KIND_TASK_REGISTERED:
    case EG_KIND_TASK_UPDATED:
    case EG_KIND_TASK_STARTED: return EG_ROLE_TASK;
    case EG_KIND_SERVICE_INSTALLED: return EG_ROLE_SERVICE;
    case EG_KIND_REGISTRY_DELETE:
    case EG_KIND_TASK_REMOVED: return EG_ROLE_REMOVED;
    case EG_KIND_FILE_CREATED:
    case EG_KIND_IMAGE_LOAD: return eg_role_of_file(hit->target);
    default: return EG_ROLE_OTHER;
    }
}

size_t eg_chain_from_notice(const eg_hit_notice *hit, eg_chain_box boxes[EG_CHAIN_MAX])
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
        boxes[count].timed = process;
        boxes[count].suspicious = file.len == 0;
        count++;
    }
    if (file.len > 0) {
        eg_role role = eg_role_of_file(file);
        boxes[count] = box_of(role == EG_ROLE_PROGRAM ? EG_ROLE_FILE : role, file);
        boxes[count++].suspicious = true;
    }
    if (!process) {
        boxes[count] = box_of(role_of_target(hit), hit->target);
        boxes[count].suspicious = true;
        boxes[count++].timed = true;
    }
    return count;
}
