import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import { AUTHORITATIVE_ANSWER, decode, encode, streamDecode, streamEncode, TRUNCATED_RESPONSE, type Packet } from 'dns-packet';
import { portTaken } from '../engines/server-process.ts';
import type { Zone } from './zone.ts';

/** A DNS server. */
export interface DnsServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** What fits into one answer over UDP when the client does not say more (RFC 1035 §4.2.1), in bytes. */
const udpBytes = 512;
const codes = { NOERROR: 0, FORMERR: 1, NXDOMAIN: 3, NOTIMP: 4 } as const;

/** Answers for the zone over UDP and TCP on one port of 127.0.0.1. Throws `LOCAL_PORT_TAKEN`. */
export async function startDnsServer(zone: Zone, port: number): Promise<DnsServer> {
  const udp = createSocket('udp4');
  udp.on('message', (message, from) => {
    const query = read(() => decode(message));
    if (query !== undefined) udp.send(overUdp(zone, query), from.port, from.address);
  });
  const connections = new Set<Socket>();
  const tcp = createServer((socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket)).on('error', () => socket.destroy());
    socket.setTimeout(10_000, () => socket.destroy());
    answerStream(zone, socket);
  });
  try {
    await new Promise<void>((resolve, reject) => {
      udp.once('error', reject).bind(port, '127.0.0.1', () => {
        tcp.once('error', reject).listen(port, '127.0.0.1', resolve);
      });
    });
  } catch (error) {
    udp.close();
    throw portTaken(port, 'DNS', error);
  }
  return {
    port,
    stop: async () => {
      await new Promise<void>((resolve) => {
        udp.close(() => resolve());
      });
      for (const socket of connections) socket.destroy();
      await new Promise((resolve) => {
        tcp.close(resolve);
      });
    },
  };
}

/** Each message of a TCP connection has its length, two bytes, before it; one may come in several pieces. */
function answerStream(zone: Zone, socket: Socket): void {
  let waiting: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
      const end = 2 + waiting.readUInt16BE(0);
      const message = waiting.subarray(0, end);
      waiting = waiting.subarray(end);
      const query = read(() => streamDecode(message));
      if (query === undefined) return void socket.destroy();
      socket.write(streamEncode(answerTo(zone, query)));
    }
  });
}

/** A message that is no DNS gets no answer. */
function read(decoded: () => Packet): Packet | undefined {
  try {
    const packet = decoded();
    return packet.type === 'query' ? packet : undefined;
  } catch {
    return undefined;
  }
}

function overUdp(zone: Zone, query: Packet): Buffer {
  const answer = answerTo(zone, query);
  const bytes = encode(answer);
  const announced = query.additionals?.find((record) => record.type === 'OPT');
  const limit = Math.max(udpBytes, announced?.type === 'OPT' ? (announced.udpPayloadSize ?? 0) : 0);
  if (bytes.length <= limit) return bytes;
  // The client asks again over TCP.
  return encode({ ...answer, answers: [], flags: (answer.flags ?? 0) | TRUNCATED_RESPONSE });
}

function answerTo(zone: Zone, query: Packet): Packet {
  const reply = (code: number, answers: Packet['answers'] = []): Packet => ({
    type: 'response',
    id: query.id ?? 0,
    flags: AUTHORITATIVE_ANSWER | code,
    questions: query.questions ?? [],
    answers,
  });
  const [question] = query.questions ?? [];
  if (question === undefined) return reply(codes.FORMERR);
  const { code, answers } = zone.answer(question.name, question.type);
  return reply(codes[code], [...answers]);
}
