import type { Browser, Page } from 'playwright-core';
import { paintLandscape } from './landscape';

/** A file as a person has it on the disk. */
export interface Photograph {
  readonly name: string;
  readonly mimeType: string;
  readonly bytes: Buffer;
}

/** Larger than the box of 1920 × 1080 that a result is fitted into, and as grainy as what comes from a camera. */
const CAMERA = { width: 2400, height: 1600, grain: 7 };

/** Makes photographs of landscapes that nobody has been to. The same seed gives the same picture. */
export class Painter {
  private readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  static async of(browser: Browser): Promise<Painter> {
    return new Painter(await browser.newPage());
  }

  async photograph(name: string, seed: number, camera = CAMERA): Promise<Photograph> {
    const base64 = await this.page.evaluate(paintLandscape, { seed, ...camera });
    return { name, mimeType: 'image/jpeg', bytes: Buffer.from(base64, 'base64') };
  }

  /** `photo-1.jpg`, `photo-2.jpg` and so on. */
  async photographs(count: number): Promise<Photograph[]> {
    const made: Photograph[] = [];
    for (let seed = 1; seed <= count; seed += 1) {
      made.push(await this.photograph(`photo-${seed}.jpg`, seed));
    }
    return made;
  }

  /** Its header is whole, so it is accepted; its picture stops after a third. */
  async brokenPhotograph(name: string): Promise<Photograph> {
    const { bytes, ...rest } = await this.photograph(name, 99);
    return { ...rest, bytes: bytes.subarray(0, bytes.length / 3) };
  }
}

/** A text that calls itself a photo. */
export function textFile(name: string): Photograph {
  return { name, mimeType: 'image/jpeg', bytes: Buffer.from('Dear diary, this is no photo.\n') };
}
