import { createHash, randomBytes } from 'node:crypto';

export interface Credential {
  readonly key: string;
  /** The line by which the settings know it, as `nws key new` writes one. */
  readonly line: string;
}

/** A key that opens these scopes. */
export function credential(name: string, ...scopes: string[]): Credential {
  const key = `nws_${randomBytes(32).toString('base64url')}`;
  const digest = createHash('sha256').update(key).digest('hex');
  return { key, line: `${name}:${scopes.join(',')}:${digest}` };
}

/** What lets in these, and nobody else. */
export function letsIn(...credentials: Credential[]): string {
  return `auth_keys=${credentials.map(({ line }) => line).join(' ')}`;
}

/** What signs the links to images, as `nws key link` writes one. */
export function signsLinks(): string {
  return `link_keys=a:${randomBytes(32).toString('base64url')}`;
}
