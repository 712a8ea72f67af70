# SPDX-License-Identifier: Apache-2.0
# A thin front: each target installs what is missing (tools/setup), builds, and calls what does the work.
PYTHON ?= /usr/bin/python3
# Configuring says on standard output what went well, on standard error what did not.
BUILD = cmake --preset $(1) --log-level=WARNING >/dev/null && cmake --build build/$(1)

# A relative folder must mean the same to every program that is called.
ifdef EMOGUARD_CACHE
export EMOGUARD_CACHE := $(if $(filter /%,$(EMOGUARD_CACHE)),,$(CURDIR)/)$(EMOGUARD_CACHE)
endif

.PHONY: help setup deps native asan clang windows run test bench fuzz interop scale updates clean
.DEFAULT_GOAL := help

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

setup: ## install the tools that are missing (Debian 12)
	@tools/setup

deps: setup
	@$(PYTHON) tools/deps/deps.py

native: deps ## build the command line and the tests for this machine, in build/native/
	@$(call BUILD,native)

asan: deps ## the same with AddressSanitizer and UndefinedBehaviorSanitizer, in build/asan/
	@$(call BUILD,asan)

clang: deps ## the same with clang, in build/clang/
	@$(call BUILD,clang)

windows: deps ## build every program for 64-bit Windows, in build/windows/
	@$(call BUILD,windows)

run: windows ## install, start and show EmoGuard under Wine; screenshots in build/run/
	@$(PYTHON) tools/run/run.py

test: deps ## build everything and run every test
	@$(PYTHON) tests/run.py

bench: native windows ## measure the time from an event to the stored hit and to the window
	@$(PYTHON) tests/bench/run.py

fuzz: native asan ## fuzz every parser for EG_FUZZ_SECONDS (60) seconds each, then 200,000 random verdicts
	@$(call BUILD,fuzz)
	@$(PYTHON) tests/fuzz/run.py
	@EG_ETW_MUTATIONS=1000000 build/asan/tests/emoguard-tests etw_every
	@$(PYTHON) tests/check_sigma_random.py --pairs 200000 --seed 1000

interop: native windows ## test the update client against python-tuf and tuf-conformance
	@$(PYTHON) tests/interop/run.py

scale: native ## let 10,000 simulated PCs fetch a new pack from one nginx with the bell
	@$(PYTHON) tests/scale/run.py

updates: windows ## measure 50 updates, try every bad pack, kill the service 500 times meanwhile
	@$(PYTHON) tests/check_updates.py 50
	@$(PYTHON) tests/check_bad_packs.py long
	@$(PYTHON) tests/check_update_kills.py 500

clean: ## remove build/
	@rm -rf build
