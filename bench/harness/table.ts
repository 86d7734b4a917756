import type { Target } from './measure.ts';
import { proven, type Result } from './results.ts';
import type { Judged } from './verdict.ts';

/** Four digits say all that is known. */
export function told(value: number | null, unit: string | null = null): string {
  if (value === null || Number.isNaN(value)) return '–'; // JSON has no NaN
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  const written = value.toFixed(digits);
  return `${Number(written) === 0 ? written.replace('-', '') : written}${unit === null ? '' : ` ${unit}`}`;
}

export const targetTold = (target: Target | null, unit: string | null = null): string => {
  if (target === null) return '–';
  if ('atMost' in target) return `≤ ${told(target.atMost, unit)}`;
  return 'atLeast' in target ? `≥ ${told(target.atLeast, unit)}` : `= ${told(target.exactly, unit)}`;
};

const bounds = ({ value, low, high, unit, verdict }: Judged): string =>
  verdict === 'not measured' || (low === high && low === value) ? '' : `${told(low, unit)} … ${told(high, unit)}`;

/** With how many pairs, where there were too few. */
const verdictTold = ({ verdict, pairs: { seen, least } }: Judged): string =>
  seen < least ? `${verdict} (${seen} of ${least})` : verdict;

export const titleOf = ({ id, name }: Pick<Result, 'id' | 'name'>): string => (id === name ? name : `${id} ${name}`);

export const HEADS = ['measure', 'figure', 'seen', '95 %', 'target', 'verdict'] as const;

/** A row for each figure, and one for each bad variant that was tried. */
export function rows(results: readonly Result[]): string[][] {
  return results.flatMap(({ id, name, figures, proofs, broken }) => [
    ...figures.map((figure, nth) => [
      nth === 0 ? titleOf({ id, name }) : '',
      figure.name,
      told(figure.value, figure.unit),
      bounds(figure),
      targetTold(figure.target, figure.unit),
      verdictTold(figure),
    ]),
    ...(broken === undefined ? [] : [['', `it came to no end: ${broken}`, '', '', '', 'not measured']]),
    ...proofs.map((proof) => [
      '',
      `bad variant: ${proof.variant}`,
      proof.noticed.map(({ verdict }) => verdict).join(', '),
      '',
      'fail',
      proven(proof),
    ]),
  ]);
}

/** For a terminal. */
export function table(results: readonly Result[]): string {
  const all = [[...HEADS], ...rows(results)];
  const widths = HEADS.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** For a page. */
export function markdown(results: readonly Result[]): string {
  return [line(HEADS), line(HEADS.map(() => '---')), ...rows(results).map(line)].join('\n');
}
