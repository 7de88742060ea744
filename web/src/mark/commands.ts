import type { Order } from './mark';

/** A line for `sh` that sends a photo as the page would, waits for the result and keeps it. */
export function curlLine({ fields, logo }: Order, origin: string): string {
  const format = formatOf(fields);
  const words = [
    'curl --fail',
    `-H ${quoted(`Accept: image/${format}`)}`,
    `-H ${quoted('Prefer: wait=20')}`,
    '-F image=@photo.jpg',
    // A value of -F may name a file by @ or <; a value of --form-string is what it is.
    ...fields.map(([name, value]) => `--form-string ${quoted(`${name}=${value}`)}`),
    ...(logo ? [`-F ${quoted(`wm_logo=@${curlFile(logo.name)}`)}`] : []),
    `-o marked.${extensionOf(format)}`,
    quoted(`${origin}/upload`),
  ];
  return words.join(' ');
}

/** A line for `sh` that does the same here, without a server. */
export function applyLine({ fields, logo }: Order): string {
  const words = [
    `nws apply photo.jpg -o marked.${extensionOf(formatOf(fields))}`,
    ...fields.map(([name, value]) => `${flag(name)}=${quoted(value)}`),
    ...(logo ? [`${flag('wm_logo')}=${quoted(logo.name)}`] : []),
  ];
  return words.join(' ');
}

/** The fields as one JSON object, its numbers as numbers. */
export function json({ fields }: Order): string {
  const entries = fields.map(([name, value]) => {
    const isNumber = name !== 'wm_text' && value.trim() !== '' && Number.isFinite(Number(value));
    return [name, isNumber ? Number(value) : value] as const;
  });
  return JSON.stringify(Object.fromEntries(entries), null, 2);
}

/** One word for `sh`, whatever it holds: nothing is special between single quotes but the quote that ends them. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** A name that curl would cut at `;` or `,` stands in quotes of its own. */
function curlFile(name: string): string {
  if (!/[;,"\\]/.test(name)) return name;
  return `"${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function flag(field: string): string {
  return `--${field.replaceAll('_', '-')}`;
}

function formatOf(fields: Order['fields']): string {
  return fields.find(([name]) => name === 'wm_format')?.[1] ?? 'jpeg';
}

function extensionOf(format: string): string {
  return format === 'jpeg' ? 'jpg' : format;
}
