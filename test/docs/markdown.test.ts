import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);
const pages = ['', 'docs/', 'sandbox/', 'templates/typescript/', 'templates/python/'].flatMap((folder) =>
  readdirSync(new URL(folder, root)).flatMap((file) => (file.endsWith('.md') ? [`${folder}${file}`] : [])),
);
const read = (page: string): string => readFileSync(new URL(page, root), 'utf8');
const withoutCode = (text: string): string => text.replaceAll(/^ *```[^]*?^ *```$/gm, '');

/** As GitHub makes them of headings. */
const anchorsOf = (page: string): string[] =>
  [...withoutCode(read(page)).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe.each(pages)('%s', (page) => {
  it('wraps at 100 columns outside tables, code and the targets of links', () => {
    const long = withoutCode(read(page))
      .split('\n')
      .map((line) => line.replaceAll(/\]\([^)]*\)/g, ']'))
      .filter((line) => !/^\s*\|/.test(line) && line.length > 100);
    expect(long).toStrictEqual([]);
  });

  it('has no paragraphs in the cells of its tables', () => {
    const cells = withoutCode(read(page))
      .split('\n')
      .filter((line) => /^\s*\|/.test(line))
      .flatMap((line) => line.split(' | '));
    expect(cells.filter((cell) => cell.length > 250)).toStrictEqual([]);
  });

  it('leads to what is there', () => {
    const links = [...withoutCode(read(page)).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    const broken = links.filter(([, path = '', anchor]) => {
      const there = path === '' ? new URL(page, root) : new URL(path, new URL(page, root));
      if (!existsSync(there)) return true;
      return anchor !== undefined && !anchorsOf(there.pathname.slice(root.pathname.length)).includes(anchor);
    });
    expect(broken.map(([link]) => link)).toStrictEqual([]);
  });
});
