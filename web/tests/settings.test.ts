import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe } from 'vitest';
import { expect, test } from './support/test';
import type { Visit } from './support/visit';

const run = promisify(execFile);

describe('what the mark is like', () => {
  test('is remembered', async ({ serve, visit }) => {
    const arrived = await visit((await serve()).url);
    await textField(arrived).fill('© Ada {year}');
    await arrived.page.reload();
    await arrived.chooseButton.waitFor();
    await expect.poll(() => textField(arrived).inputValue()).toBe('© Ada {year}');
  });

  test('is copied as a line of curl that makes the same job', async ({ painter, serve, visit }) => {
    const nws = await serve();
    const arrived = await visit(nws.url, {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const photograph = await painter.photograph('photo.jpg', 1);
    await textField(arrived).fill("Ada's © {year}, 100 % \\ $HOME");
    await arrived.begin(photograph);
    await arrived.done(1);
    const line = await copied(arrived, /curl/);
    expect(line).toContain(nws.url);
    const answer: unknown = JSON.parse(await inFolderWith(photograph.bytes, line));
    const [job] = await arrived.jobs();
    expect(answer).toMatchObject({ jobId: job?.jobId, status: 'done' });
  });

  test('is copied as JSON and as a command of nws', async ({ serve, visit }) => {
    const arrived = await visit((await serve()).url, {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    await textField(arrived).fill('© Ada {year}');
    expect(JSON.parse(await copied(arrived, /JSON/))).toMatchObject({ wm_text: '© Ada {year}' });
    expect(await copied(arrived, /nws/)).toContain("--wm-text '© Ada {year}'");
  });
});

function textField({ page }: Visit) {
  return page.getByRole('textbox', { name: /^Text/ });
}

async function copied({ page }: Visit, what: RegExp): Promise<string> {
  await page.getByRole('button', { name: what }).click();
  return page.evaluate(() => navigator.clipboard.readText());
}

/** What a shell says to `line` in a folder where the photo lies. */
async function inFolderWith(photo: Buffer, line: string): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'nws-curl-'));
  try {
    await writeFile(path.join(folder, 'photo.jpg'), photo);
    const { stdout } = await run('sh', ['-c', line], { cwd: folder });
    return stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}
