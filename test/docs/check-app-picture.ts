import { stripVTControlCharacters } from 'node:util';
import { reportLines } from '../../cli/check-app.ts';
import { Terminal } from '../../cli/terminal.ts';
import { checked, pair } from '../support/checked.ts';

/** A picture of a terminal in which `ferry check-app` finds what an application has wrong: text, so that a test sees it is so. */

const [SIZE, LINE, EDGE] = [14, 22, 24];
/** As wide as monospaced letters are, at most. */
const LETTER = 0.61 * SIZE;
/** How a terminal is told to look otherwise. */
const [ESCAPE, LOOK] = ['\u001B[', /^(\d+)m([^]*)/];
/** By the codes of a terminal; every other one ends them. */
const LOOKS: Readonly<Record<string, string>> = {
  1: 'font-weight:bold;fill:#fff',
  2: 'fill:#8b949e',
  31: 'fill:#ff7b72',
  32: 'fill:#7ee787',
  33: 'fill:#e3b341',
};

/** Two freezes of one number. As a provider types it: addresses differ each time. */
export async function checkAppPicture(): Promise<string> {
  const running = await pair({ rules: { freezeNumber: (epoch) => epoch + 1 } });
  try {
    const urls = [running.S.url, running.T.url];
    const report = await checked(running, { urls, write: null, restart: null });
    const colours = process.env['FORCE_COLOR'];
    process.env['FORCE_COLOR'] = '1';
    const said = reportLines(report, new Terminal({ write: () => true }, { write: () => true }));
    if (colours === undefined) delete process.env['FORCE_COLOR'];
    else process.env['FORCE_COLOR'] = colours;
    const typed = ['\u001B[2m$\u001B[22m npx ferry check-app http://127.0.0.1:7001 http://127.0.0.2:7001'];
    const alike = said.map((line) => line.replaceAll(/(http:\/\/127\.0\.0\.\d):\d+\/?/g, '$1:7001'));
    return terminalPicture([...typed, ...alike]);
  } finally {
    await running.close();
  }
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function spans(line: string): string {
  const [first = '', ...others] = line.split(ESCAPE);
  const painted = others.map((part) => {
    const [, code = '', text = ''] = LOOK.exec(part) ?? [];
    const style = LOOKS[code] === undefined ? '' : ` style="${LOOKS[code]}"`;
    return text === '' ? '' : `<tspan${style}>${escaped(text)}</tspan>`;
  });
  return `${escaped(first)}${painted.join('')}`;
}

function terminalPicture(lines: readonly string[]): string {
  const longest = Math.max(...lines.map((line) => stripVTControlCharacters(line).length));
  const [width, height] = [Math.ceil(2 * EDGE + longest * LETTER), 2 * EDGE + lines.length * LINE];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    `<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="${SIZE}" fill="#d0d7de">`,
    ...lines.map(
      (line, at) => `<text x="${EDGE}" y="${EDGE + (at + 1) * LINE - 6}" xml:space="preserve">${spans(line)}</text>`,
    ),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}
