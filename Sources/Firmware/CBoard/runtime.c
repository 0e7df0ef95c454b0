// What compiled code expects of a C library and of the compiler's own: copying, and 64-bit shifts and
// division on a 32-bit processor.
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count) {
  uint8_t *out = to;
  const uint8_t *in = from;
  if ((((uintptr_t)out | (uintptr_t)in) & 3) == 0) {
    for (; count >= 4; count -= 4, out += 4, in += 4) *(uint32_t *)out = *(const uint32_t *)in;
  }
  for (; count > 0; count--) *out++ = *in++;
  return to;
}

void *memmove(void *to, const void *from, size_t count) {
  uint8_t *out = to;
  const uint8_t *in = from;
  if (out <= in) {
    for (; count > 0; count--) *out++ = *in++;
  } else {
    while (count > 0) {
      count--;
      out[count] = in[count];
    }
  }
  return to;
}

void *memset(void *to, int value, size_t count) {
  uint8_t *out = to;
  for (; count > 0; count--) *out++ = (uint8_t)value;
  return to;
}

#if defined(__arm__)
// The names of the Arm run-time ABI (IHI 0043), sections 4.2 and 4.3.4.
#define ALIAS(name, of) __attribute__((alias(#of))) void name()
ALIAS(__aeabi_memcpy, memcpy);
ALIAS(__aeabi_memcpy4, memcpy);
ALIAS(__aeabi_memcpy8, memcpy);
ALIAS(__aeabi_memmove, memmove);
ALIAS(__aeabi_memmove4, memmove);
ALIAS(__aeabi_memmove8, memmove);

void __aeabi_memset(void *to, size_t count, int value) { memset(to, value, count); }
void __aeabi_memclr(void *to, size_t count) { memset(to, 0, count); }
ALIAS(__aeabi_memset4, __aeabi_memset);
ALIAS(__aeabi_memset8, __aeabi_memset);
ALIAS(__aeabi_memclr4, __aeabi_memclr);
ALIAS(__aeabi_memclr8, __aeabi_memclr);

// A shift by 32 or more is two halves that change places; the compiler does smaller ones by itself.
uint64_t __aeabi_llsl(uint64_t value, int by) {
  uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);
  if (by >= 32) return (uint64_t)(low << (by - 32)) << 32;
  if (by == 0) return value;
  return (uint64_t)(high << by | low >> (32 - by)) << 32 | low << by;
}

uint64_t __aeabi_llsr(uint64_t value, int by) {
  uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);
  if (by >= 32) return high >> (by - 32);
  if (by == 0) return value;
  return (uint64_t)(high >> by) << 32 | (low >> by | high << (32 - by));
}

// 64 by 32 bits with a quotient of 32: the high half is below the divisor. Two digits in base 2^16, each
// guessed from the divisor's first one and at most two too big (Knuth, The Art of Computer Programming,
// volume 2, section 4.3.1, algorithm D).
static uint32_t divide_half(uint32_t high, uint32_t low, uint32_t divisor, uint32_t *rest) {
  int shift = __builtin_clz(divisor);
  divisor <<= shift;
  if (shift > 0) high = high << shift | low >> (32 - shift);
  low <<= shift;
  uint32_t quotient = 0;
  for (int digit = 0; digit < 2; digit++) {
    uint32_t guess = high / (divisor >> 16), left = high - guess * (divisor >> 16);
    uint32_t next = low >> 16;
    while (guess > 0xFFFF || guess * (divisor & 0xFFFF) > (left << 16 | next)) {
      guess--;
      left += divisor >> 16;
      if (left > 0xFFFF) break;
    }
    high = (high << 16 | next) - guess * divisor;
    low <<= 16;
    quotient = quotient << 16 | guess;
  }
  *rest = high >> shift;
  return quotient;
}

// 64 by 64 bits: by a longer divisor the quotient is guessed from its first 32 bits, at most one too small.
__attribute__((used)) uint64_t board_divide(uint64_t dividend, uint64_t divisor, uint64_t *rest) {
  uint32_t high = (uint32_t)(dividend >> 32), left;
  if (divisor >> 32 == 0) {
    uint32_t by = (uint32_t)divisor, first = high / by;
    uint32_t second = divide_half(high - first * by, (uint32_t)dividend, by, &left);
    *rest = left;
    return (uint64_t)first << 32 | second;
  }
  int shift = __builtin_clz((uint32_t)(divisor >> 32));
  uint64_t half = dividend >> 1;
  uint64_t guess = divide_half((uint32_t)(half >> 32), (uint32_t)half, (uint32_t)(divisor << shift >> 32), &left);
  guess = guess << shift >> 31;
  if (guess > 0) guess--;
  dividend -= guess * divisor;
  if (dividend >= divisor) {
    dividend -= divisor;
    guess++;
  }
  *rest = dividend;
  return guess;
}

// Quotient in r0 and r1, remainder in r2 and r3.
__attribute__((naked)) void __aeabi_uldivmod(void) {
  __asm__ volatile(
      "push {r4, lr}\n"
      "sub sp, #16\n"
      "add r4, sp, #8\n"
      "str r4, [sp]\n"
      "bl board_divide\n"
      "ldr r2, [sp, #8]\n"
      "ldr r3, [sp, #12]\n"
      "add sp, #16\n"
      "pop {r4, pc}\n");
}
#endif

#if defined(__aarch64__)
// 128 bits as the compiler's own library has them.
typedef unsigned __int128 wide;
typedef struct {
  uint64_t low, high;
} halves;

static wide join(uint64_t low, uint64_t high) {
  union {
    halves half;
    wide whole;
  } value = {.half = {low, high}};
  return value.whole;
}

static halves split(wide value) {
  union {
    wide whole;
    halves half;
  } both = {.whole = value};
  return both.half;
}

wide __ashlti3(wide value, int by) {
  halves of = split(value);
  if (by >= 64) return join(0, of.low << (by - 64));
  if (by == 0) return value;
  return join(of.low << by, of.high << by | of.low >> (64 - by));
}

wide __lshrti3(wide value, int by) {
  halves of = split(value);
  if (by >= 64) return join(of.high >> (by - 64), 0);
  if (by == 0) return value;
  return join(of.low >> by | of.high << (64 - by), of.high >> by);
}

static int leading_zeros(wide value) {
  halves of = split(value);
  return of.high ? __builtin_clzll(of.high) : 64 + (of.low ? __builtin_clzll(of.low) : 64);
}

static wide divide(wide dividend, wide divisor, wide *rest) {
  wide quotient = 0;
  if (dividend >= divisor) {
    int shift = leading_zeros(divisor) - leading_zeros(dividend);
    wide by = __ashlti3(divisor, shift);
    for (; shift >= 0; shift--) {
      quotient += quotient;
      if (dividend >= by) {
        dividend -= by;
        quotient += 1;
      }
      by = __lshrti3(by, 1);
    }
  }
  *rest = dividend;
  return quotient;
}

wide __udivti3(wide dividend, wide divisor) {
  wide rest;
  return divide(dividend, divisor, &rest);
}

wide __umodti3(wide dividend, wide divisor) {
  wide rest;
  divide(dividend, divisor, &rest);
  return rest;
}
#endif
