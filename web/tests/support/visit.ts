import { buffer } from 'node:stream/consumers';
import type {
  Browser,
  BrowserContext,
  BrowserContextOptions,
  Locator,
  Page,
  Request,
} from 'playwright-core';
import type { Admission } from '../../src/api/types';
import type { Photograph } from './photographs';

/** Far beyond what anything takes here, so that only what never comes fails. */
const PATIENCE_MS = 20_000;

export type VisitOptions = BrowserContextOptions;

/** Somebody at the page. What the browser complains of meanwhile is written down, and thrown at the end. */
export class Visit {
  readonly page: Page;
  readonly requests: Request[] = [];
  private readonly context: BrowserContext;
  private readonly origin: string;
  /** How many streams of events were open at the same time, at the most. */
  streamsAtOnceMax = 0;
  private readonly streams = new Set<Request>();
  private readonly complaints: string[] = [];
  private readonly expected: RegExp[] = [];

  private constructor(context: BrowserContext, page: Page, origin: string) {
    this.context = context;
    this.page = page;
    this.origin = origin;
    page.on('request', (request) => this.note(request));
    page.on('requestfinished', (request) => this.streams.delete(request));
    page.on('requestfailed', (request) => this.streams.delete(request));
    // Whoever listens once is told of every dialog; who begins to listen when a key is pressed may be too late.
    page.on('filechooser', () => {});
    page.on('pageerror', (error) => this.complaints.push(`error: ${error.stack ?? error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(`console: ${message.text()}`);
    });
  }

  static async begin(browser: Browser, url: string, options: VisitOptions): Promise<Visit> {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(PATIENCE_MS);
    // What a policy forbids is told to the page; a test hears the page's errors.
    await context.addInitScript(() =>
      document.addEventListener('securitypolicyviolation', (event) =>
        reportError(new Error(`policy: ${event.violatedDirective} forbids ${event.blockedURI}`)),
      ),
    );
    const visit = new Visit(context, await context.newPage(), new URL(url).origin);
    await visit.page.goto(url);
    await visit.chooseButton.waitFor();
    return visit;
  }

  /** Complaints like this are what the test is about. */
  expects(complaint: RegExp): void {
    this.expected.push(complaint);
  }

  async end(): Promise<void> {
    await this.context.close();
    const unexpected = this.complaints.filter(
      (complaint) => !this.expected.some((pattern) => pattern.test(complaint)),
    );
    if (unexpected.length > 0) throw new Error(`the browser complains:\n${unexpected.join('\n')}`);
  }

  get chooseButton(): Locator {
    // The file field behind it counts as a button, too.
    return this.page
      .getByRole('button', { name: /^(Choose photos|Choisir des photos)$/ })
      .and(this.page.locator('button'));
  }

  /** By the button and the system's dialog, in which a browser without a screen cannot be watched. */
  async choose(...photographs: Photograph[]): Promise<void> {
    const dialog = this.page.waitForEvent('filechooser');
    await this.chooseButton.click();
    await (await dialog).setFiles(photographs.map(asFile));
  }

  /** By the mouse, from another window. */
  async drop(...photographs: Photograph[]): Promise<void> {
    const files = photographs.map(({ name, mimeType, bytes }) => ({
      name,
      mimeType,
      base64: bytes.toString('base64'),
    }));
    const dragged = await this.page.evaluateHandle(async (files) => {
      const transfer = new DataTransfer();
      for (const { name, mimeType, base64 } of files) {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        transfer.items.add(new File([bytes], name, { type: mimeType }));
      }
      return transfer;
    }, files);
    for (const type of ['dragenter', 'dragover', 'drop']) {
      await this.chooseButton.dispatchEvent(type, { dataTransfer: dragged });
    }
  }

  /** Chooses these and sends them off. */
  async begin(...photographs: Photograph[]): Promise<void> {
    await this.choose(...photographs);
    await this.beginButton.click();
  }

  get beginButton(): Locator {
    return this.page.getByRole('button', { name: /^(Watermark \d+ photos?|Marquer \d+ photos?)$/ });
  }

  /** The list's entry of this file. */
  photo(filename: string): Locator {
    return this.page.getByRole('listitem').filter({ hasText: filename });
  }

  get compareButtons(): Locator {
    return this.page.getByRole('button', { name: /^(Compare|Comparer) / });
  }

  compareButton(filename: string): Locator {
    return this.compareButtons.and(this.page.getByRole('button', { name: filename }));
  }

  compareDialog(filename: string): Locator {
    return this.page.getByRole('dialog', { name: filename });
  }

  /** Waits until so many photos have a result. */
  async done(count: number): Promise<void> {
    await this.compareButtons.nth(count - 1).waitFor();
  }

  /** What a click on this gives. */
  async download(button: Locator): Promise<{ name: string; bytes: Buffer }> {
    const begun = this.page.waitForEvent('download');
    await button.click();
    const download = await begun;
    return {
      name: download.suggestedFilename(),
      bytes: await buffer(await download.createReadStream()),
    };
  }

  uploads(): Request[] {
    return this.requests.filter((request) => pathOf(request) === '/upload');
  }

  /** What the server said to each upload, in the order in which they were sent. */
  jobs(): Promise<Admission[]> {
    return Promise.all(this.uploads().map(async (request) => (await request.response())?.json()));
  }

  /** The picture that came of an upload. */
  async result(upload: number): Promise<Buffer> {
    const job = (await this.jobs())[upload];
    if (!job) throw new Error(`no upload ${upload}`);
    const image = await fetch(`${this.origin}/image/${job.jobId}`);
    if (!image.ok) throw new Error(`the result is not there: ${image.status}`);
    return Buffer.from(await image.arrayBuffer());
  }

  private note(request: Request): void {
    this.requests.push(request);
    if (pathOf(request) === '/events') {
      this.streams.add(request);
      this.streamsAtOnceMax = Math.max(this.streamsAtOnceMax, this.streams.size);
    }
    const { origin, protocol } = new URL(request.url());
    if (origin !== this.origin && protocol !== 'blob:') {
      this.complaints.push(`request to another host: ${request.url()}`);
    }
  }
}

function pathOf(request: Request): string {
  return new URL(request.url()).pathname;
}

function asFile({ name, mimeType, bytes }: Photograph) {
  return { name, mimeType, buffer: bytes };
}
