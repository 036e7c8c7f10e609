import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const published = 'ONEPOINTDEMOCUSTOMERSTOTPSECRETS';
const step = 30;
const used = new Map(); // by login: the steps whose codes the bank has taken

function key(secret) {
  const bits = [...secret]
    .map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'))
    .join('');
  return Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
}

function hotp(counter) {
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac('sha1', key(published)).update(message).digest();
  const value = mac.readUInt32BE(mac[19] & 0xf) & 0x7fffffff;
  return String(value % 1_000_000).padStart(6, '0');
}

/** A one-time code (RFC 6238) that the bank has not taken from this login yet. It takes the one before and after too. */
export async function freshCode(login) {
  const taken = used.get(login) ?? new Set();
  used.set(login, taken);
  for (;;) {
    const now = Math.floor(Date.now() / 1000 / step);
    const free = [now, now + 1, now - 1].find((s) => !taken.has(s));
    if (free !== undefined) {
      taken.add(free);
      return hotp(free);
    }
    await sleep(1000);
  }
}
