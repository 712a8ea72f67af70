# SPDX-License-Identifier: Apache-2.0
"""How each dependency is built: which of its files, with which definitions, what is installed.

Only curl needs a configure step. The others are portable C whose few settings are written here,
so that both targets get exactly the same library and nothing is guessed from the build machine.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Recipe:
    library: str                      # lib<library>.a
    sources: tuple = ()               # globs below the unpacked folder
    without: tuple = ()               # globs taken out again
    native: tuple = ()                # further globs, one target only
    windows: tuple = ()
    includes: tuple = (".",)
    flags: tuple = ()
    native_flags: tuple = ()
    windows_flags: tuple = ()
    headers: tuple = ()               # (glob, folder below include/)
    write: dict = field(default_factory=dict)    # files written before the build
    copy: dict = field(default_factory=dict)     # files copied before the build: new -> old
    prepare: tuple = ()               # commands run once in the unpacked folder
    cmake: tuple = ()                 # options: built by its own CMakeLists.txt instead
    native_cmake: tuple = ()
    windows_cmake: tuple = ()


EXPAT_CONFIG = """\
#define BYTEORDER 1234
#define HAVE_FCNTL_H 1
#define HAVE_STDINT_H 1
#define HAVE_UNISTD_H 1
#define XML_CONTEXT_BYTES 1024
#define XML_DTD 1
#define XML_GE 1
#define XML_NS 1
#ifndef _WIN32
#define HAVE_GETRANDOM 1
#endif
"""

CMOCKA_CONFIG = """\
#define HAVE_ASSERT_H 1
#define HAVE_INTTYPES_H 1
#define HAVE_MALLOC_H 1
#define HAVE_SETJMP_H 1
#define HAVE_SIGNAL_H 1
#define HAVE_SNPRINTF 1
#define HAVE_STDINT_H 1
#define HAVE_STDIO_H 1
#define HAVE_STDLIB_H 1
#define HAVE_STRINGS_H 1
#define HAVE_STRING_H 1
#define HAVE_STRUCT_TIMESPEC 1
#define HAVE_SYS_STAT_H 1
#define HAVE_SYS_TYPES_H 1
#define HAVE_TIME_H 1
#define HAVE_UINTPTR_T 1
#define HAVE_UNISTD_H 1
#define HAVE_VSNPRINTF 1
#define HAVE_GCC_THREAD_LOCAL_STORAGE 1
#define WORDS_SIZEOF_VOID_P 8
#ifndef _WIN32
#define HAVE_CLOCK_GETTIME 1
#define HAVE_CLOCK_REALTIME 1
#define HAVE_SIGLONGJMP 1
#define HAVE_STRSIGNAL 1
#endif
"""

SODIUM_VERSION = """\
#ifndef sodium_version_H
#define sodium_version_H
#include "export.h"
#define SODIUM_VERSION_STRING "1.0.18"
#define SODIUM_LIBRARY_VERSION_MAJOR 10
#define SODIUM_LIBRARY_VERSION_MINOR 3
SODIUM_EXPORT const char *sodium_version_string(void);
SODIUM_EXPORT int sodium_library_version_major(void);
SODIUM_EXPORT int sodium_library_version_minor(void);
SODIUM_EXPORT int sodium_library_minimal(void);
#endif
"""

# libyara has three back ends for MD5, SHA-1 and SHA-256. Its OpenSSL one also switches on signature parsing,
# which the Windows build does not have; natively its CommonCrypto one is therefore fed with OpenSSL's hashes,
# so that both targets offer rules the same features.
YARA_HASHES = """\
#include <openssl/md5.h>
#include <openssl/sha.h>
typedef MD5_CTX CC_MD5_CTX;
typedef SHA_CTX CC_SHA1_CTX;
typedef SHA256_CTX CC_SHA256_CTX;
#define CC_MD5_Init(ctx) MD5_Init(ctx)
#define CC_MD5_Update(ctx, data, size) MD5_Update(ctx, data, size)
#define CC_MD5_Final(digest, ctx) MD5_Final(digest, ctx)
#define CC_SHA1_Init(ctx) SHA1_Init(ctx)
#define CC_SHA1_Update(ctx, data, size) SHA1_Update(ctx, data, size)
#define CC_SHA1_Final(digest, ctx) SHA1_Final(digest, ctx)
#define CC_SHA256_Init(ctx) SHA256_Init(ctx)
#define CC_SHA256_Update(ctx, data, size) SHA256_Update(ctx, data, size)
#define CC_SHA256_Final(digest, ctx) SHA256_Final(digest, ctx)
"""

RECIPES = {
    "curl": Recipe(
        library="curl",
        headers=(("include/curl/*.h", "curl"),),
        cmake=("-DHTTP_ONLY=ON", "-DBUILD_CURL_EXE=OFF", "-DBUILD_STATIC_LIBS=ON",
               "-DBUILD_SHARED_LIBS=OFF", "-DBUILD_TESTING=OFF", "-DBUILD_LIBCURL_DOCS=OFF",
               "-DBUILD_MISC_DOCS=OFF", "-DENABLE_CURL_MANUAL=OFF", "-DCURL_ZLIB=OFF",
               "-DCURL_BROTLI=OFF", "-DCURL_ZSTD=OFF", "-DUSE_NGHTTP2=OFF", "-DUSE_LIBIDN2=OFF",
               "-DCURL_USE_LIBPSL=OFF", "-DCURL_USE_LIBSSH2=OFF", "-DCURL_USE_PKGCONFIG=OFF",
               "-DCURL_DISABLE_ALTSVC=ON", "-DCURL_DISABLE_WEBSOCKETS=ON",
               "-DCURL_DISABLE_IPFS=ON", "-DCURL_DISABLE_NETRC=ON",
               "-DPICKY_COMPILER=OFF"),
        native_cmake=("-DCURL_USE_OPENSSL=ON",),
        windows_cmake=("-DCURL_USE_SCHANNEL=ON", "-DENABLE_UNICODE=ON",
                       "-DCURL_TARGET_WINDOWS_VERSION=0x0A00"),
    ),
    "sqlite3": Recipe(
        library="sqlite3",
        prepare=(("./configure", "--disable-tcl", "--disable-readline", "--disable-shared"),
                 ("make", "sqlite3.c")),
        sources=("sqlite3.c",),
        flags=("-DSQLITE_DQS=0", "-DSQLITE_THREADSAFE=1", "-DSQLITE_OMIT_LOAD_EXTENSION",
               "-w"),
        headers=(("sqlite3.h", "."),),
    ),
    "yara": Recipe(
        library="yara",
        sources=("libyara/*.c", "libyara/modules/*/*.c", "libyara/tlshc/*.c"),
        without=("libyara/modules/cuckoo/*.c", "libyara/modules/demo/*.c",
                 "libyara/modules/dex/*.c", "libyara/modules/dotnet/*.c",
                 "libyara/modules/macho/*.c", "libyara/modules/magic/*.c",
                 "libyara/modules/pb_tests/*.c"),
        native=("libyara/proc/linux.c",),
        windows=("libyara/proc/windows.c",),
        includes=("libyara", "libyara/include", "libyara/modules"),
        flags=("-DHASH_MODULE", "-DBUCKETS_128=1", "-DCHECKSUM_1B=1", "-DHAVE_STDBOOL_H", "-w"),
        native_flags=("-DUSE_LINUX_PROC", "-DHAVE_COMMONCRYPTO_COMMONCRYPTO_H",
                      "-DHAVE_CLOCK_GETTIME", "-DHAVE_MEMMEM=1", "-D_GNU_SOURCE"),
        windows_flags=("-DUSE_WINDOWS_PROC", "-DHAVE_WINCRYPT_H"),
        write={"libyara/CommonCrypto/CommonDigest.h": YARA_HASHES},
        headers=(("libyara/include/yara.h", "."), ("libyara/include/yara/*.h", "yara")),
    ),
    "pcre2": Recipe(
        library="pcre2-8",
        sources=("src/pcre2_*.c",),
        without=("src/pcre2_dftables.c", "src/pcre2_fuzzsupport.c", "src/pcre2_jit_match.c",
                 "src/pcre2_jit_misc.c", "src/pcre2_jit_test.c", "src/pcre2_printint.c",
                 "src/pcre2_ucptables.c"),
        copy={"src/config.h": "src/config.h.generic", "src/pcre2.h": "src/pcre2.h.generic",
              "src/pcre2_chartables.c": "src/pcre2_chartables.c.dist"},
        includes=("src",),
        flags=("-DHAVE_CONFIG_H", "-DPCRE2_CODE_UNIT_WIDTH=8", "-DPCRE2_STATIC", "-DSUPPORT_PCRE2_8",
               "-DSUPPORT_UNICODE", "-DSUPPORT_JIT", "-DHAVE_MEMMOVE", "-DHAVE_STDINT_H",
               "-DHAVE_INTTYPES_H", "-DHAVE_STDLIB_H", "-DHAVE_STRING_H", "-DHAVE_ASSERT_H",
               "-DHAVE_BUILTIN_MUL_OVERFLOW", "-DHAVE_BUILTIN_UNREACHABLE"),
        headers=(("src/pcre2.h", "."),),
    ),
    "zstd": Recipe(
        library="zstd",
        sources=("lib/common/*.c", "lib/compress/*.c", "lib/decompress/*.c"),
        includes=("lib", "lib/common"),
        flags=("-DZSTD_DISABLE_ASM", "-DXXH_NAMESPACE=ZSTD_"),
        headers=(("lib/zstd.h", "."), ("lib/zstd_errors.h", ".")),
    ),
    "libsodium": Recipe(
        library="sodium",
        sources=("src/libsodium/**/*.c",),
        includes=("src/libsodium/include", "src/libsodium/include/sodium"),
        flags=("-DCONFIGURED=1", "-DSODIUM_STATIC", "-DNATIVE_LITTLE_ENDIAN", "-DHAVE_TI_MODE",
               "-DHAVE_WEAK_SYMBOLS", "-DHAVE_ATOMIC_OPS", "-DHAVE_C_VARARRAYS", "-w"),
        native_flags=("-DHAVE_SYS_MMAN_H", "-DHAVE_MMAP", "-DHAVE_MPROTECT", "-DHAVE_MLOCK",
                      "-DHAVE_MADVISE", "-DHAVE_POSIX_MEMALIGN", "-DHAVE_PTHREAD",
                      "-DHAVE_NANOSLEEP", "-DHAVE_GETPID", "-DHAVE_SYS_RANDOM_H",
                      "-DHAVE_GETRANDOM", "-DHAVE_EXPLICIT_BZERO", "-D_GNU_SOURCE"),
        write={"src/libsodium/include/sodium/version.h": SODIUM_VERSION},
        headers=(("src/libsodium/include/sodium.h", "."),
                 ("src/libsodium/include/sodium/*.h", "sodium")),
    ),
    "yyjson": Recipe(
        library="yyjson",
        sources=("src/yyjson.c",),
        headers=(("src/yyjson.h", "."),),
    ),
    "libyaml": Recipe(
        library="yaml",
        sources=("src/*.c",),
        includes=("include", "src"),
        flags=("-DYAML_DECLARE_STATIC", "-DYAML_VERSION_MAJOR=0", "-DYAML_VERSION_MINOR=2",
               "-DYAML_VERSION_PATCH=5", '-DYAML_VERSION_STRING="0.2.5"'),
        headers=(("include/yaml.h", "."),),
    ),
    "expat": Recipe(
        library="expat",
        sources=("expat/lib/xmlparse.c", "expat/lib/xmlrole.c", "expat/lib/xmltok.c"),
        native=("expat/lib/random_getrandom.c",),
        windows=("expat/lib/random_rand_s.c",),
        includes=("expat/lib",),
        flags=("-DXML_STATIC",),
        native_flags=("-D_GNU_SOURCE",),
        write={"expat/lib/expat_config.h": EXPAT_CONFIG},
        headers=(("expat/lib/expat.h", "."), ("expat/lib/expat_external.h", ".")),
    ),
    "zlib": Recipe(
        library="z",
        sources=("adler32.c", "crc32.c", "inffast.c", "inflate.c", "inftrees.c", "zutil.c"),
        headers=(("zlib.h", "."), ("zconf.h", ".")),
    ),
    "cmocka": Recipe(
        library="cmocka",
        sources=("src/cmocka.c",),
        includes=(".", "include"),
        flags=("-DHAVE_CONFIG_H", "-DCMOCKA_STATIC", "-w"),
        native_flags=("-D_GNU_SOURCE",),
        write={"config.h": CMOCKA_CONFIG},
        headers=(("include/cmocka*.h", "."),),
    ),
}
