/* SPDX-License-Identifier: Apache-2.0 */
#include "core/detect/scan_targets.h"

#include "core/base/status.h"
#include "core/detect/command_files.h"

#include <string.h>

static const char *const reasons[EG_SCAN_REASON_COUNT] = {
#define REASON(id, name) name,
#include "core/detect/scan_reasons.def"
#undef REASON
};

typedef struct writer {
    const eg_event *event;
    eg_path_context context;
    eg_arena *arena;
    eg_scan_targets *out;
    eg_scan_reason reason;
    int status;
} writer;

const char *eg_scan_reason_name(eg_scan_reason reason)
{
    return (unsigned)reason < EG_SCAN_REASON_COUNT ? reasons[reason] : "";
}

/* ---- one target ---- */

static void add(writer *to, const eg_scan_target *target)
{
    eg_scan_targets *out = to->out;
    for (size_t i = 0; i < out->count && !target->bytes.ptr; i++) {
        if (eg_str_equal_nocase(out->items[i].path.text, target->path.text)) {
            return;
        }
    }
    if (out->count == EG_SCAN_TARGETS_MAX) {
        out->cut = true;
    } else {
        out->items[out->count++] = *target;
    }
}

static eg_str join(writer *to, eg_str a, eg_str b, eg_str c)
{
    char *text = eg_arena_alloc(to->arena, a.len + b.len + c.len + 1);
    if (!text) {
        to->status = EG_E_NOMEM;
        return EG_STR("");
    }
    memcpy(text, a.ptr ? a.ptr : "", a.len);
    memcpy(text + a.len, b.ptr ? b.ptr : "", b.len);
    memcpy(text + a.len + b.len, c.ptr ? c.ptr : "", c.len);
    return (eg_str){text, a.len + b.len + c.len};
}

/* Where a 32-bit program gets when it names System32; "" for any other path. */
static eg_str redirected(writer *to, eg_str path)
{
    eg_str root = to->context.folders->system_root;
    eg_str system = join(to, root, EG_STR("\\System32\\"), EG_STR(""));
    if (system.len == 0 || !eg_str_starts_nocase(path, system)) {
        return EG_STR("");
    }
    const eg_str rest = {path.ptr + system.len, path.len - system.len};
    return join(to, root, EG_STR("\\SysWOW64\\"), rest);
}

static bool is_32_bit(const writer *to)
{
    eg_str image = eg_event_get(to->event, EG_FIELD_IMAGE);
    eg_str root = to->context.folders->system_root;
    return image.len > root.len && eg_str_starts_nocase(image, root) &&
           eg_str_starts_nocase((eg_str){image.ptr + root.len, image.len - root.len},
                                EG_STR("\\SysWOW64\\"));
}

static void add_file(writer *to, eg_str written, bool is_candidate)
{
    eg_scan_target target = {.reason = to->reason, .is_candidate = is_candidate};
    if (written.len == 0 || to->status != EG_OK) {
        return;
    }
    to->status = eg_windows_path_resolve(&to->context, written, to->arena, &target.path);
    if (to->status != EG_OK) {
        return;
    }
    if (target.path.kind == EG_PATH_LOCAL && to->reason == EG_SCAN_COMMAND_LINE && is_32_bit(to)) {
        eg_scan_target other = target;
        other.path.text = redirected(to, target.path.text);
        target.is_candidate = target.is_candidate || other.path.text.len > 0;
        other.is_candidate = true;
        if (other.path.text.len > 0) {
            add(to, &other);
        }
    }
    add(to, &target);
}

static bool is_bare(eg_str name)
{
    return !memchr(name.ptr, '\\', name.len) && !memchr(name.ptr, '/', name.len) &&
           !memchr(name.ptr, '%', name.len) && !memchr(name.ptr, '$', name.len);
}

/* A name alone is looked for in the folder the program stands in, then in that of Windows. */
static void add_named(writer *to, const eg_named_file *file)
{
    eg_str base = eg_path_base(file->path);
    eg_str name = file->path;
    if (base.len > 0 && !memchr(base.ptr, '.', base.len)) {
        name = join(to, name, file->ending, EG_STR(""));
    }
    if (!is_bare(name)) {
        add_file(to, name, false);
        return;
    }
    if (to->context.current.len > 0) {
        add_file(to, name, true);
    }
    eg_str root = to->context.folders->system_root;
    add_file(to, join(to, root, EG_STR("\\System32\\"), name), true);
}

/* A command and what it is handed; of a process the program is told by its image. */
static void add_command(writer *to, eg_str command, bool with_program)
{
    eg_named_files *files = eg_arena_alloc(to->arena, sizeof(*files));
    if (!files || to->status != EG_OK) {
        to->status = EG_E_NOMEM;
        return;
    }
    to->status = eg_command_files(command, to->arena, files);
    for (size_t i = 0; i < files->count && to->status == EG_OK; i++) {
        if (with_program || !files->items[i].is_program) {
            add_named(to, &files->items[i]);
        }
    }
    to->out->cut = to->out->cut || files->cut;
}

