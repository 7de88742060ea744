import type { Order } from './mark';

/** A line for `sh` that sends a photo as the page does, and prints where its job stands. Where a key is needed it is named
 * and not shown: lines are kept in histories. */
export function curlLine({ fields, logo }: Order, origin: string, needsKey: boolean): string {
  const words = [
    'curl',
    ...(needsKey ? ['-H "Authorization: Bearer $NWS_API_KEY"'] : []),
    '-F image=@photo.jpg',
    // A value of -F may name a file by @ or <; a value of --form-string is what it is.
    ...fields.map(([name, value]) => `--form-string ${quoted(`${name}=${value}`)}`),
    ...(logo ? [`-F ${quoted(`wm_logo=@${curlFile(logo.name)}`)}`] : []),
    quoted(`${origin}/upload`),
  ];
  return words.join(' ');
}

/** A line for `sh` that does the same here, without a server. */
export function applyLine({ fields, logo }: Order): string {
  const format = fields.find(([name]) => name === 'wm_format')?.[1] ?? 'jpeg';
  const words = [
    `nws apply photo.jpg -o marked.${format === 'jpeg' ? 'jpg' : format}`,
    ...fields.map(([name, value]) => flag(name, value)),
    ...(logo ? [flag('wm_logo', logo.name)] : []),
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

/** A value that looks like a flag is joined to its own. */
function flag(field: string, value: string): string {
  const joint = value.startsWith('-') ? '=' : ' ';
  return `--${field.replaceAll('_', '-')}${joint}${quoted(value)}`;
}
