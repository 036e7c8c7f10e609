import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Starts `onepoint up` on free ports with a folder of its own. */
export async function startStack() {
  const data = await mkdtemp(join(tmpdir(), 'onepoint-e2e-'));
  const [port, bankPort, qtspPort] = [await freePort(), await freePort(), await freePort()];
  const child = spawn(
    new URL('../../bin/onepoint', import.meta.url).pathname,
    [
      'up',
      '--data',
      data,
      '--listen',
      `127.0.0.1:${port}`,
      '--bank-listen',
      `127.0.0.1:${bankPort}`,
      '--qtsp-listen',
      `127.0.0.1:${qtspPort}`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  const url = await new Promise((resolve, reject) => {
    const read = (chunk) => {
      output += chunk;
      const ready = /^ready (http:\S+)$/m.exec(output);
      if (ready) {
        resolve(ready[1]);
      }
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', (code) => reject(new Error(`onepoint ended with ${code}:\n${output}`)));
  });
  return {
    url,
    output: () => output,
    async stop() {
      const ended = new Promise((resolve) => child.on('exit', resolve));
      child.kill('SIGTERM');
      const code = await ended;
      await rm(data, { recursive: true, force: true });
      return code;
    },
  };
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
