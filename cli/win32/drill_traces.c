/* SPDX-License-Identifier: Apache-2.0 */
#define COBJMACROS
#include "cli/win32/drill_traces.h"

#include "cli/drill/drill.h"
#include "core/base/mem.h"
#include "core/base/os.h"
#include "core/base/status.h"
#include "core/base/utf.h"

#include <windows.h>

#include <taskschd.h>
#include <string.h>
#include <wchar.h>

#define PATH_MAX_BYTES 16384
#define RUN_KEY L"Software\\Microsoft\\Windows\\CurrentVersion\\Run"
#define CLEAN_TRIES 20
#define CLEAN_PAUSE_MS 100

static int append_wide(eg_buf *out, const wchar_t *text)
{
    return eg_utf8_from_utf16(out, (const uint16_t *)text, wcslen(text));
}

static int own_folder(eg_buf *out)
{
    wchar_t path[4096];
    DWORD length = GetModuleFileNameW(NULL, path, EG_COUNT(path));
    if (length == 0 || length >= EG_COUNT(path)) {
        return eg_fail_os(GetLastError(), "find the folder of this program");
    }
    wchar_t *slash = wcsrchr(path, L'\\');
    if (slash) {
        *slash = L'\0';
    }
    return append_wide(out, path);
}

int eg_drill_paths_init(eg_drill_paths *paths)
{
    eg_buf *const all[] = {&paths->program_folder, &paths->stage_folder, &paths->dll_folder,
                           &paths->dll, &paths->first_stage};
    for (size_t i = 0; i < EG_COUNT(all); i++) {
        eg_buf_init(all[i], PATH_MAX_BYTES);
    }
    int status = own_folder(&paths->program_folder);
    for (size_t i = 1; i < EG_COUNT(all) && status == EG_OK; i++) {
        status = eg_env_get("LOCALAPPDATA", all[i]);
    }
    if (status != EG_OK) {
        return status;
    }
    append_wide(&paths->stage_folder, EG_DRILL_STAGE_FOLDER);
    append_wide(&paths->dll_folder, EG_DRILL_DLL_FOLDER);
    append_wide(&paths->dll, EG_DRILL_DLL_FOLDER L"\\" EG_DRILL_DLL);
    append_wide(&paths->first_stage, EG_DRILL_STAGE_FOLDER L"\\" EG_DRILL_STAGE_1);
    for (size_t i = 0; i < EG_COUNT(all); i++) {
        if (all[i]->status != EG_OK) {
            return all[i]->status;
        }
    }
    return EG_OK;
}

void eg_drill_paths_done(eg_drill_paths *paths)
{
    eg_buf_done(&paths->program_folder);
    eg_buf_done(&paths->stage_folder);
    eg_buf_done(&paths->dll_folder);
    eg_buf_done(&paths->dll);
    eg_buf_done(&paths->first_stage);
}

static int copy_into(const eg_drill_paths *paths, const char *original, const eg_buf *folder,
                     const wchar_t *name)
{
    eg_buf from, to;
    eg_buf_init(&from, PATH_MAX_BYTES);
    eg_buf_init(&to, PATH_MAX_BYTES);
    int status = eg_path_join(&from, eg_buf_cstr(&paths->program_folder), original);
    if (status == EG_OK && !eg_file_exists(eg_buf_cstr(&from))) {
        status = eg_fail(EG_E_NOTFOUND, "%s is missing: it is installed beside emoguard.exe",
                         eg_buf_cstr(&from));
    }
    if (status == EG_OK) {
        eg_buf_append_str(&to, eg_buf_str(folder));
        eg_buf_append_char(&to, '\\');
        status = append_wide(&to, name);
    }
    if (status == EG_OK) {
        status = eg_file_copy(eg_buf_cstr(&from), eg_buf_cstr(&to));
    }
    eg_buf_done(&to);
    eg_buf_done(&from);
    return status;
}

int eg_drill_place_files(const eg_drill_paths *paths)
{
    static const wchar_t *const stages[] = {EG_DRILL_STAGE_1, EG_DRILL_STAGE_2, EG_DRILL_STAGE_3};
    int status = eg_dir_create(eg_buf_cstr(&paths->stage_folder));
    if (status == EG_OK) {
        status = eg_dir_create(eg_buf_cstr(&paths->dll_folder));
    }
    for (size_t i = 0; i < EG_COUNT(stages) && status == EG_OK; i++) {
        status = copy_into(paths, "emoguard-drill-stage.exe", &paths->stage_folder, stages[i]);
    }
    if (status == EG_OK) {
        status = copy_into(paths, "emoguard-drill-payload.dll", &paths->dll_folder, EG_DRILL_DLL);
    }
    return status;
}

