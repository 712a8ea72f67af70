/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "tests/unit/win32/wmi_fixture.h"

#include "core/base/mem.h"
#include "core/base/os.h"

#include <string.h>
#include <wchar.h>

eg_fake_wmi eg_wmi;
static eg_atomic objects;

/* Every interface here has the methods of IUnknown first, and is one of these. */
typedef struct fake {
    const void *methods;
    eg_atomic references;
    eg_fake_namespace *space;
    eg_fake_instance instance; /* of an object */
    const WCHAR *class_name;   /* of an enumerator: what it lists; NULL: events */
    size_t at;
} fake;

static void *new_fake(const void *methods, eg_fake_namespace *space)
{
    fake *self = calloc(1, sizeof(*self)); /* as COM, not under the test's failing memory */
    assert_non_null(self);
    self->methods = methods;
    self->space = space;
    eg_atomic_set(&self->references, 1);
    eg_atomic_add(&objects, 1);
    return self;
}

static ULONG add_reference(void *object)
{
    return (ULONG)eg_atomic_add(&((fake *)object)->references, 1);
}

static ULONG release(void *object)
{
    fake *self = object;
    ULONG left = (ULONG)eg_atomic_add(&self->references, -1);
    if (left == 0) {
        eg_atomic_add(&objects, -1);
        free(self);
    }
    return left;
}

/* ---- objects ---- */

static const IWbemClassObjectVtbl object_methods;

static HRESULT WINAPI object_query(IWbemClassObject *object, REFIID id, void **out)
{
    EG_UNUSED(id);
    add_reference(object);
    *out = object;
    return S_OK;
}

static ULONG WINAPI object_add_reference(IWbemClassObject *object)
{
    return add_reference(object);
}

static ULONG WINAPI object_release(IWbemClassObject *object)
{
    return release(object);
}

