# Set-up and every check of the project; see README.md.
.PHONY: run test setup lint embedded shim mutants bench-test firmware firmware-test pi-test check-debian13 bench fuzz package clean

SCRIPTS := .ci
# What --version says; of a tree that was changed since, with a plus sign.
export ITPUMP_COMMIT := $(shell git describe --always --abbrev=12 --exclude '*' --dirty=+ 2>/dev/null || echo unknown)

# Installs what is missing, builds for release, and simulates a day of a flex profile.
run:
	@$(SCRIPTS)/setup run
	@. $(SCRIPTS)/toolchain && swift build -c release --product itpump
	@. $(SCRIPTS)/toolchain && "$$(swift build -c release --show-bin-path)/itpump" \
	  simulate Profiles/adult-spinal-night.yaml --for 24h

# Installs what is missing, and passes every check that needs no other machine.
test: setup lint embedded shim
	@. $(SCRIPTS)/toolchain && swift build --build-tests $(STRICT) && swift test --skip-build $(STRICT)

setup:
	@$(SCRIPTS)/setup test

lint:
	@. $(SCRIPTS)/toolchain && $(SCRIPTS)/lint

embedded:
	@. $(SCRIPTS)/toolchain && $(SCRIPTS)/embedded-check

# The GPIO shim against a library in memory that fails at every call with every errno.
shim:
	@$(SCRIPTS)/shim-check

# Forty places of the safety code, broken one at a time, in a copy: each must be caught by its test.
mutants: setup
	@. $(SCRIPTS)/toolchain && python3 Tests/Mutants/mutants.py .

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

# Builds and tests with Debian 13's Swift 6.0.3, in a Debian 13 root of its own; needs root.
check-debian13:
	@$(SCRIPTS)/check-debian13

# Coverage-guided fuzzing of every reader of binary files.
fuzz:
	@$(SCRIPTS)/setup test
	@. $(SCRIPTS)/toolchain && $(SCRIPTS)/fuzz

bench: setup
	@. $(SCRIPTS)/toolchain && swift build -c release --product itpump
	@. $(SCRIPTS)/toolchain && "$$(swift build -c release --show-bin-path)/itpump" bench

# Debian packages for amd64 and arm64, built in a Debian 13 root; needs root.
package:
	@Hardware/package/build

clean:
	rm -rf .build .build-*
