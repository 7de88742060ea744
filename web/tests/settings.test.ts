import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Locator } from 'playwright-core';
import { describe } from 'vitest';
import { BINARY } from './support/nws';
import { expect, test } from './support/test';
import type { Visit } from './support/visit';

const run = promisify(execFile);

const CLIPBOARD = { permissions: ['clipboard-read', 'clipboard-write'] };

/** With everything that a shell would take for its own. */
const TEXT = 'Ada\'s © {year}, 100 % \\ $HOME "x" `date`';

describe('what the mark is like', () => {
  test('is remembered', async ({ serve, visit }) => {
    const arrived = await visit((await serve()).url);
    await textField(arrived).fill('© Ada {year}');
    await arrived.page.reload();
    await arrived.chooseButton.waitFor();
    await expect.poll(() => textField(arrived).inputValue()).toBe('© Ada {year}');
  });

  test('is copied as a line of curl that the server knows the answer to', async ({
    painter,
    serve,
    visit,
  }) => {
    const arrived = await visit((await serve()).url, CLIPBOARD);
    const photograph = await painter.photograph('photo.jpg', 1);
    await textField(arrived).fill(TEXT);
    await arrived.begin(photograph);
    await arrived.done(1);
    const line = await copied(arrived, 'curl');
    const said = await inShell(`${line} --dump-header -`, photograph.bytes);
    const [job] = await arrived.jobs();
    expect(said.output).toMatch(/^x-cache: HIT/im);
    expect(said.output).toContain(`"jobId":"${job?.jobId}"`);
  });

  test('is copied as a command that makes the same picture without a server', async ({
    painter,
    serve,
    visit,
  }) => {
    const arrived = await visit((await serve()).url, CLIPBOARD);
    const photograph = await painter.photograph('photo.jpg', 1);
    await textField(arrived).fill(TEXT);
    await arrived.begin(photograph);
    await arrived.done(1);
    const { files } = await inShell(await copied(arrived, 'nws apply'), photograph.bytes);
    expect(files.get('marked.jpg')?.equals(await arrived.result(0))).toBe(true);
  });

  test('is copied as JSON, by the names of the API', async ({ serve, visit }) => {
    const arrived = await visit((await serve()).url, CLIPBOARD);
    await textField(arrived).fill(TEXT);
    expect(JSON.parse(await copied(arrived, 'JSON'))).toMatchObject({ wm_text: TEXT });
  });
});

function textField({ page }: Visit): Locator {
  return page.getByRole('textbox', { name: /^Text/ });
}

async function copied({ page }: Visit, what: string): Promise<string> {
  await page.getByRole('button', { name: what, exact: true }).click();
  await page.getByText(`Copied for ${what}.`).waitFor();
  return page.evaluate(() => navigator.clipboard.readText());
}

/** What a shell says to `line`, and the pictures that lie in its folder then, beside the photo. */
async function inShell(line: string, photo: Buffer) {
  const folder = await mkdtemp(path.join(tmpdir(), 'nws-shell-'));
  try {
    await writeFile(path.join(folder, 'photo.jpg'), photo);
    await symlink(BINARY, path.join(folder, 'nws'));
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH ?? ''}` };
    const { stdout: output } = await run('sh', ['-c', line], { cwd: folder, env });
    const names = (await readdir(folder)).filter((name) => name.endsWith('.jpg'));
    const files = await Promise.all(names.map((name) => readFile(path.join(folder, name))));
    return { output, files: new Map(names.map((name, index) => [name, files[index]])) };
  } finally {
    await rm(folder, { recursive: true });
  }
}