static void put_sid(VARIANT *value)
{
    static const uint8_t system_sid[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
    void *data = NULL;
    SAFEARRAY *array = SafeArrayCreateVector(VT_UI1, 0, sizeof(system_sid));
    assert_non_null(array);
    assert_true(SUCCEEDED(SafeArrayAccessData(array, &data)));
    memcpy(data, system_sid, sizeof(system_sid));
    SafeArrayUnaccessData(array);
    V_VT(value) = VT_ARRAY | VT_UI1;
    V_ARRAY(value) = array;
}

static void put_target(const fake *self, VARIANT *value)
{
    fake *target = new_fake(&object_methods, self->space);
    target->instance = self->instance;
    target->instance.operation = NULL;
    V_VT(value) = VT_UNKNOWN;
    V_UNKNOWN(value) = (IUnknown *)target;
}

static HRESULT WINAPI object_get(IWbemClassObject *object, LPCWSTR name, LONG flags, VARIANT *value,
                                 CIMTYPE *type, LONG *flavor)
{
    const fake *self = (const fake *)object;
    const eg_fake_instance *instance = &self->instance;
    EG_UNUSED(flags);
    EG_UNUSED(type);
    EG_UNUSED(flavor);
    const struct {
        const WCHAR *name, *text;
    } texts[] = {
        {L"__CLASS", instance->operation ? instance->operation : instance->class_name},
        {L"Name", instance->name},
        {L"CommandLineTemplate", instance->command_line},
        {L"ScriptText", instance->script},
        {L"Consumer", instance->consumer},
        {L"Filter", instance->filter},
    };
    if (instance->operation && wcscmp(name, L"TargetInstance") == 0) {
        put_target(self, value);
        return WBEM_S_NO_ERROR;
    }
    if (!instance->operation && instance->sid && wcscmp(name, L"CreatorSID") == 0) {
        put_sid(value);
        return WBEM_S_NO_ERROR;
    }
    for (size_t i = 0; i < EG_COUNT(texts); i++) {
        if (texts[i].text && wcscmp(texts[i].name, name) == 0) {
            V_VT(value) = VT_BSTR;
            V_BSTR(value) = SysAllocString(texts[i].text);
            return WBEM_S_NO_ERROR;
        }
    }
    return (HRESULT)WBEM_E_NOT_FOUND;
}

static const IWbemClassObjectVtbl object_methods = {
    .QueryInterface = object_query,
    .AddRef = object_add_reference,
    .Release = object_release,
    .Get = object_get,
};

/* ---- enumerators ---- */

static ULONG WINAPI results_release(IEnumWbemClassObject *results)
{
    return release(results);
}

static bool is_listed(const fake *self, const eg_fake_instance *instance)
{
    bool consumer = wcsstr(instance->class_name, L"EventConsumer") != NULL;
    return wcscmp(self->class_name, L"__EventConsumer") == 0
               ? consumer
               : wcscmp(self->class_name, instance->class_name) == 0;
}

static HRESULT fetch_event(fake *self, eg_fake_instance *out)
{
    eg_fake_namespace *space = self->space;
    HRESULT result = space->next;
    if (result != WBEM_S_NO_ERROR) {
        space->next = WBEM_S_NO_ERROR;
        return result;
    }
    if (space->event_count == 0) {
        return WBEM_S_TIMEDOUT;
    }
    *out = space->events[0];
    space->event_count--;
    memmove(space->events, space->events + 1, space->event_count * sizeof(*out));
    return WBEM_S_NO_ERROR;
}

static HRESULT fetch_instance(fake *self, eg_fake_instance *out)
{
    while (self->at < self->space->count) {
        const eg_fake_instance *instance = &self->space->instances[self->at++];
        if (is_listed(self, instance)) {
            *out = *instance;
            return WBEM_S_NO_ERROR;
        }
    }
    return WBEM_S_FALSE;
}

static HRESULT WINAPI results_next(IEnumWbemClassObject *results, LONG timeout, ULONG size,
                                   IWbemClassObject **out, ULONG *count)
{
    fake *self = (fake *)results;
    eg_fake_instance instance;
    assert_int_equal(size, 1);
    *count = 0;
    AcquireSRWLockExclusive(&eg_wmi.lock);
    HRESULT result = !self->class_name    ? fetch_event(self, &instance)
                     : self->space->hangs ? WBEM_S_TIMEDOUT
                                          : fetch_instance(self, &instance);
    ReleaseSRWLockExclusive(&eg_wmi.lock);
    if (result == WBEM_S_NO_ERROR) {
        fake *object = new_fake(&object_methods, self->space);
        object->instance = instance;
        *out = (IWbemClassObject *)object;
        *count = 1;
    } else if (result == WBEM_S_TIMEDOUT) {
        Sleep((DWORD)timeout);
    }
    return result;
}

static const IEnumWbemClassObjectVtbl results_methods = {
    .Release = results_release,
    .Next = results_next,
};

/* ---- services ---- */

static ULONG WINAPI services_release(IWbemServices *services)
{
    return release(services);
}

static HRESULT WINAPI services_notify(IWbemServices *services, const BSTR language,
                                      const BSTR query, LONG flags, IWbemContext *context,
                                      IEnumWbemClassObject **out)
{
    eg_fake_namespace *space = ((fake *)services)->space;
    EG_UNUSED(context);
    assert_true(wcscmp(language, L"WQL") == 0);
    assert_true(wcsstr(query, L"__InstanceOperationEvent") || wcsstr(query, L"Win32_ProcessTrace"));
    assert_int_equal(flags, WBEM_FLAG_RETURN_IMMEDIATELY | WBEM_FLAG_FORWARD_ONLY);
    AcquireSRWLockExclusive(&eg_wmi.lock);
    HRESULT result = space->notify;
    space->event_count = 0; /* whoever subscribes gets what comes from then on */
    ReleaseSRWLockExclusive(&eg_wmi.lock);
    if (SUCCEEDED(result)) {
        *out = new_fake(&results_methods, space);
    }
    return result;
}

static HRESULT WINAPI services_query(IWbemServices *services, const BSTR language, const BSTR query,
                                     LONG flags, IWbemContext *context, IEnumWbemClassObject **out)
{
    eg_fake_namespace *space = ((fake *)services)->space;
    EG_UNUSED(language);
    EG_UNUSED(flags);
    EG_UNUSED(context);
    if (FAILED(space->query)) {
        return space->query;
    }
    fake *results = new_fake(&results_methods, space);
    results->class_name = wcsstr(query, L"Binding")  ? L"__FilterToConsumerBinding"
                          : wcsstr(query, L"Filter") ? L"__EventFilter"
                                                     : L"__EventConsumer";
    *out = (IEnumWbemClassObject *)results;
    return WBEM_S_NO_ERROR;
}

static const IWbemServicesVtbl services_methods = {
    .Release = services_release,
    .ExecNotificationQuery = services_notify,
    .ExecQuery = services_query,
};

/* ---- the locator ---- */

static ULONG WINAPI locator_release(IWbemLocator *locator)
{
    return release(locator);
}

static HRESULT WINAPI locator_connect(IWbemLocator *locator, const BSTR path, const BSTR user,
                                      const BSTR password, const BSTR locale, LONG flags,
                                      const BSTR authority, IWbemContext *context,
                                      IWbemServices **out)
{
    EG_UNUSED(locator);
    EG_UNUSED(user);
    EG_UNUSED(password);
    EG_UNUSED(locale);
    EG_UNUSED(authority);
    EG_UNUSED(context);
    assert_int_equal(flags, 0x80); /* a hung WMI must not hold us for ever */
    HRESULT result = (HRESULT)WBEM_E_INVALID_NAMESPACE;
    for (size_t i = 0; i < EG_COUNT(eg_wmi.namespaces); i++) {
        eg_fake_namespace *space = &eg_wmi.namespaces[i];
        if (wcscmp(space->path, path) == 0) {
            AcquireSRWLockExclusive(&eg_wmi.lock);
            space->connections++;
            result = space->connect;
            ReleaseSRWLockExclusive(&eg_wmi.lock);
            if (SUCCEEDED(result)) {
                *out = new_fake(&services_methods, space);
            }
        }
    }
    return result;
}

static const IWbemLocatorVtbl locator_methods = {
    .Release = locator_release,
    .ConnectServer = locator_connect,
};

static HRESULT create_locator(IWbemLocator **locator)
{
    if (SUCCEEDED(eg_wmi.locator)) {
        *locator = new_fake(&locator_methods, NULL);
    }
    return eg_wmi.locator;
}

static HRESULT protect(IUnknown *proxy)
{
    assert_non_null(proxy);
    return eg_wmi.protect;
}

const eg_wmi_api eg_fake_wmi_api = {create_locator, protect};

/* ---- what happens in it ---- */

void eg_fake_wmi_reset(void)
{
    memset(&eg_wmi, 0, sizeof(eg_wmi));
    eg_wmi.namespaces[0].path = L"ROOT\\subscription";
    eg_wmi.namespaces[1].path = L"ROOT\\default";
}

long eg_fake_wmi_objects(void)
{
    return (long)eg_atomic_get(&objects);
}

static void tell_operation(eg_fake_namespace *space, const eg_fake_instance *instance,
                           const WCHAR *operation)
{
    assert_true(space->event_count < EG_FAKE_EVENTS_MAX);
    space->events[space->event_count] = *instance;
    space->events[space->event_count++].operation = operation;
}

static bool is_same(const eg_fake_instance *a, const eg_fake_instance *b)
{
    return wcscmp(a->class_name, b->class_name) == 0 && (!a->name || wcscmp(a->name, b->name) == 0);
}

static size_t find(const eg_fake_namespace *space, const eg_fake_instance *instance)
{
    size_t at = 0;
    while (at < space->count && !is_same(&space->instances[at], instance)) {
        at++;
    }
    return at;
}

void eg_fake_wmi_create(size_t space, const eg_fake_instance *instance, bool tell)
{
    eg_fake_namespace *in = &eg_wmi.namespaces[space];
    AcquireSRWLockExclusive(&eg_wmi.lock);
    assert_true(in->count < EG_FAKE_INSTANCES_MAX);
    in->instances[in->count++] = *instance;
    if (tell) {
        tell_operation(in, instance, L"__InstanceCreationEvent");
    }
    ReleaseSRWLockExclusive(&eg_wmi.lock);
}

void eg_fake_wmi_modify(size_t space, const eg_fake_instance *instance, bool tell)
{
    eg_fake_namespace *in = &eg_wmi.namespaces[space];
    AcquireSRWLockExclusive(&eg_wmi.lock);
    size_t at = find(in, instance);
    assert_true(at < in->count);
    in->instances[at] = *instance;
    if (tell) {
        tell_operation(in, instance, L"__InstanceModificationEvent");
    }
    ReleaseSRWLockExclusive(&eg_wmi.lock);
}

void eg_fake_wmi_delete(size_t space, const eg_fake_instance *instance, bool tell)
{
    eg_fake_namespace *in = &eg_wmi.namespaces[space];
    AcquireSRWLockExclusive(&eg_wmi.lock);
    size_t at = find(in, instance);
    assert_true(at < in->count);
    in->instances[at] = in->instances[--in->count];
    if (tell) {
        tell_operation(in, instance, L"__InstanceDeletionEvent");
    }
    ReleaseSRWLockExclusive(&eg_wmi.lock);
}
