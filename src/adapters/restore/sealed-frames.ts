import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto';

/** Bytes of plain text in a frame: memory stays constant however large the whole is. */
const frameBytes = 64 * 1024;
const tagBytes = 16;
/** Top bit of a frame's length: no frame comes after it. */
const lastBit = 0x8000_0000;

/** What the frames of one file are sealed with. */
export interface FrameKey {
  readonly key: Buffer;
  /** What stands before the frames; changed, none of them opens. */
  readonly bound: Buffer;
}

/** Returns the key of one file, derived from the state key by HKDF-SHA256 with the file's own salt, bound to the file's header. */
export function frameKey(stateKey: string, salt: Buffer, header: Buffer): FrameKey {
  return {
    key: Buffer.from(hkdfSync('sha256', stateKey, salt, 'jv-staging jv1 restore point', 32)),
    bound: createHash('sha256').update(header).digest(),
  };
}

/**
 * Seals a stream frame by frame (AES-256-GCM; a frame is its length, text and tag). Number and end stand in each nonce, so that a frame
 * that was left out, moved or cut off shows when it is opened.
 */
export async function* sealFrames(key: FrameKey, plain: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer = Buffer.alloc(0);
  let number = 0;
  for await (const chunk of plain) {
    waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
    while (waiting.length > frameBytes) {
      yield sealFrame(key, waiting.subarray(0, frameBytes), number, false);
      waiting = waiting.subarray(frameBytes);
      number += 1;
    }
  }
  yield sealFrame(key, waiting, number, true);
}

function sealFrame({ key, bound }: FrameKey, text: Buffer, number: number, last: boolean): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonceOf(number, last)).setAAD(bound);
  const sealed = Buffer.concat([cipher.update(text), cipher.final()]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(last ? sealed.length + lastBit : sealed.length);
  return Buffer.concat([length, sealed, cipher.getAuthTag()]);
}

/** Opens what `sealFrames` made. Throws what `damaged` makes for another key and for any change, a cut end included. */
export async function* openFrames(key: FrameKey, sealed: AsyncIterable<Buffer>, damaged: () => Error): AsyncGenerator<Buffer> {
  let waiting: Buffer = Buffer.alloc(0);
  let number = 0;
  let ended = false;
  for await (const chunk of sealed) {
    waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
    for (;;) {
      const frame = frameAt(waiting, damaged);
      if (frame === undefined) break;
      if (ended) throw damaged();
      yield openFrame(key, frame, number, damaged);
      waiting = waiting.subarray(frame.sizeBytes);
      number += 1;
      ended = frame.last;
    }
  }
  if (!ended || waiting.length > 0) throw damaged();
}

interface Frame {
  readonly text: Buffer;
  readonly tag: Buffer;
  readonly last: boolean;
  readonly sizeBytes: number;
}

function frameAt(bytes: Buffer, damaged: () => Error): Frame | undefined {
  if (bytes.length < 4) return undefined;
  const word = bytes.readUInt32BE(0);
  const last = word >= lastBit;
  const length = last ? word - lastBit : word;
  if (length > frameBytes) throw damaged();
  const sizeBytes = 4 + length + tagBytes;
  if (bytes.length < sizeBytes) return undefined;
  return { text: bytes.subarray(4, 4 + length), tag: bytes.subarray(4 + length, sizeBytes), last, sizeBytes };
}

function openFrame({ key, bound }: FrameKey, { text, tag, last }: Frame, number: number, damaged: () => Error): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(number, last), { authTagLength: tagBytes }).setAAD(bound).setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(text), decipher.final()]);
  } catch {
    throw damaged();
  }
}

/** Each file has a key of its own, so that a number is nonce enough. */
function nonceOf(number: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt8(last ? 1 : 0, 0);
  nonce.writeBigUInt64BE(BigInt(number), 4);
  return nonce;
}