/* ---- by the kind of the event ---- */

static void add_process(writer *to)
{
    to->reason = EG_SCAN_STARTED;
    add_file(to, eg_event_get(to->event, EG_FIELD_IMAGE), false);
    to->reason = EG_SCAN_COMMAND_LINE;
    add_command(to, eg_event_get(to->event, EG_FIELD_COMMAND_LINE), false);
}

/* Values that hold several programs or libraries, one behind the other. */
static bool is_list(eg_str name)
{
    static const char *const lists[] = {"Userinit", "Shell", "AppInit_DLLs"};
    for (size_t i = 0; i < EG_COUNT(lists); i++) {
        if (eg_str_equal_nocase(name, eg_str_from(lists[i]))) {
            return true;
        }
    }
    return false;
}

static void add_registry(writer *to)
{
    eg_str rest = eg_event_get(to->event, EG_FIELD_DETAILS), part;
    eg_str target = eg_event_get(to->event, EG_FIELD_TARGET_OBJECT);
    if (eg_str_starts_nocase(rest, EG_STR("DWORD (")) ||
        eg_str_starts_nocase(rest, EG_STR("QWORD (")) ||
        eg_str_equal(rest, EG_STR("Binary Data")) || eg_str_equal(rest, EG_STR("(Empty)"))) {
        return;
    }
    bool is_library = eg_str_ends_nocase(target, EG_STR("\\Parameters\\ServiceDll"));
    to->reason = is_library ? EG_SCAN_SERVICE : EG_SCAN_AUTOSTART;
    if (!is_list(eg_path_base(target))) {
        add_command(to, rest, true);
        return;
    }
    for (int i = 0; i < EG_SCAN_TARGETS_MAX && eg_str_split(&rest, ',', &part); i++) {
        add_command(to, part, true);
    }
}

static void add_service(writer *to)
{
    eg_str path = eg_event_get(to->event, EG_FIELD_IMAGE_PATH);
    to->reason = EG_SCAN_SERVICE;
    if (path.len == 0) {
        path = eg_event_get(to->event, EG_FIELD_SERVICE_FILE_NAME);
    }
    if (eg_str_ends_nocase(path, EG_STR(".sys"))) {
        add_file(to, path, false); /* a driver's name may hold blanks, and is no command */
    } else {
        add_command(to, path, true);
    }
}

/* A program with arguments of its own: the program's name may hold blanks without quotes. */
static void add_parts(writer *to, eg_str program, eg_str arguments)
{
    eg_str quoted = program;
    if (program.len == 0) {
        return;
    }
    if (program.ptr[0] != '"') {
        quoted = join(to, EG_STR("\""), program, EG_STR("\""));
    }
    if (to->status == EG_OK) {
        add_command(to, join(to, quoted, EG_STR(" "), arguments), true);
    }
}

static void add_task(writer *to)
{
    to->reason = EG_SCAN_TASK;
    eg_str folder = eg_event_get(to->event, EG_FIELD_WORKING_DIRECTORY);
    if (folder.len > 0) {
        to->context.current = folder;
    }
    add_parts(to, eg_event_get(to->event, EG_FIELD_COMMAND),
              eg_event_get(to->event, EG_FIELD_ARGUMENTS));
}

static void add_bytes(writer *to, eg_field field, eg_str name)
{
    eg_str bytes = eg_event_get(to->event, field);
    eg_scan_target target = {.reason = to->reason, .bytes = bytes};
    target.path = (eg_windows_path){EG_PATH_UNRESOLVED, name};
    if (bytes.len > 0) {
        add(to, &target);
    }
}

static void add_wmi(writer *to)
{
    eg_str type = eg_event_get(to->event, EG_FIELD_TYPE);
    to->reason = EG_SCAN_WMI;
    if (eg_str_equal_nocase(type, EG_STR("Script"))) {
        add_bytes(to, EG_FIELD_DESTINATION, eg_event_get(to->event, EG_FIELD_NAME));
    } else {
        add_command(to, eg_event_get(to->event, EG_FIELD_DESTINATION), true);
    }
}

static void add_created(writer *to)
{
    to->reason = EG_SCAN_DROPPED;
    add_file(to, eg_event_get(to->event, EG_FIELD_TARGET_FILENAME), false);
    to->reason = EG_SCAN_SHORTCUT;
    add_parts(to, eg_event_get(to->event, EG_FIELD_LINK_TARGET),
              eg_event_get(to->event, EG_FIELD_LINK_ARGUMENTS));
}

