/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the three compilers we support (MSVC, gcc, clang) spell differently.
 * The only file that may use a compiler extension.
 */
#ifndef EG_BASE_COMPILER_H
#define EG_BASE_COMPILER_H

/* Lets gcc and clang check a printf-like function: `text` and `first` count arguments from 1. */
#if defined(__MINGW32__)
#define EG_PRINTF(text, first) __attribute__((format(gnu_printf, text, first)))
#elif defined(__GNUC__)
#define EG_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define EG_PRINTF(text, first)
#endif

/* One instance per thread. */
#if defined(_MSC_VER)
#define EG_THREAD_LOCAL __declspec(thread)
#else
#define EG_THREAD_LOCAL _Thread_local
#endif

/* An aligned 64-bit value that another thread may be storing; sequentially consistent. */
#if defined(_MSC_VER)
#define EG_ATOMIC_LOAD(address) ReadAcquire64(address) /* winnt.h; every store is a full barrier */
#else
#define EG_ATOMIC_LOAD(address) __atomic_load_n(address, __ATOMIC_SEQ_CST)
#endif

#define EG_UNUSED(name) ((void)(name))

/* As a string literal, once macros' arguments in it have been replaced. */
#define EG_QUOTE(text) #text

/* Elements of an array whose size is known here; never for a pointer. */
#define EG_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
