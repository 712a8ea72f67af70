/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/incident_steps.h"

#include "core/base/status.h"
#include "core/detect/subject.h"

#include <string.h>

/* FNV-1a: keys are stored, so they must be the same in every version and on every machine. */
#define FNV_BASIS UINT64_C(0xCBF29CE484222325)
#define FNV_PRIME UINT64_C(0x100000001B3)

/* What starts everything on Windows: to have it as an ancestor says nothing. */
static const char *const roots[] = {
    "explorer.exe", "services.exe",      "svchost.exe",  "wininit.exe",   "winlogon.exe",
    "userinit.exe", "smss.exe",          "csrss.exe",    "lsass.exe",     "System",
    "sihost.exe",   "taskeng.exe",       "taskhost.exe", "taskhostw.exe", "wmiprvse.exe",
    "dllhost.exe",  "runtimebroker.exe",
};

typedef struct writer {
    eg_step *steps;
    size_t count;
} writer;

static uint64_t mix(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = at[i];
        if (c >= 'A' && c <= 'Z') {
            c = (unsigned char)(c + ('a' - 'A'));
        }
        hash = (hash ^ c) * FNV_PRIME;
    }
    return hash;
}

static uint64_t key_of_text(char family, eg_str text)
{
    return mix(mix(FNV_BASIS, &family, 1), text.ptr, text.len);
}

static uint64_t key_of_process(const eg_process *process)
{
    uint64_t hash = (FNV_BASIS ^ process->create_time) * FNV_PRIME;
    return (hash ^ process->pid) * FNV_PRIME;
}

/* Sysmon writes "?" or "-" for what it does not know. */
static bool is_known(eg_str image)
{
    return image.len > 0 && !eg_str_equal(image, EG_STR("?")) && !eg_str_equal(image, EG_STR("-"));
}

static bool is_root(eg_str image)
{
    eg_str base = eg_path_base(image);
    for (size_t i = 0; i < EG_COUNT(roots); i++) {
        if (eg_str_equal_nocase(base, eg_str_from(roots[i]))) {
            return true;
        }
    }
    return false;
}

/* Programs that many unrelated things go through on an ordinary day. */
static bool is_shared(eg_role role)
{
    return role == EG_ROLE_MAIL || role == EG_ROLE_BROWSER || role == EG_ROLE_ARCHIVER ||
           role == EG_ROLE_DESKTOP;
}

/* What Windows or an installer put there; that two events name it says nothing. */
static bool is_installed(eg_str path)
{
    static const char *const folders[] = {"%systemroot%\\", "%windir%\\", "\\systemroot\\",
                                          "%programfiles%\\"};
    eg_str rest = path;
    for (size_t i = 0; i < EG_COUNT(folders); i++) {
        if (eg_str_starts_nocase(path, eg_str_from(folders[i]))) {
            return true;
        }
    }
    if (rest.len > 3 && rest.ptr[1] == ':') {
        rest.ptr += 2;
        rest.len -= 2;
    }
    return eg_str_starts_nocase(rest, EG_STR("\\windows\\")) ||
           eg_str_starts_nocase(rest, EG_STR("\\program files")) ||
           !memchr(path.ptr ? path.ptr : "", '\\', path.len);
}

static void add(writer *to, const eg_step *step)
{
    if (to->count < EG_STEPS_PER_EVENT) {
        to->steps[to->count++] = *step;
    }
}

/* The file that a program was made to open; its key is the file's, wherever it is met again. */
static eg_step step_of_file(eg_str file, eg_str command, uint64_t time, uint32_t pid)
{
    eg_role role = eg_role_of_file(file);
    return (eg_step){
        .role = role == EG_ROLE_PROGRAM ? EG_ROLE_FILE : role,
        .time = time,
        .key = key_of_text('f', file),
        .joins = !is_installed(file),
        .pid = pid,
        .name = eg_path_base(file),
        .detail = command,
    };
}