static void add_script(writer *to)
{
    static const eg_field names[] = {EG_FIELD_PATH, EG_FIELD_CONTENT_NAME, EG_FIELD_APP_NAME,
                                     EG_FIELD_IMAGE};
    eg_str name = EG_STR("");
    for (size_t i = 0; i < EG_COUNT(names) && name.len == 0; i++) {
        name = eg_event_get(to->event, names[i]);
    }
    to->reason = EG_SCAN_SCRIPT;
    add_bytes(to, EG_FIELD_SCRIPT_BLOCK_TEXT, name.ptr ? name : EG_STR(""));
}

bool eg_scan_targets_in(const eg_event *event)
{
    if (event->flags & (EG_EVENT_MARK | EG_EVENT_SECOND_PASS)) {
        return false;
    }
    switch (event->kind) {
    case EG_KIND_PROCESS_START:
    case EG_KIND_IMAGE_LOAD:
    case EG_KIND_REGISTRY_SET:
    case EG_KIND_SERVICE_INSTALLED:
    case EG_KIND_TASK_REGISTERED:
    case EG_KIND_TASK_UPDATED:
    case EG_KIND_WMI_SUBSCRIPTION:
    case EG_KIND_FILE_CREATED:
    case EG_KIND_SCRIPT_BLOCK:
    case EG_KIND_AMSI_CONTENT: return true;
    default: return false;
    }
}

static void add_all(writer *to)
{
    switch (to->event->kind) {
    case EG_KIND_PROCESS_START: add_process(to); break;
    case EG_KIND_IMAGE_LOAD:
        to->reason = EG_SCAN_LOADED;
        add_file(to, eg_event_get(to->event, EG_FIELD_IMAGE_LOADED), false);
        break;
    case EG_KIND_REGISTRY_SET: add_registry(to); break;
    case EG_KIND_SERVICE_INSTALLED: add_service(to); break;
    case EG_KIND_TASK_REGISTERED:
    case EG_KIND_TASK_UPDATED: add_task(to); break;
    case EG_KIND_WMI_SUBSCRIPTION: add_wmi(to); break;
    case EG_KIND_FILE_CREATED: add_created(to); break;
    case EG_KIND_SCRIPT_BLOCK:
    case EG_KIND_AMSI_CONTENT: add_script(to); break;
    default: break;
    }
}

/* ---- whose event it is ---- */

/* "HKU\S-1-5-21-...\Software\..." names its user. */
static eg_str sid_of(eg_str target)
{
    static const eg_str users = EG_STR_INIT("HKU\\");
    if (!eg_str_starts_nocase(target, users)) {
        return EG_STR("");
    }
    eg_str rest = {target.ptr + users.len, target.len - users.len}, sid;
    return eg_str_split(&rest, '\\', &sid) ? sid : EG_STR("");
}

static eg_str user_folder_of(const eg_event *event, const eg_windows_folders *folders)
{
    const eg_str users[] = {sid_of(eg_event_get(event, EG_FIELD_TARGET_OBJECT)),
                            eg_event_get(event, EG_FIELD_USER_ID),
                            eg_event_get(event, EG_FIELD_USER)};
    const eg_str paths[] = {eg_event_get(event, EG_FIELD_CURRENT_DIRECTORY),
                            eg_event_get(event, EG_FIELD_WORKING_DIRECTORY),
                            eg_event_get(event, EG_FIELD_TARGET_FILENAME),
                            eg_event_get(event, EG_FIELD_IMAGE)};
    eg_str found = EG_STR("");
    for (size_t i = 0; i < EG_COUNT(users) && found.len == 0; i++) {
        found = eg_windows_user_folder(folders, users[i], EG_STR(""));
    }
    for (size_t i = 0; i < EG_COUNT(paths) && found.len == 0; i++) {
        found = eg_windows_user_folder(folders, EG_STR(""), paths[i]);
    }
    return found;
}

int eg_scan_targets_of(const eg_event *event, const eg_windows_folders *folders, eg_arena *arena,
                       eg_scan_targets *out)
{
    writer to = {event, {folders, EG_STR(""), EG_STR("")}, arena, out, EG_SCAN_STARTED, EG_OK};
    *out = (eg_scan_targets){.count = 0};
    if (!eg_scan_targets_in(event)) {
        return EG_OK;
    }
    to.context.user_folder = user_folder_of(event, folders);
    to.context.current = eg_event_get(event, EG_FIELD_CURRENT_DIRECTORY);
    if (event->kind == EG_KIND_SERVICE_INSTALLED) {
        to.context.current = folders->system_root; /* "System32\drivers\x.sys" */
    }
    add_all(&to);
    return to.status;
}

bool eg_scan_target_memory(const eg_event *event, eg_scan_target *out)
{
    if (event->kind != EG_KIND_PROCESS_START || event->pid == 0 || event->create_time == 0) {
        return false;
    }
    *out = (eg_scan_target){
        .reason = EG_SCAN_MEMORY,
        .path = {EG_PATH_LOCAL, eg_event_get(event, EG_FIELD_IMAGE)},
        .process_id = event->pid,
        .created = event->create_time,
    };
    return true;
}
