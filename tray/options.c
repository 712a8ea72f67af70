/* SPDX-License-Identifier: Apache-2.0 */
#include "tray/options.h"

#include "core/base/status.h"

#define SCALE_MIN 100
#define SCALE_MAX 400

static bool read_scale(const wchar_t *text, int *out)
{
    wchar_t *end;
    long value = wcstol(text, &end, 10);

    if (end == text || *end != L'\0' || value < SCALE_MIN || value > SCALE_MAX) {
        return false;
    }
    *out = (int)value;
    return true;
}

int eg_tray_options_read(int count, wchar_t *const *arguments, eg_tray_options *out,
                         const wchar_t **wrong)
{
    eg_tray_options options = {0};

    for (int i = 1; i < count; i++) {
        const wchar_t *name = arguments[i];
        const wchar_t *value = i + 1 < count ? arguments[i + 1] : NULL;

        if (wcscmp(name, L"--help") == 0) {
            options.help = true;
        } else if (wcscmp(name, L"--version") == 0) {
            options.version = true;
        } else if (wcscmp(name, L"--pipe") == 0 && value && value[0]) {
            options.pipe = value;
            i++;
        } else if (wcscmp(name, L"--show") == 0 && value && value[0]) {
            options.show = value;
            i++;
        } else if (wcscmp(name, L"--scale") == 0 && value && read_scale(value, &options.scale)) {
            i++;
        } else if (wcscmp(name, L"--contrast") == 0) {
            options.contrast = true;
        } else {
            *wrong = name;
            return EG_E_INVALID;
        }
    }
    if (options.scale != 0 && !options.show) {
        *wrong = L"--scale";
        return EG_E_INVALID;
    }
    *out = options;
    return EG_OK;
}
