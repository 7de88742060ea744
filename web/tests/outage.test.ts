import { setTimeout as delay } from 'node:timers/promises';
import { describe } from 'vitest';
import { expect, test } from './support/test';
import type { Visit } from './support/visit';

/** As long as a server takes that is started again. */
const OUTAGE_MS = 5000;

/** Slow enough that the first photo is done while the last one is still to be sent. */
const BYTES_PER_SECOND = 1_500_000;

describe('when the server or the page goes away', () => {
  test('a server that is lost for five seconds loses nothing', async ({
    painter,
    serve,
    wireTo,
    visit,
  }) => {
    const nws = await serve('worker_slots=1');
    const wire = await wireTo(nws, BYTES_PER_SECOND);
    const arrived = await visit(wire.url);
    arrived.expects(/Failed to load resource/);
    await arrived.begin(...(await painter.photographs(8)));
    await arrived.done(1);
    await nws.kill();
    wire.cut();
    await noticed(arrived);
    await delay(OUTAGE_MS);
    await nws.startAgain();
    wire.mend();
    await arrived.done(8);
    await expectEachDoneOnce(arrived, 8);
  });

  test('a wire that is cut between two photos is noticed and forgotten', async ({
    painter,
    serve,
    wireTo,
    visit,
  }) => {
    const nws = await serve('worker_slots=1');
    const wire = await wireTo(nws, BYTES_PER_SECOND);
    const arrived = await visit(wire.url);
    arrived.expects(/Failed to load resource/);
    await arrived.begin(...(await painter.photographs(5)));
    await arrived.done(1);
    wire.cut();
    await noticed(arrived);
    wire.mend();
    await arrived.done(5);
    await arrived.page.getByText(LOST).first().waitFor({ state: 'detached' });
    await expectEachDoneOnce(arrived, 5);
  });

  test('a page that is reloaded finds its photos again and goes on', async ({
    painter,
    serve,
    wireTo,
    visit,
  }) => {
    const wire = await wireTo(await serve('worker_slots=1'), BYTES_PER_SECOND);
    const arrived = await visit(wire.url);
    await arrived.begin(...(await painter.photographs(8)));
    await arrived.done(1);
    expect(await arrived.compareButtons.count()).toBeLessThan(8);
    await arrived.page.reload();
    await arrived.done(8);
    await expectEachDoneOnce(arrived, 8);
  });

  test('a page that is closed and opened later still has its results', async ({
    painter,
    serve,
    visit,
  }) => {
    const arrived = await visit((await serve()).url);
    await arrived.begin(...(await painter.photographs(2)));
    await arrived.done(2);
    await arrived.page.reload();
    await arrived.done(2);
    expect(arrived.uploads()).toHaveLength(2);
  });
});

/** Of the stream where one was open, of the uploads where all jobs had ended. */
const LOST = /Connection lost|The server could not be reached/;

/** Waits until the page says that it is alone. */
function noticed({ page }: Visit): Promise<void> {
  return page.getByText(LOST).first().waitFor();
}

/** Every photo stands on the page once with a result, and no two have the same. */
async function expectEachDoneOnce(visit: Visit, count: number): Promise<void> {
  const cards = visit.page.getByRole('listitem').filter({ has: visit.compareButtons });
  expect(await cards.count()).toBe(count);
  const links = await visit.page.getByRole('link', { name: /^Download photo-/ }).all();
  const results = await Promise.all(links.map((link) => link.getAttribute('href')));
  expect(new Set(results).size).toBe(count);
}
