// Start-up of a Raspberry Pi 3 without an operating system, 64-bit: one core, exception level 1.
#if defined(__aarch64__)

#define PAINT 0xC0FFEE11C0FFEE11

.section .text.boot, "ax"
.global board_reset
board_reset:
  mrs x0, mpidr_el1
  tst x0, #3
  b.ne halt

  // Firmware starts a kernel at level 2, a debugger perhaps at 3; level 1 is where it is to run.
  mrs x0, CurrentEL
  cmp x0, #(3 << 2)
  b.ne 1f
  mov x0, #0x5b1                  // SCR_EL3: 64-bit level 2, not secure, no monitor calls
  msr scr_el3, x0
  mov x0, #0x3c9                  // level 2 with its own stack, everything masked
  msr spsr_el3, x0
  adr x0, 1f
  msr elr_el3, x0
  eret
1:
  mrs x0, CurrentEL
  cmp x0, #(2 << 2)
  b.ne 2f
  mov x0, #(1 << 31)              // HCR_EL2: 64-bit level 1
  msr hcr_el2, x0
  mov x0, #3                      // CNTHCTL_EL2: level 1 may use the timers
  msr cnthctl_el2, x0
  msr cntvoff_el2, xzr
  ldr x0, =0x30d00800             // SCTLR_EL1: no caches, no translation
  msr sctlr_el1, x0
  mov x0, #0x3c5                  // level 1 with its own stack, everything masked
  msr spsr_el2, x0
  adr x0, 2f
  msr elr_el2, x0
  eret
2:
  msr spsel, #1
  ldr x0, =board_stack_end
  mov sp, x0
  ldr x0, =vectors
  msr vbar_el1, x0

  ldr x0, =board_bss
  ldr x1, =board_bss_end
3:
  cmp x0, x1
  b.hs 4f
  str xzr, [x0], #8
  b 3b
4:
  ldr x0, =board_stack
  ldr x2, =PAINT
  mov x1, sp
5:
  cmp x0, x1
  b.hs 6f
  str x2, [x0], #8
  b 5b
6:
  mov x0, #0
  mov x1, #0
  bl main
halt:
  msr daifset, #15
  wfi
  b halt

.text
.global board_stack_used
board_stack_used:
  ldr x1, =board_stack
  ldr x2, =PAINT
7:
  ldr x3, [x1], #8
  cmp x3, x2
  b.eq 7b
  sub x1, x1, #8
  ldr x0, =board_stack_end
  sub x0, x0, x1
  ret

// A fault leaves the motor without power.
fault:
  msr daifset, #15
  bl board_panic
  b halt

.section .text.vectors, "ax"
.balign 2048
vectors:
  .rept 5
  b fault
  .balign 128
  .endr
  b interrupt                     // an interrupt at level 1, on its own stack
  .balign 128
  .rept 10
  b fault
  .balign 128
  .endr

// Whole registers only: the build uses no other.
interrupt:
  stp x0, x1, [sp, #-176]!
  stp x2, x3, [sp, #16]
  stp x4, x5, [sp, #32]
  stp x6, x7, [sp, #48]
  stp x8, x9, [sp, #64]
  stp x10, x11, [sp, #80]
  stp x12, x13, [sp, #96]
  stp x14, x15, [sp, #112]
  stp x16, x17, [sp, #128]
  stp x18, x29, [sp, #144]
  str x30, [sp, #160]
  bl board_interrupt
  ldr x30, [sp, #160]
  ldp x18, x29, [sp, #144]
  ldp x16, x17, [sp, #128]
  ldp x14, x15, [sp, #112]
  ldp x12, x13, [sp, #96]
  ldp x10, x11, [sp, #80]
  ldp x8, x9, [sp, #64]
  ldp x6, x7, [sp, #48]
  ldp x4, x5, [sp, #32]
  ldp x2, x3, [sp, #16]
  ldp x0, x1, [sp], #176
  eret
#endif
