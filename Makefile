# Set-up and every check of the project; see README.md.
.PHONY: run test setup lint embedded check-debian13 bench clean

SCRIPTS := .ci

# Installs what is missing, builds for release, and simulates a day of a flex profile.
run: setup
	@. $(SCRIPTS)/toolchain && swift build -c release --product itpump
	@. $(SCRIPTS)/toolchain && "$$(swift build -c release --show-bin-path)/itpump" \
	  simulate Profiles/adult-spinal-night.yaml --for 24h

# Installs what is missing, and passes every check.
test: setup lint embedded
	@. $(SCRIPTS)/toolchain && swift build --build-tests $(STRICT) && swift test --skip-build $(STRICT)

setup:
	@$(SCRIPTS)/setup

lint:
	@. $(SCRIPTS)/toolchain && $(SCRIPTS)/lint

embedded:
	@. $(SCRIPTS)/toolchain && $(SCRIPTS)/embedded-check

# Builds and tests with Debian 13's Swift 6.0.3, in a Debian 13 root of its own; needs root.
check-debian13:
	@$(SCRIPTS)/check-debian13

bench: setup
	@. $(SCRIPTS)/toolchain && swift build -c release --product itpump
	@. $(SCRIPTS)/toolchain && "$$(swift build -c release --show-bin-path)/itpump" bench

clean:
	rm -rf .build .build-*