int eg_drill_set_run_value(const eg_drill_paths *paths)
{
    eg_buf command;
    HKEY key = NULL;

    eg_buf_init(&command, PATH_MAX_BYTES);
    int status = eg_buf_appendf(&command, "regsvr32.exe /s \"%s\"", eg_buf_cstr(&paths->dll));
    uint16_t *wide = status == EG_OK ? eg_utf16_copy(eg_buf_str(&command)) : NULL;
    if (!wide) {
        status = EG_E_NOMEM;
        goto out;
    }
    LSTATUS error =
        RegCreateKeyExW(HKEY_CURRENT_USER, RUN_KEY, 0, NULL, 0, KEY_SET_VALUE, NULL, &key, NULL);
    if (error == ERROR_SUCCESS) {
        DWORD size = (DWORD)((wcslen((const wchar_t *)wide) + 1) * sizeof(wchar_t));
        error = RegSetValueExW(key, EG_DRILL_NAME, 0, REG_SZ, (const BYTE *)wide, size);
        RegCloseKey(key);
    }
    if (error != ERROR_SUCCESS) {
        status = eg_fail_os((uint32_t)error, "write the Run value");
    }
out:
    eg_free(wide);
    eg_buf_done(&command);
    return status;
}

/* The trigger lies in the past and never comes again: the task is only ever looked at. */
static const char task_xml[] =
    "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n"
    "<Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">\r\n"
    "  <RegistrationInfo><Author>EmoGuard</Author>"
    "<Description>EmoGuard drill: harmless, safe to delete</Description></RegistrationInfo>\r\n"
    "  <Triggers><TimeTrigger><StartBoundary>2001-01-01T00:00:00</StartBoundary>"
    "<Enabled>true</Enabled></TimeTrigger></Triggers>\r\n"
    "  <Principals><Principal id=\"Author\"><LogonType>InteractiveToken</LogonType>"
    "<RunLevel>LeastPrivilege</RunLevel></Principal></Principals>\r\n"
    "  <Settings><Enabled>true</Enabled><Hidden>false</Hidden></Settings>\r\n"
    "  <Actions Context=\"Author\"><Exec><Command>regsvr32.exe</Command>"
    "<Arguments>/s \"%s\"</Arguments></Exec></Actions>\r\n"
    "</Task>\r\n";

/* Connects to the task scheduler and opens its root folder; the caller releases both. */
static HRESULT open_root(ITaskService **service, ITaskFolder **root)
{
    VARIANT none;
    VariantInit(&none);
    HRESULT result = CoCreateInstance(&CLSID_TaskScheduler, NULL, CLSCTX_INPROC_SERVER,
                                      &IID_ITaskService, (void **)service);
    if (FAILED(result)) {
        return result;
    }
    result = ITaskService_Connect(*service, none, none, none, none);
    BSTR path = SysAllocString(L"\\");
    if (SUCCEEDED(result)) {
        result = path ? ITaskService_GetFolder(*service, path, root) : E_OUTOFMEMORY;
    }
    SysFreeString(path);
    return result;
}

typedef HRESULT (*task_action)(ITaskFolder *root, BSTR name, BSTR xml);

static HRESULT with_root(task_action action, BSTR xml)
{
    ITaskService *service = NULL;
    ITaskFolder *root = NULL;
    HRESULT started = CoInitializeEx(NULL, COINIT_MULTITHREADED);
    HRESULT result = open_root(&service, &root);
    BSTR name = SysAllocString(EG_DRILL_NAME);
    if (SUCCEEDED(result)) {
        result = name ? action(root, name, xml) : E_OUTOFMEMORY;
    }
    SysFreeString(name);
    if (root) {
        ITaskFolder_Release(root);
    }
    if (service) {
        ITaskService_Release(service);
    }
    if (SUCCEEDED(started)) {
        CoUninitialize();
    }
    return result;
}

static HRESULT register_task(ITaskFolder *root, BSTR name, BSTR xml)
{
    VARIANT none;
    IRegisteredTask *task = NULL;
    VariantInit(&none);
    HRESULT result = ITaskFolder_RegisterTask(root, name, xml, TASK_CREATE_OR_UPDATE, none, none,
                                              TASK_LOGON_INTERACTIVE_TOKEN, none, &task);
    if (SUCCEEDED(result) && task) {
        IRegisteredTask_Release(task);
    }
    return result;
}

static HRESULT delete_task(ITaskFolder *root, BSTR name, BSTR xml)
{
    EG_UNUSED(xml);
    HRESULT result = ITaskFolder_DeleteTask(root, name, 0);
    return result == HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND) ? S_OK : result;
}

static bool holds(const eg_buf *content, const void *bytes, size_t size)
{
    for (size_t i = 0; i + size <= content->len; i++) {
        if (memcmp(content->data + i, bytes, size) == 0) {
            return true;
        }
    }
    return false;
}

