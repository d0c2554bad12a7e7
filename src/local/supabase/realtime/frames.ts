/** One message of the Phoenix protocol. */
export interface Frame {
  /** Reference of the join that the message belongs to, or null. */
  readonly joinRef: string | null;
  readonly ref: string | null;
  readonly topic: string;
  readonly event: string;
  readonly payload: unknown;
}

/** Protocol versions of realtime-js: 1.0.0 sends objects; 2.0.0 sends arrays, and broadcasts as binary frames. */
export type ProtocolVersion = '1.0.0' | '2.0.0';

/** Kinds and encodings of binary frames (@supabase/realtime-js 2.119, lib/serializer.js). */
const userBroadcastPush = 3;
const userBroadcast = 4;
const jsonEncoding = 1;

/** Reads what a client sent; undefined when it is no frame. */
export function decodeFrame(data: Buffer, isBinary: boolean): Frame | undefined {
  if (isBinary) return decodeBroadcast(data);
  let value: unknown;
  try {
    value = JSON.parse(data.toString('utf8'));
  } catch {
    return undefined;
  }
  // The client decides by its version which of both it sends; reading either is harmless.
  if (Array.isArray(value)) return frameOf(value[0], value[1], value[2], value[3], value[4]);
  if (typeof value !== 'object' || value === null) return undefined;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  return frameOf(fields['join_ref'], fields['ref'], fields['topic'], fields['event'], fields['payload']);
}

function frameOf(joinRef: unknown, ref: unknown, topic: unknown, event: unknown, payload: unknown): Frame | undefined {
  if (typeof topic !== 'string' || typeof event !== 'string') return undefined;
  const text = (value: unknown) => (typeof value === 'string' ? value : typeof value === 'number' ? `${value}` : null);
  return { joinRef: text(joinRef), ref: text(ref), topic, event, payload: payload ?? {} };
}

function decodeBroadcast(data: Buffer): Frame | undefined {
  if (data.length < 7 || data[0] !== userBroadcastPush) return undefined;
  const sizes = [data[1] ?? 0, data[2] ?? 0, data[3] ?? 0, data[4] ?? 0, data[5] ?? 0];
  let offset = 7;
  const parts = sizes.map((size) => {
    const part = data.toString('utf8', offset, offset + size);
    offset += size;
    return part;
  });
  const [joinRef = '', ref = '', topic = '', event = ''] = parts;
  const body = data.subarray(offset);
  const payload = { type: 'broadcast', event, payload: data[6] === jsonEncoding ? parsed(body) : body };
  return { joinRef: joinRef === '' ? null : joinRef, ref: ref === '' ? null : ref, topic, event: 'broadcast', payload };
}

function parsed(body: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return value;
  } catch {
    return {};
  }
}

/** Writes a frame for a client of this version; undefined when the version cannot carry it (bytes in 1.0.0). */
export function encodeFrame(frame: Frame, version: ProtocolVersion): string | Buffer | undefined {
  const binary = binaryBroadcast(frame);
  if (binary !== undefined) return version === '2.0.0' ? binary : undefined;
  const { joinRef, ref, topic, event, payload } = frame;
  return JSON.stringify(version === '2.0.0' ? [joinRef, ref, topic, event, payload] : { topic, event, payload, ref, join_ref: joinRef });
}

function binaryBroadcast({ topic, event, payload }: Frame): Buffer | undefined {
  if (event !== 'broadcast' || typeof payload !== 'object' || payload === null) return undefined;
  const body = 'payload' in payload ? payload.payload : undefined;
  if (!Buffer.isBuffer(body)) return undefined;
  const name = Buffer.from('event' in payload && typeof payload.event === 'string' ? payload.event : '');
  const to = Buffer.from(topic);
  return Buffer.concat([Buffer.from([userBroadcast, to.length, name.length, 0, 0]), to, name, body]);
}
