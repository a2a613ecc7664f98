/**
 * The protobuf wire format, as much of it as ONNX files need: a bounds-checked
 * reader that works on spans of the original bytes, and writers of single fields.
 *
 * Nothing here knows ONNX. The reader never copies and never trusts a length:
 * whatever the bytes, it either advances or throws a `LabError`.
 */
import { concatenate } from '../base/bytes';
import { LabError } from '../experiment/errors';
import { message, type Message } from '../experiment/message';

/** A half-open range of byte offsets in the file, `[start, end)`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export const WIRE_VARINT = 0;
export const WIRE_FIXED64 = 1;
export const WIRE_BYTES = 2;
export const WIRE_FIXED32 = 5;

/** A file that ends before its own lengths say it should. */
export function truncated(offset: number, problem: Message): LabError {
  return new LabError('model-truncated.onnx', { problem, offset });
}

/** Bytes that cannot be an ONNX model, whatever their number. */
export function invalid(offset: number, problem: Message): LabError {
  return new LabError('model-invalid.onnx', { problem, offset });
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/**
 * Walks the fields of one message. After `next()` returns true the current field
 * is described by `field`, `wire`, `start` (of its key), `valueStart` and `valueEnd`;
 * for a varint, `value` holds the number.
 *
 * A field that runs past the end of the whole file is reported as truncation; one
 * that runs past its enclosing message is corruption, since no missing tail explains it.
 */
export class Fields {
  field = 0;
  wire = 0;
  start = 0;
  valueStart = 0;
  valueEnd = 0;
  /** The value of a varint as a signed 64-bit integer; exact up to 2^53. */
  value = 0;
  private pos: number;
  readonly bytes: Uint8Array;
  private readonly end: number;

  constructor(bytes: Uint8Array, span: Span = { start: 0, end: bytes.length }) {
    this.bytes = bytes;
    this.pos = span.start;
    this.end = span.end;
  }

  /** Moves to the next field; false at the end of the message. */
  next(): boolean {
    if (this.pos >= this.end) return false;
    this.start = this.pos;
    const key = this.varint();
    this.field = Math.floor(key / 8);
    this.wire = ((key % 8) + 8) % 8;
    if (key < 8 || this.field > 0x1fffffff) throw invalid(this.start, message('onnx.field-number'));
    this.valueStart = this.pos;
    if (this.wire === WIRE_VARINT) {
      this.value = this.varint();
      this.valueEnd = this.pos;
      return true;
    }
    let length: number;
    if (this.wire === WIRE_BYTES) {
      length = this.varint();
      this.valueStart = this.pos;
      if (length < 0) throw invalid(this.start, message('onnx.negative-length'));
    } else if (this.wire === WIRE_FIXED32) length = 4;
    else if (this.wire === WIRE_FIXED64) length = 8;
    else throw invalid(this.start, message('onnx.unknown-wire', { wire: this.wire }));
    this.valueEnd = this.pos + length;
    if (this.valueEnd > this.end) {
      if (this.end === this.bytes.length) {
        throw truncated(
          this.start,
          message('onnx.field-cut', { field: this.field, length, left: this.end - this.pos }),
        );
      }
      throw invalid(this.start, message('onnx.field-long', { field: this.field }));
    }
    this.pos = this.valueEnd;
    return true;
  }

  /** The span of the current field's value. */
  span(): Span {
    return { start: this.valueStart, end: this.valueEnd };
  }

  /** A reader of the current field as a nested message. */
  nested(): Fields {
    this.expect(WIRE_BYTES);
    return new Fields(this.bytes, this.span());
  }

  /** The current field as text. Bytes that are not UTF-8 become U+FFFD, as everywhere on the web. */
  text(): string {
    this.expect(WIRE_BYTES);
    return decoder.decode(this.bytes.subarray(this.valueStart, this.valueEnd));
  }

  /** The current field as a varint. */
  integer(): number {
    this.expect(WIRE_VARINT);
    return this.value;
  }

  /** Appends the current repeated integer field to `out`, packed or not. */
  integers(out: number[]): void {
    if (this.wire === WIRE_VARINT) {
      out.push(this.value);
      return;
    }
    this.expect(WIRE_BYTES);
    const inner = new Fields(this.bytes, this.span());
    while (inner.pos < inner.end) out.push(inner.varint());
  }

  /** Fails unless the current field has this wire type. */
  expect(wire: number): void {
    if (this.wire !== wire)
      throw invalid(this.start, message('onnx.wire', { field: this.field, wire: this.wire, expected: wire }));
  }

  private varint(): number {
    const { bytes, end } = this;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.pos >= end) {
        if (end === bytes.length) throw truncated(this.pos, message('onnx.number-cut'));
        throw invalid(this.pos, message('onnx.number-runs'));
      }
      const byte = bytes[this.pos++];
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else if (shift === 28) {
        low |= (byte & 0x0f) << 28;
        high = (byte & 0x7f) >> 4;
      } else high |= (byte & 0x7f) << (shift - 32);
      if (byte < 0x80) return (high | 0) * 2 ** 32 + (low >>> 0);
    }
    throw invalid(this.pos, message('onnx.number-long'));
  }
}

/** A base-128 varint; negative numbers as 64-bit two's complement. */
export function varint(n: number): Uint8Array {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(n));
  while (rest > 127n) {
    out.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  out.push(Number(rest));
  return Uint8Array.from(out);
}

/** Field `field` holding a number. */
export function integerField(field: number, value: number): Uint8Array {
  return concatenate([varint(field * 8 + WIRE_VARINT), varint(value)]);
}

/** Field `field` holding bytes or a nested message, given in pieces. */
export function bytesField(field: number, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  return concatenate([varint(field * 8 + WIRE_BYTES), varint(length), ...parts]);
}

/** Field `field` holding text. */
export function textField(field: number, text: string): Uint8Array {
  return bytesField(field, encoder.encode(text));
}
