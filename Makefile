# Set-up and every check of the project; see README.md.
.PHONY: run test setup lint embedded shim mutants mutate sanitize bench-test firmware firmware-test pi-test newcomer bench fuzz fhir-test package package-test help clean

SCRIPTS := .ci
# What --version says; of a tree that was changed since, with a plus sign.
export ITPUMP_COMMIT := $(shell git describe --always --abbrev=12 --exclude '*' --dirty=+ 2>/dev/null || echo unknown)

# Installs what is missing, builds for release, and simulates a day of a flex profile.
run:
	@$(SCRIPTS)/setup run
	@. $(SCRIPTS)/toolchain && swift build -c release --product itpump
	@. $(SCRIPTS)/toolchain && "$$(swift build -c release --show-bin-path)/itpump" \
	  simulate Profiles/adult-spinal-night.yaml --for 24h

# Optimised, for random programmes are most of the tests' time, and each module as a whole: a debug build that is
# optimised goes on testing what other modules had inlined of a body before it was changed.
TESTED = -c release -Xswiftc -enable-testing --scratch-path .build-tests $(STRICT)

# Installs what is missing, and passes every check that needs no other machine.
test: setup lint embedded shim
	@. $(SCRIPTS)/toolchain && swift build --build-tests $(TESTED) && swift test --skip-build $(TESTED)

setup:
	@$(SCRIPTS)/setup test

lint:
	@. $(SCRIPTS)/toolchain && $(SCRIPTS)/lint

embedded:
	@. $(SCRIPTS)/toolchain && $(SCRIPTS)/embedded-check

# The GPIO shim against a library in memory that fails at every call with every errno.
shim:
	@$(SCRIPTS)/shim-check

# Places of the safety code, broken one at a time, in a copy: each must be caught by its test.
mutants: setup
	@. $(SCRIPTS)/toolchain && python3 Tests/Mutants/mutants.py .

# Every small change of the safety code, and the test that notices it; MUTATE="--sample 400" takes a part of them.
mutate: setup
	@. $(SCRIPTS)/toolchain && python3 Tests/Mutants/mutate.py $(MUTATE)

# What threads and processes share, under ThreadSanitizer and AddressSanitizer.
sanitize: setup
	@$(SCRIPTS)/sanitize

# The real GPIO backend on the virtual bench: a real-time kernel in an emulated machine.
bench-test: setup
	@Hardware/virtual-bench/bench-test

# The same core as bare-metal firmware: a Cortex-M4 and a Raspberry Pi 3; needs Swift 6.2 or later.
firmware:
	@$(SCRIPTS)/setup firmware
	@Hardware/bare-metal/build

# The firmware on emulated boards, against the simulator.
firmware-test: firmware
	@Hardware/bare-metal/firmware-test

# Every test on 64-bit Arm, and a run on an emulated Raspberry Pi 3; needs root.
pi-test: setup
	@Hardware/raspberry-pi/pi-test

# What a new user does, in a bare Debian 13 with its own Swift 6.0.3, and every test there; needs root.
newcomer:
	@$(SCRIPTS)/newcomer

# Coverage-guided fuzzing of every reader of binary files.
fuzz:
	@$(SCRIPTS)/setup test
	@. $(SCRIPTS)/toolchain && $(SCRIPTS)/fuzz

bench: setup
	@. $(SCRIPTS)/toolchain && swift build -c release --product itpump
	@. $(SCRIPTS)/toolchain && "$$(swift build -c release --show-bin-path)/itpump" bench

# What `itpump export` writes, held against four independent judges.
fhir-test: setup
	@. $(SCRIPTS)/toolchain && swift build -c release --product itpump
	@$(SCRIPTS)/fhir-check

# Debian packages for amd64 and arm64, built in a Debian 13 root; needs root.
package:
	@Hardware/package/build

# Installs the packages in bare Debian 13 roots, uses them, upgrades and removes them; needs root.
package-test: package
	@Hardware/package/install-test

# The times are those of two processors, once everything is installed.
help:
	@echo "make run            installs what running needs, builds, simulates a day            2 min"
	@echo "make test           every check that needs no other machine                        5 min"
	@echo "make newcomer       the same from a bare Debian 13, with Swift 6.0.3               20 min, root"
	@echo "make bench-test     the real GPIO backend in a virtual machine                     25 min, root"
	@echo "make firmware       the core as firmware: a Cortex-M4 and a Raspberry Pi 3         1 min"
	@echo "make firmware-test  the firmware on emulated boards, against the simulator            60 min"
	@echo "make pi-test        every test on 64-bit Arm, a run on an emulated Raspberry Pi 3  40 min, root"
	@echo "make package        Debian packages for amd64 and arm64                            6 min, root"
	@echo "make package-test   installs, upgrades and removes them                            15 min, root"
	@echo "make fuzz           libFuzzer on every reader of binary files                      3 min"
	@echo "make fhir-test      what is exported as FHIR, held against four judges             1 min"
	@echo "make mutants        breaks the safety code, one known place at a time              20 min"
	@echo "make mutate         makes every small change of it; MUTATE='--sample 400'          60 min for 400"
	@echo "make sanitize       what threads and processes share, under two sanitizers         15 min"
	@echo "make bench          speed, timing error, memory                                    2 min"

clean:
	rm -rf .build .build-*