/* The file in which the scheduler keeps our task. */
static int task_file(eg_buf *out)
{
    wchar_t system[MAX_PATH];
    UINT length = GetSystemDirectoryW(system, EG_COUNT(system));
    if (length == 0 || length >= EG_COUNT(system)) {
        return eg_fail_os(GetLastError(), "find the system folder");
    }
    append_wide(out, system);
    append_wide(out, L"\\Tasks\\" EG_DRILL_NAME);
    return out->status;
}

static int write_task_file(const char *path, BSTR xml)
{
    eg_buf text;
    eg_buf_init(&text, 4 * PATH_MAX_BYTES);
    eg_buf_append(&text, "\xFF\xFE", 2);
    int status = eg_buf_append(&text, xml, SysStringLen(xml) * sizeof(wchar_t));
    if (status == EG_OK) {
        status = eg_file_delete(path);
    }
    if (status == EG_OK) {
        status = eg_file_append(path, text.data, text.len);
    }
    eg_buf_done(&text);
    return status;
}

/*
 * Wine's scheduler takes a task but forgets what it starts; there the definition is put in place as
 * it is. Where the scheduler's folder is closed to us, the scheduler is believed.
 */
static int complete_task(BSTR xml)
{
    static const char narrow[] = "regsvr32";
    static const wchar_t wide[] = L"regsvr32";
    eg_buf path, content;
    eg_buf_init(&path, PATH_MAX_BYTES);
    eg_buf_init(&content, 4 * PATH_MAX_BYTES);
    int status = task_file(&path);
    if (status == EG_OK && eg_file_read(eg_buf_cstr(&path), content.max, &content) == EG_OK &&
        !holds(&content, narrow, sizeof(narrow) - 1) &&
        !holds(&content, wide, sizeof(wide) - sizeof(wchar_t))) {
        status = write_task_file(eg_buf_cstr(&path), xml);
    }
    eg_buf_done(&content);
    eg_buf_done(&path);
    return status;
}

int eg_drill_register_task(const eg_drill_paths *paths)
{
    eg_buf text;
    eg_buf_init(&text, 2 * PATH_MAX_BYTES);
    const char *mark = strstr(task_xml, "%s");
    eg_buf_append(&text, task_xml, (size_t)(mark - task_xml));
    /* A profile folder may hold an ampersand; '<', '>' and '"' cannot stand in a path. */
    for (const char *at = eg_buf_cstr(&paths->dll); *at; at++) {
        if (*at == '&') {
            eg_buf_append_cstr(&text, "&amp;");
        } else {
            eg_buf_append_char(&text, *at);
        }
    }
    int status = eg_buf_append_cstr(&text, mark + 2);
    uint16_t *wide = status == EG_OK ? eg_utf16_copy(eg_buf_str(&text)) : NULL;
    BSTR xml = wide ? SysAllocString((const wchar_t *)wide) : NULL;
    if (xml) {
        HRESULT result = with_root(register_task, xml);
        status = SUCCEEDED(result) ? complete_task(xml)
                                   : eg_fail_os((uint32_t)result, "register the task");
    } else {
        status = eg_fail(EG_E_NOMEM, "out of memory");
    }
    SysFreeString(xml);
    eg_free(wide);
    eg_buf_done(&text);
    return status;
}

static int delete_entry(void *user, const eg_dir_entry *entry)
{
    int *worst = user;
    int status = entry->is_dir ? EG_OK : eg_file_delete(entry->path);
    if (status != EG_OK && status != EG_E_NOTFOUND) {
        *worst = status;
    }
    return EG_OK;
}

/* Programs that just ended may hold their file for a moment more. */
static int delete_folder(const eg_buf *folder)
{
    const char *path = eg_buf_cstr(folder);
    int status = EG_OK;
    for (int i = 0; i < CLEAN_TRIES && eg_dir_exists(path); i++) {
        int worst = EG_OK;
        if (i > 0) {
            eg_thread_sleep_ms(CLEAN_PAUSE_MS);
        }
        status = eg_dir_walk(path, 1, delete_entry, &worst);
        if (status == EG_OK) {
            status = worst != EG_OK ? worst : eg_dir_delete(path);
        }
    }
    return eg_dir_exists(path) ? status : EG_OK;
}

static int delete_run_value(void)
{
    LSTATUS error = RegDeleteKeyValueW(HKEY_CURRENT_USER, RUN_KEY, EG_DRILL_NAME);
    if (error == ERROR_SUCCESS || error == ERROR_FILE_NOT_FOUND) {
        return EG_OK;
    }
    return eg_fail_os((uint32_t)error, "delete the Run value EmoGuardDrill");
}

int eg_drill_clean(const eg_drill_paths *paths)
{
    int result = delete_run_value();
    HRESULT task = with_root(delete_task, NULL);
    if (FAILED(task)) {
        result = eg_fail_os((uint32_t)task, "delete the task EmoGuardDrill");
    }
    int status = delete_folder(&paths->stage_folder);
    if (status != EG_OK) {
        result = status;
    }
    status = delete_folder(&paths->dll_folder);
    return status != EG_OK ? status : result;
}