/* A program of its own, or the document, script or library that it was started for. */
static eg_step step_of_process(const eg_process *process)
{
    eg_role role = eg_role_of_file(process->image);
    eg_str file = eg_command_file(process->command_line);
    eg_str command = process->command_line.len > 0 ? process->command_line : process->image;
    bool opens = role == EG_ROLE_OFFICE || role == EG_ROLE_READER;
    if (file.len > 0 && (role == EG_ROLE_COMMANDS || role == EG_ROLE_TOOL)) {
        eg_step step = step_of_file(file, command, process->create_time, process->pid);
        if (!step.joins) { /* a library of Windows says nothing, but the process is the same */
            step.key = key_of_process(process);
            step.joins = true;
        }
        return step;
    }
    eg_step step = {
        .role = role,
        .time = process->create_time,
        .key = key_of_process(process),
        .joins = !is_shared(role),
        .pid = process->pid,
        .name = eg_path_base(process->image),
        .detail = command,
    };
    if (role == EG_ROLE_PROGRAM && !is_installed(process->image)) {
        step.key = key_of_text('f', process->image);
    } else if (opens && file.len > 0) {
        /* one process may open many documents, but what it starts comes from one of them */
        step.role = EG_ROLE_DOCUMENT;
        step.name = eg_path_base(file);
    }
    return step;
}

/* From the oldest ancestor that says something down to the process itself. */
static void add_lineage(writer *to, const eg_lineage *lineage)
{
    size_t from = lineage->count;
    for (size_t i = 0; i < lineage->count; i++) {
        if (i > 0 && is_root(lineage->process[i].image)) {
            from = i;
            break;
        }
    }
    while (from-- > 0) {
        const eg_process *process = &lineage->process[from];
        if (is_known(process->image) && !is_root(process->image)) {
            eg_step step = step_of_process(process);
            add(to, &step);
        }
    }
}

static bool is_file(const eg_event *event)
{
    return event->kind == EG_KIND_FILE_CREATED || event->kind == EG_KIND_IMAGE_LOAD;
}

/* What a place of start names: "rundll32 x.dll" is about x.dll, "x.exe /quiet" about x.exe. */
static void add_started_file(writer *to, const eg_event *event, const eg_subject *subject)
{
    eg_str file = eg_command_file(subject->program);
    if (file.len == 0) {
        file = eg_command_program(subject->program);
    }
    if (eg_path_base(file).len > 0 && !is_file(event)) {
        eg_step step = step_of_file(file, subject->program, 0, 0);
        if (step.role == EG_ROLE_FILE) {
            step.role = EG_ROLE_PROGRAM;
        }
        step.suspicious = true;
        add(to, &step);
    }
}

/*
 * "kqzwx" of "...\Run\kqzwx", and "Run" of "...\Run\"; Sysmon quotes the names of WMI consumers.
 */
static eg_str name_of_place(eg_str target)
{
    while (target.len > 0 && strchr(" \"\\", target.ptr[target.len - 1])) {
        target.len--;
    }
    while (target.len > 0 && strchr(" \"", target.ptr[0])) {
        target.ptr++;
        target.len--;
    }
    eg_str base = eg_path_base(target);
    if (eg_str_equal_nocase(base, EG_STR("ImagePath")) && base.len < target.len) {
        base = eg_path_base((eg_str){target.ptr, target.len - base.len - 1}); /* the service */
    }
    return base;
}

static void add_place(writer *to, const eg_event *event, const eg_subject *subject)
{
    if (subject->target.len == 0) {
        return;
    }
    eg_step step = {
        .role = eg_role_of_place(event->kind, subject->target),
        .time = event->time,
        .key = key_of_text(is_file(event) ? 'f' : 'p', subject->target),
        .joins = !is_file(event) || !is_installed(subject->target),
        .suspicious = true,
        .name = name_of_place(subject->target),
        .detail = subject->target,
    };
    add(to, &step);
}

/* The file that YARA found: a step that the event has told already, or one more. */
static void add_found(writer *to, eg_str file)
{
    if (file.len == 0) {
        return;
    }
    eg_step step = step_of_file(file, file, 0, 0);
    step.suspicious = true;
    for (size_t i = 0; i < to->count; i++) {
        if (to->steps[i].key == step.key) {
            to->steps[i].suspicious = true;
            return;
        }
    }
    add(to, &step);
}

int eg_incident_steps(const eg_event *event, const eg_lineage *lineage, eg_str file,
                      eg_arena *arena, eg_step steps[EG_STEPS_PER_EVENT], size_t *count)
{
    writer to = {steps, 0};
    eg_subject subject;
    int status = eg_subject_of(event, arena, &subject);
    if (status != EG_OK) {
        return status;
    }
    bool process = event->kind == EG_KIND_PROCESS_START || event->kind == EG_KIND_PROCESS_STOP ||
                   subject.target.len == 0;
    add_lineage(&to, lineage);
    if (process && to.count > 0) {
        to.steps[to.count - 1].suspicious = true;
    }
    if (!process) {
        add_started_file(&to, event, &subject);
        add_place(&to, event, &subject);
    }
    add_found(&to, file);
    *count = to.count;
    return EG_OK;
}
